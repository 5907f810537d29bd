"""What is cut at document marks reads as the whole does."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imagebot.yamledit.events import begin
from imagebot.yamledit.pieces import pieces
from tests.support.shared import corpus

LINES = st.sampled_from(
    [
        *("a: 1", "b: [1,", "2]", "- x", "  - y", "? k", ": v", '"quoted', 'end"', "'single", "it''s'", "text: |"),
        *("  block", "text: >-", "|1", " one", "--- # comment", "--- text", "--- |", "--- >", "--- [1,", "---\ttab"),
        *("----", "--", "---x", "---", "---", "---", "...", "... # end", "...x", "%YAML 1.1", "%TAG ! tag:x,2000:"),
        *("%TAG !e! tag:e,2000:", "%other", " %in", "!e!x y", "!x y", "&a b", "*a", "# comment", "", " ", "\t"),
        *("{a: 1", "}", "- |", "  ---", "key: &a", "<<: *a", "? |", "  ...", "\ufeff", "\ufeff---", "- - -"),
        *("é: ü", "#", "- {", "x: 'a", "!", "&a", "a:", "? "),
    ]
)
BREAKS = st.sampled_from(["\n", "\n", "\n", "\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"])
STREAMS = st.lists(st.tuples(LINES, BREAKS), max_size=12).map(lambda lines: "".join(a + b for a, b in lines))

Events = list[tuple[object, ...]]


def events(text: str, line: int = 0) -> Events | None:
    """What libyaml reads, without what begins and ends a stream; None where it is no YAML."""
    try:
        found = [
            (type(event).__name__, begin(event).line + line, *said(event))
            for event in yaml.parse(text, Loader=yaml.CSafeLoader)
        ]
    except (yaml.YAMLError, UnicodeDecodeError):
        return None
    return found[1:-1]


def said(event: object) -> tuple[object, ...]:
    names = ("anchor", "tag", "value", "style", "implicit", "explicit", "version", "tags", "flow_style")
    return tuple(repr(getattr(event, name, None)) for name in names)


def in_pieces(data: bytes) -> Events | None:
    found: Events = []
    for piece in pieces(data):
        some = events(data[piece.start : piece.end].decode(), piece.line)
        if some is None:
            return None
        starts = sum(1 for event in some if event[0] == "DocumentStartEvent")
        assert piece.documents in (None, starts)
        found += some
    return found


@settings(max_examples=1_500)
@given(STREAMS)
@example("[1,\n---\n2]")
@example("%TAG ! tag:a,2000:\n---\n!x a\n---\n!x b\n")
@example("# comment\n---\na\n...\n---\nb\n")
@example("a\r---\rb\n---\nc")
@example("a\x85---\x85b\n---\nc")
@example("\ufeff---\na\n---\nb")
@example("---\n%YAML 1.1\n---\na")
@example("---")
@example("---\r---\r--- b")
@example("--- |\n  a\n--- >\n  b\n")
def test_the_events_of_the_pieces_are_those_of_the_whole_or_both_are_errors(text: str) -> None:
    assert in_pieces(text.encode()) == events(text)


@given(st.lists(st.tuples(LINES, BREAKS), max_size=12))
def test_the_pieces_are_all_the_bytes(lines: list[tuple[str, str]]) -> None:
    data = "".join(a + b for a, b in lines).encode()
    assert b"".join(data[piece.start : piece.end] for piece in pieces(data)) == data


def test_real_files_read_in_pieces_as_they_do_whole() -> None:
    for path in corpus():
        data = path.read_bytes()
        assert in_pieces(data) == events(data.decode())


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("a: 1\n---\nb: 2\n", [None, 1]),
        ("---\na: 1\n---\nb: 2\n", [1, 1]),
        ("---", [1]),
        ("---a\n---\nb\n", [None, 1]),
        ("# first\n\n---\na: 1\n---\nb: 2\n", [0, 1, 1]),
        ("---\na\n...\n---\nb\n", [None, 1]),
        ("# x\n---\na\n...\nb\n---\nc\n", [0, None, 1]),
        ("%YAML 1.1\n---\na\n---\nb\n", [None, 1]),
        ("a: |\n  ---\n  b\n", [None]),
        ("", [0]),
    ],
)
def test_documents_are_counted_without_parsing(text: str, documents: list[int | None]) -> None:
    assert [piece.documents for piece in pieces(text.encode())] == documents
