"""Text from registries and committers cannot act, wherever it is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from imagebot.plan.inert import code, plain

HOSTILE = [
    "@acme/everyone",
    "closes #1",
    "fixes acme/env#12",
    "![x](https://evil.example/beacon.png)",
    "[click](javascript:alert(1))",
    "<img src=x onerror=alert(1)>",
    "<!-- imagebot:v1 e30= -->",
    "-->",
    "`` ` ``",
    "a|b|c",
    "a\nb\r\nc",
    "\u202egpj.exe",
    "\u2066hidden\u2069",
    "zero\u200bwidth",
    "\x1b[31mred",
    "https://evil.example",
    "`",
    "``",
    "` @team `",
    "",
    " ",
    "\x00",
    "\\`@x",
    "&#64;acme",
]


def _kinds(markdown: str) -> set[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    return {child.type for token in tokens for child in [token, *(token.children or [])]}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_code_span_is_all_that_hostile_text_becomes(text: str) -> None:
    kinds = _kinds(f"before {code(text)} after")

    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "code_inline"}
    assert "code_inline" in kinds


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_cannot_leave_its_cell(text: str) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(f"| a | b |\n|---|---|\n| {code(text)} | end |\n")

    assert sum(token.type == "td_open" for token in tokens) == 2


@given(st.text())
def test_plain_text_is_one_line_that_moves_no_cursor(text: str) -> None:
    assert plain(text).isprintable() or not plain(text)
    assert len(plain(text)) <= 300


@given(st.from_regex(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", fullmatch=True))
def test_a_tag_is_shown_as_it_is(tag: str) -> None:
    assert code(tag) == f"`{tag}`"
