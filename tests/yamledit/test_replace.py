"""New values in the person's own quotes, or a reason why not; never a byte beside them."""

from __future__ import annotations

import io

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from imagebot.errors import CannotEdit
from imagebot.yamledit.parse import parse
from imagebot.yamledit.replace import Patch, replace, whole, why_fixed
from imagebot.yamledit.tree import Document, Scalar
from tests.yamledit.test_parse import documents, scalars, value_of

TAGS = st.from_regex(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,12}", fullmatch=True)
ODD = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=12)
LINES = ["a: v1", "- x", "b: 'q'", 'c: "d"', "é: 日", "k: &a v", "l: *a", "m: [1, {n: o}]", "# c", "---", "...", ""]
LINES += ["p: >", "  t", "? q", ": r", "<<: *a", "!!str s: t", "'it''s': u", 'w: "\\n"', "x:  y  # z", "{a: b,c: d}"]
LINES += ["-   - 1", "\t", "\ufeff"]
SNIPPETS = st.sampled_from(LINES)
FILES = st.lists(SNIPPETS, max_size=12).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join(lines).encode())
)


@pytest.mark.parametrize(
    ("before", "new", "after"),
    [
        pytest.param("a: v1", "v2", "a: v2", id="plain"),
        pytest.param("a: 'v1'", "it's", "a: 'it''s'", id="single"),
        pytest.param('a: "v1" ', "v2", 'a: "v2" ', id="double"),
        pytest.param("a: 'v1'", "1.30", "a: '1.30'", id="quoted already"),
        pytest.param("a: v1", "1.30", 'a: "1.30"', id="a float"),
        pytest.param("a: 1.29", "1.30", 'a: "1.30"', id="from float to float"),
        pytest.param("a: 40", "41", "a: 41", id="from number to number"),
        pytest.param("a: v1", "no", 'a: "no"', id="a word"),
        pytest.param("a: v1", "2026-01-01", 'a: "2026-01-01"', id="a date"),
        pytest.param("a: v1", "x: y", 'a: "x: y"', id="colon"),
        pytest.param("a: v1", "x #y", 'a: "x #y"', id="comment"),
        pytest.param("a: v1", "-x", 'a: "-x"', id="dash"),
        pytest.param("a: v1", 'a"b', "a: 'a\"b'", id="quote"),
        pytest.param("{a: v1}", "x,y", '{a: "x,y"}', id="comma in a flow map"),
        pytest.param("{a: v1}", "r.io/x:2", "{a: r.io/x:2}", id="colon in a flow map"),
        pytest.param("a: &x v1\nb: *x", "v2", "a: &x v2\nb: *x", id="anchor"),
        pytest.param("a: !!str v1", "1", 'a: !!str "1"', id="tag"),
        pytest.param("a: v1", "", 'a: ""', id="nothing"),
    ],
)
def test_only_the_value_changes(before: str, new: str, after: str) -> None:
    scalar = value_of(before.encode(), "a")
    assert replace("f.yaml", before.encode(), [whole(scalar, new)]).decode() == after


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param("a: |\n  v\r  1\n", "block of lines", id="carriage return in a block"),
        pytest.param("a: |\n  v\u2028  1\n", "block of lines", id="line separator in a block"),
        pytest.param("a: v1\n  v2\n", "several lines", id="two lines"),
        pytest.param('a: "v\\x31"', "escapes", id="escapes"),
        pytest.param("a: !vault v1", "tag !vault", id="tag"),
        pytest.param("a: &x\n  v1", "several lines", id="anchor on its own line"),
        pytest.param("a:\nb: c", "cannot be told", id="nothing"),
    ],
)
def test_what_cannot_be_mapped_says_why(data: str, why: str) -> None:
    scalar = value_of(data.encode(), "a")
    assert why in str(why_fixed(data.encode(), scalar))
    with pytest.raises(CannotEdit, match=r"^f.yaml:1:[34]: ") as caught:
        replace("f.yaml", data.encode(), [whole(scalar, "v9")])
    assert why in caught.value.problem.message


@pytest.mark.parametrize("value", ["two\nlines", "é", "\x07"])
def test_a_value_that_would_need_escapes_is_refused(value: str) -> None:
    scalar = value_of(b"a: v1", "a")
    with pytest.raises(CannotEdit, match="needs escapes"):
        replace("f.yaml", b"a: v1", [whole(scalar, value)])


