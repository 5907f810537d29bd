"""How tables look: on a terminal of any width, without colours for who wants none, and in a pipe."""

from __future__ import annotations

import os
import pty

import pytest

from tests.support.forked import start, verb
from tests.support.stage import Stage


def on_a_terminal(stage: Stage, *words: str, **environment: str) -> str:
    """What a verb prints on a terminal of 80 columns; standard error is that terminal too."""
    ours, theirs = pty.openpty()
    variables = {**os.environ, "COLUMNS": "80", "TERM": "xterm", **environment}
    process = start(verb, (stage.folder, words, variables), theirs, theirs)
    os.close(theirs)
    said = b"".join(iter(lambda: _read(ours), b""))
    process.join()
    process.close()
    os.close(ours)
    return said.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 10_000)
    except OSError:  # nobody writes any more
        return b""


@pytest.mark.parametrize("word", ["status", "plan", "once"])
def test_on_a_narrow_terminal_no_image_is_in_pieces(stage: Stage, word: str) -> None:
    said = on_a_terminal(stage, word)

    assert f"podinfo@staging  {stage.registry.host}/acme/podinfo  6.5.3 → 6.5.4  " in said
    assert "\n    6.5.4 is the newest of 2 tags in ^6.5" in said


def test_who_wants_no_colour_gets_none_in_the_log_either(stage: Stage) -> None:
    stage.settings(log="{level: info, format: auto}")
    assert "\x1b[3" in on_a_terminal(stage, "once")

    said = on_a_terminal(stage, "once", NO_COLOR="1")

    assert "pass.started" in said
    assert "\x1b[3" not in said


@pytest.mark.parametrize("words", [["status"], ["plan"], ["history"], ["pr", "list"]])
def test_a_row_in_a_pipe_does_not_end_in_spaces(stage: Stage, words: list[str]) -> None:
    stage.imagebot("once")

    lines = stage.imagebot(*words).out.splitlines()

    assert len(lines) > 1
    assert [line for line in lines if line.endswith(" ") and not line.startswith((" ", "+", "-", "@"))] == []
