"""The machine block survives people, and nonsense in it is no block."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.pulls.block import Block, Proposed, read, stamped, write

BLOCK = Block("podinfo", "staging", (Proposed("podinfo", "ghcr.io/a/b", "1.2.3", None),), "cafe")
BLOCKS = st.builds(
    Block,
    st.text(),
    st.text(),
    st.lists(st.builds(Proposed, st.text(), st.text(), st.text(), st.none() | st.text())).map(tuple),
    st.text(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.text(),
)


@given(BLOCKS, st.text())
def test_what_is_written_is_read(block: Block, words: str) -> None:
    assert read(f"{words}\n\n{write(block)}\n") == block


@given(BLOCKS)
def test_a_block_cannot_end_its_comment_early(block: Block) -> None:
    assert write(block).count("--") == 2


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{", id="no JSON"),
        pytest.param(b'{"app": "a"}', id="keys missing"),
        pytest.param(b'{"app":"a","environment":"b","proposed":[1],"fingerprint":"f","closedByBot":false}', id="shape"),
        pytest.param(b"[" * 20_000, id="deep"),
        pytest.param(b"\xff\xfe", id="no text"),
    ],
)
def test_nonsense_is_no_block(payload: bytes) -> None:
    assert read(f"<!-- imagebot:v1 {base64.urlsafe_b64encode(payload).decode()} -->") is None


def test_a_body_without_a_block_has_none() -> None:
    assert read("a person wrote this") is None
    assert stamped("a person wrote this", closed_by_bot=True) == "a person wrote this"


def test_closing_leaves_everything_but_the_mark() -> None:
    body = f"words of a person\n\n{write(BLOCK)}\n"

    closed = stamped(body, closed_by_bot=True)

    found = read(closed)
    assert found is not None
    assert found.closed_by_bot
    assert found.proposed == BLOCK.proposed
    assert closed.startswith("words of a person\n\n<!--")
    assert stamped(closed, closed_by_bot=True) == closed


def test_what_people_quote_above_is_not_taken_for_the_pull_requests_own() -> None:
    """Copied from another pull request, with all that is hidden in it."""
    quoted = write(replace(BLOCK, name="other", fingerprint="beef"))
    body = f"As in\n> {quoted}\n\n{write(BLOCK)}\n"

    assert read(body) == BLOCK
