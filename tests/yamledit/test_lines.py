"""Where the lines of a block scalar stand in the bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.errors import CannotEdit
from imagebot.yamledit.lines import indentation, line_numbers, lines
from imagebot.yamledit.parse import parse
from imagebot.yamledit.replace import Patch, replace
from imagebot.yamledit.tree import Document, Mapping, Scalar
from tests.yamledit.test_parse import scalars, value_of

TEXT = st.lists(st.sampled_from(["x", "é y", "  z", "", " ", "\tt", "# c", "- a: 1", "x "]), min_size=1, max_size=6)
HEADERS = st.sampled_from(["|", "|-", "|+", ">", ">-", ">+", "| # c", "&a |", "!!str |"])


@given(HEADERS, TEXT, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "b: c", "# d", "..."]))
def test_every_line_is_found_where_it_stands(header: str, text: list[str], end: str, after: str) -> None:
    data = end.join([f"é: {header}", *(f"   {line}" for line in ["first", *text]), after]).encode()
    documents = [item for item in parse(data) if isinstance(item, Document)]
    root = documents[0].root if documents else None
    if not isinstance(root, Mapping) or not isinstance(root.pairs[0][1], Scalar):
        return
    scalar = root.pairs[0][1]
    found = lines(data, scalar)
    assert found is not None
    assert indentation(data, scalar) == 3
    for line in found:
        assert data.startswith(line.text.encode(), line.start)
        assert scalar.value.startswith(line.text, line.at)


@given(HEADERS, TEXT, st.integers(min_value=0), st.sampled_from(["v2", "v2.10-x@y", ""]))
def test_a_part_of_any_block_is_edited_alone_or_refused(header: str, text: list[str], pick: int, new: str) -> None:
    data = "\n".join([f"a: {header}", *(f"   {line}" for line in ["é v1 b", *text, "v1"]), "b: v1"]).encode()
    scalar = value_of(data, "a")
    places = [at for at in range(len(scalar.value)) if scalar.value.startswith("v1", at)]
    at = places[pick % len(places)]
    try:
        after = replace("f.yaml", data, [(scalar, Patch(at, at + 2, new))])
    except CannotEdit:
        assert not new
        return
    assert len(after) == len(data) - 2 + len(new)
    again = [item for document in parse(after) if isinstance(document, Document) for item in scalars(document.root)]
    assert scalar.value[:at] + new + scalar.value[at + 2 :] in [item.value for item in again]


def test_several_parts_of_one_value() -> None:
    data = b"a: |\n  v1\n  v1 v1\n"
    scalar = value_of(data, "a")
    patches = [(scalar, Patch(at, at + 2, new)) for at, new in ((6, "two"), (0, "one"), (3, "x"))]
    assert replace("f.yaml", data, patches) == b"a: |\n  one\n  x two\n"


def test_parts_that_overlap_are_refused() -> None:
    data = b"a: v1.2"
    scalar = value_of(data, "a")
    with pytest.raises(CannotEdit, match="overlap"):
        replace("f.yaml", data, [(scalar, Patch(0, 3, "x")), (scalar, Patch(2, 4, "y"))])


def test_an_insertion_takes_the_character_before_it_along() -> None:
    data = b"a: |\n  nginx\n"
    scalar = value_of(data, "a")
    assert replace("f.yaml", data, [(scalar, Patch(5, 5, ":1"))]) == b"a: |\n  nginx:1\n"


def test_a_part_over_two_lines_is_refused() -> None:
    data = b"a: |\n  v1\n  v2\n"
    scalar = value_of(data, "a")
    with pytest.raises(CannotEdit, match="not on one line"):
        replace("f.yaml", data, [(scalar, Patch(1, 4, "x"))])


def test_a_part_of_a_plain_value_stays_plain_where_it_is_text() -> None:
    data = b"a: [--tag=1.25, y]"
    scalar = scalars(next(item for item in parse(data) if isinstance(item, Document)).root)[1]
    assert replace("f.yaml", data, [(scalar, Patch(6, 10, "1.30"))]) == b"a: [--tag=1.30, y]"


def test_a_part_that_makes_a_number_of_a_plain_value_is_quoted() -> None:
    data = b"a: 1.x"
    assert replace("f.yaml", data, [(value_of(data, "a"), Patch(2, 3, "30"))]) == b'a: "1.30"'


def test_the_line_of_each_character() -> None:
    data = b"x: y\na: >-\n\n  one\n  two\n\n  three\n"
    scalar = value_of(data, "a")
    line_at = line_numbers(data, scalar)
    assert [line_at(scalar.value.index(word)) for word in ("one", "two", "three")] == [4, 5, 7]
