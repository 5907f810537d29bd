"""What is beyond the limits is refused by counting, before it costs anything, and says which limit and what to do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from imagebot.fields.find import find
from imagebot.yamledit.events import Text, Unreadable, pull
from imagebot.yamledit.limits import MAX_ALIASES, MAX_BYTES, MAX_DEPTH, MAX_EVENTS, MAX_FILE_EVENTS, MAX_HANDLES
from tests.support.effort import calls

# Beside them: two events of the document, two of the list, and the end of the file.
ITEMS = MAX_EVENTS - 5
TAGS = b"%TAG !a! tag:a.test:\n%TAG !b! tag:b.test:\n--- a\n...\n"
IN_BLOCK = b"".join(b"  - helm:\n      values: |\n        [%s]\n" % (b"1," * 90_000) for _ in range(7))


def test_regret_yaml_just_under_the_old_limit_does_not_take_seconds() -> None:
    huge, allowed = (b"[" + b"1," * count + b"]" for count in (1_900_000, ITEMS))
    most = calls(lambda: find("f.yaml", allowed))
    assert calls(lambda: find("f.yaml", huge)) < 1.1 * most


def read(data: bytes) -> Iterator[str]:
    try:
        for _ in pull(Text(data).text):
            pass
    except Unreadable as error:
        yield error.why.message


@pytest.mark.parametrize(
    ("allowed", "beyond", "said"),
    [
        pytest.param(
            b"[" + b"1," * ITEMS + b"]",
            b"[" + b"1," * (ITEMS + 1) + b"]",
            "more than 100000 keys and values in one document: split it into several",
            id="events of a document",
        ),
        pytest.param(
            b"---\n[1]\n" * (MAX_FILE_EVENTS // 5 - 1),
            b"---\n[1]\n" * (MAX_FILE_EVENTS // 5 + 1),
            "more than 600000 keys and values in one file: split it into several",
            id="events of a file",
        ),
        pytest.param(
            b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,
            b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
            "nested deeper than 64 levels: move what is inside to a file of its own",
            id="depth",
        ),
        pytest.param(
            b"#" * MAX_BYTES,
            b"#" * (MAX_BYTES + 1),
            "the file has 8388609 bytes; at most 8388608 are read: split it",
            id="bytes",
        ),
        pytest.param(
            TAGS * (MAX_HANDLES // 2),
            TAGS * (MAX_HANDLES // 2 + 1),
            "the file has more than 100 %TAG directives",
            id="handles of tags",
        ),
    ],
)
def test_a_file_is_read_up_to_the_limit_and_refused_beyond_it(allowed: bytes, beyond: bytes, said: str) -> None:
    assert list(read(allowed)) == []
    assert list(read(beyond)) == [said]


def test_aliases_that_are_passed_over_do_not_count() -> None:
    merges = b"".join(b"s%d: {<<: *x, image: nginx:1}\n" % n for n in range(200))
    passed = b"x: &x {restart: always}\n" + merges + b"l: [" + b"*x," * 200 + b"]\n"
    assert len(find("f.yaml", passed).fields) == 200


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(b"s%d: {image: *i}\n", id="for a value"),
        pytest.param(b"s%d: {<<: *m}\n", id="merged"),
        pytest.param(b"s%d: {<<: [*m]}\n", id="merged by a list"),
    ],
)
def test_more_aliases_that_lead_to_images_than_are_followed_are_refused(one: bytes) -> None:
    head = b"i: &i nginx:1\nm: &m {image: nginx:1}\n"
    lines = [one % n for n in range(MAX_ALIASES + 1)]
    assert find("f.yaml", head + b"".join(lines[:-1])).unreadable is None
    why = find("f.yaml", head + b"".join(lines)).unreadable
    assert why is not None
    assert why.message == "more than 64 aliases lead to images in one document: write some of them out"
    assert why.line == 2 + MAX_ALIASES + 1


def test_yaml_in_texts_counts_for_its_file() -> None:
    found = find("f.yaml", b"- helm:\n    values: |\n      [1]\n      image: x:1\n")
    assert found.unreadable is None
    why = find("f.yaml", b"a:\n" + IN_BLOCK).unreadable
    assert why is not None
    assert (why.message, why.line) == ("more than 600000 keys and values in one file: split it into several", 22)