@pytest.mark.parametrize("value", ['a"b', "a\\b"])
def test_double_quotes_do_not_become_single_ones_for_an_escape(value: str) -> None:
    scalar = value_of(b'a: "v1"', "a")
    with pytest.raises(CannotEdit, match="needs escapes"):
        replace("f.yaml", b'a: "v1"', [whole(scalar, value)])


@pytest.mark.parametrize("value", [" v2", "v2 ", ""])
def test_a_block_does_not_move_to_the_right(value: str) -> None:
    scalar = value_of(b"a: |\n  v1\n", "a")
    with pytest.raises(CannotEdit, match="how the block stands in"):
        replace("f.yaml", b"a: |\n  v1\n", [(scalar, Patch(0, 2, value))])


def test_three_dots_at_the_margin_do_not_end_the_document() -> None:
    [scalar] = scalars(next(item for item in parse(b"v1\n") if isinstance(item, Document)).root)
    assert replace("f.yaml", b"v1\n", [whole(scalar, "...")]) == b'"..."\n'


def test_a_gap_does_not_make_a_comment() -> None:
    before = b"a: v1 *x# both"
    scalar = value_of(before, "a")
    assert replace("f.yaml", before, [(scalar, Patch(3, 5, ""))]) == b'a: "v1 # both"'


@pytest.mark.parametrize(
    ("data", "scalar"),
    [
        pytest.param(b"a: v1x", Scalar("v1", "", 3, 5, 1, 4), id="a part of a value"),
        pytest.param(b"a: b # v1", Scalar("v1", "", 7, 9, 1, 8), id="a comment"),
        pytest.param(b"a: |\n  v1\n", Scalar("v1", "", 7, 9, 2, 3), id="a line of a block"),
        pytest.param(b"a: 'v1 x'", Scalar("v1", "", 4, 6, 1, 5), id="a word of a text"),
        pytest.param(b"v1: a", Scalar("v1: a", "", 0, 5, 1, 1), id="a key with its value"),
        pytest.param(b"a: v1\nb: [\n", Scalar("v1", "", 3, 5, 1, 4), id="in a file that cannot be read"),
    ],
)
def test_regret_an_edit_that_went_to_the_wrong_place_is_not_written(data: bytes, scalar: Scalar) -> None:
    """What only the proof sees: the bytes are there, and a finder's mistake makes a value of them."""
    assert why_fixed(data, scalar) is None
    with pytest.raises(CannotEdit, match=r"^f.yaml:[0-9]+:1: the edit is not proved, nothing was written"):
        replace("f.yaml", data, [whole(scalar, "v2")])


def test_regret_an_edit_of_a_text_within_a_text_that_went_wrong_is_not_written() -> None:
    data = b"helm:\n  values: |\n    a: v1x\n"
    outer = next(one for one in scalars(documents(data)[0].root) if one.style == "|")
    inner = Scalar("v1", "", 3, 5, 3, 8, within=outer)
    with pytest.raises(CannotEdit, match="the edit is not proved"):
        replace("f.yaml", data, [whole(inner, "v2")])


def test_the_same_value_writes_nothing() -> None:
    data = b"a: '1.0'"
    assert replace("f.yaml", data, [whole(value_of(data, "a"), "1.0")]) is data


@given(FILES, TAGS | ODD, st.integers(min_value=0))
@settings(max_examples=300)
def test_any_scalar_of_any_file_is_edited_alone_or_refused(data: bytes, new: str, pick: int) -> None:
    documents = [item for item in parse(data) if isinstance(item, Document)]
    every = [scalar for document in documents for scalar in scalars(document.root)]
    if not every or not all(isinstance(item, Document) for item in parse(data)):
        return
    scalar = every[pick % len(every)]
    try:
        after = replace("f.yaml", data, [whole(scalar, new)])
    except CannotEdit:
        return
    assert after[: scalar.start] == data[: scalar.start]
    assert after[len(after) - len(data) + scalar.end :] == data[scalar.end :]
    again = [item for document in parse(after) if isinstance(document, Document) for item in scalars(document.root)]
    assert [item.value for item in again] == [new if item is scalar else item.value for item in every]


@given(TAGS)
def test_a_second_opinion_reads_text(tag: str) -> None:
    """PyYAML under 1.1 and ruamel.yaml under 1.2 both read the new tag as the string it is."""
    data = b"image: # c\n  tag: v1\n"
    scalar = scalars(next(item for item in parse(data) if isinstance(item, Document)).root)[-1]
    after = replace("f.yaml", data, [whole(scalar, tag)])
    assert yaml.safe_load(after) == {"image": {"tag": tag}}
    assert YAML().load(io.BytesIO(after)) == {"image": {"tag": tag}}
