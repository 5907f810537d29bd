"""`imagebot run`: a pass at once, then on and on, until a signal."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest

from imagebot.serve import GRACE
from tests.cycle.conftest import POLICY
from tests.support.stage import Stage
from tests.support.web_function import Answer, Asked, Served

LOG = "{level: info, format: json}"


@contextmanager
def running(stage: Stage) -> Iterator[subprocess.Popen[str]]:
    """The bot, killed at the end of the test if it still runs."""
    words = [sys.executable, "-m", "imagebot", "run", "--config", str(stage.config)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(log: IO[str] | None, event: str) -> dict[str, object]:
    """The next log line of this event."""
    assert log is not None
    for line in log:
        said: dict[str, object] = json.loads(line)
        if said["event"] == event:
            return said
    raise AssertionError(f"the log ended before {event}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_pass_at_once_and_a_clean_end(stage: Stage, number: signal.Signals) -> None:
    stage.settings("every: 1h\n", log=LOG)
    with running(stage) as process:
        finished = read_until(process.stderr, "pass.finished")

        process.send_signal(number)

        assert process.wait(GRACE) == 0
        assert finished["exit_code"] == 0
    assert len(stage.pulls()) == 1


def test_a_signal_does_not_wait_for_a_registry_that_never_answers(stage: Stage) -> None:
    asked, over = threading.Event(), threading.Event()

    def silence(_: Asked) -> Answer:
        asked.set()
        over.wait()
        return Answer(500)

    with Served(silence) as silent:
        stage.policy(POLICY.replace("IMAGE", f"{silent.host}/acme/podinfo"))
        stage.config.write_text(stage.config.read_text().replace(stage.registry.host, silent.host))
        with running(stage) as process:
            assert asked.wait(60)

            process.send_signal(signal.SIGTERM)

            assert process.wait(GRACE + 1) == 0
        over.set()
    assert list(stage.heads()) == ["main"]


def test_settings_are_read_again_and_the_last_good_ones_kept(stage: Stage) -> None:
    stage.settings("every: 10s\n", log=LOG)
    with running(stage) as process:
        read_until(process.stderr, "pass.finished")
        stage.config.write_text(stage.config.read_text() + "wrong: true\n")
        stage.publish("6.6.0")

        refused = read_until(process.stderr, "configuration.refused")
        settled = read_until(process.stderr, "pull_request.settled")

    assert "unknown key 'wrong'" in str(refused["because"])
    assert settled["deed"] == "updated"
