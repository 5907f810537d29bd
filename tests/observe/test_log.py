"""The log is one line an event, for machines or for people."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import fields, is_dataclass

import pytest

from imagebot.observe import events, figures, signatures
from imagebot.observe.events import BranchPushed, Event, PassFailed, TagsListed
from imagebot.observe.log import log_sink

PUSHED = BranchPushed("environments", "imagebot/staging/podinfo", "cafe")
_IRREGULAR = {"kept", "met", "remade", "said", "slept"}
KINDS = [
    kind
    for kind in (vars(events) | vars(figures) | vars(signatures)).values()
    if is_dataclass(kind) and kind is not Event
]


def test_json_says_when_and_what_first() -> None:
    stream = io.StringIO()

    log_sink("json", "info", stream)(PUSHED)

    said = json.loads(stream.getvalue())
    assert list(said) == ["timestamp", "level", "event", "repository", "branch", "commit"]
    assert (said["level"], said["event"], said["commit"]) == ("info", "branch.pushed", "cafe")


def test_text_is_for_people() -> None:
    stream = io.StringIO()

    log_sink("text", "info", stream)(PUSHED)

    assert "branch.pushed" in stream.getvalue()
    assert "branch=imagebot/staging/podinfo" in stream.getvalue()


def test_what_goes_to_a_file_is_json_unless_told_otherwise() -> None:
    stream = io.StringIO()

    log_sink("auto", "info", stream)(PUSHED)

    assert json.loads(stream.getvalue())["event"] == "branch.pushed"


def test_a_level_keeps_what_is_below_it_out() -> None:
    stream = io.StringIO()
    tell = log_sink("json", "warning", stream)

    tell(TagsListed("ghcr.io/a/b", 1, 0, True))
    tell(PUSHED)
    tell(PassFailed("no"))

    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["pass.failed"]


def test_a_line_stays_a_line() -> None:
    stream = io.StringIO()

    log_sink("json", "info", stream)(PassFailed("a\nb\x1b[31m\u2028c"))

    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_events_are_named_noun_and_verb(kind: type[Event]) -> None:
    noun, verb = kind.name.split(".")

    assert noun.replace("_", "").isalpha()
    assert verb.endswith("ed") or verb in _IRREGULAR
    assert "event" not in {field.name for field in fields(kind)}


SCRIPT = """
import logging, sys, threading, warnings
from imagebot.observe.log import FromLibraries, log_sink

FromLibraries.listen(log_sink("json", "info"))
logging.getLogger("urllib3.connectionpool").warning("Connection pool is full, discarding connection: %s", "ghcr.io")
logging.getLogger("git.cmd").info("of no interest")
logging.getLogger("odd").warning("one %s too few")
logging.getLogger("odd").error("%d", "no number")
warnings.warn("old-fashioned", DeprecationWarning, stacklevel=1)
"""


def test_what_libraries_say_are_events_like_all_others() -> None:
    words = [sys.executable, "-W", "always", "-c", SCRIPT]
    done = subprocess.run(words, capture_output=True, text=True, check=True)

    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["event"], line["logger"]) for line in said] == [
        ("library.said", "urllib3.connectionpool"),
        ("library.said", "odd"),
        ("library.said", "odd"),
        ("library.said", "py.warnings"),
    ]
    assert said[0]["message"] == "Connection pool is full, discarding connection: ghcr.io"
    assert "old-fashioned" in said[-1]["message"]
