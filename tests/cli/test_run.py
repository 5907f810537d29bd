"""`imagebot run`: a pass at once, then on and on, until a signal."""

from __future__ import annotations

import json
import shutil
import signal
import threading
from contextlib import AbstractContextManager
from typing import TextIO

import pytest

from imagebot.errors import BadInput
from imagebot.store.lock import only_bot
from tests.cycle.conftest import POLICY
from tests.support.forked import Started, started_verb
from tests.support.stage import Stage
from tests.support.web_function import Answer, Asked, Served

LOG = "{level: info, format: json}"


def running(stage: Stage) -> AbstractContextManager[Started]:
    """The bot, killed at the end of the test if it still runs."""
    return started_verb(stage.folder, ["run", "--config", str(stage.config)])


def read_until(log: TextIO, event: str) -> dict[str, object]:
    """The next log line of this event."""
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

        assert process.wait() == 0
        assert finished["exit_code"] == 0
    assert len(stage.pulls()) == 1


def test_a_signal_does_not_wait_for_a_registry_that_never_answers(stage: Stage) -> None:
    served, asked, over = silent(stage)
    with served, running(stage) as process:
        assert asked.wait(60)

        process.send_signal(signal.SIGTERM)

        assert process.wait() == 0
        over.set()
    assert list(stage.heads()) == ["main"]


def silent(stage: Stage) -> tuple[Served, threading.Event, threading.Event]:
    """A registry of the only app that never answers: it tells when it was asked, and when it may go."""
    asked, over = threading.Event(), threading.Event()

    def silence(_: Asked) -> Answer:
        asked.set()
        over.wait()
        return Answer(500)

    served = Served(silence)
    stage.policy(POLICY.replace("IMAGE", f"{served.host}/acme/podinfo"))
    stage.config.write_text(stage.config.read_text().replace(stage.registry.host, served.host))
    return served, asked, over


def test_a_second_signal_ends_it_at_once(stage: Stage) -> None:
    served, asked, over = silent(stage)
    with served, running(stage) as process:
        assert asked.wait(60)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)

        assert process.wait() in (0, 130, 143)  # the first one may have done, and either may come first
        over.set()


def test_a_hangup_has_a_pass_begin_now(stage: Stage) -> None:
    stage.settings("every: 1h\n", log=LOG)
    with running(stage) as process:
        read_until(process.stderr, "pass.finished")
        stage.publish("6.6.0")

        process.send_signal(signal.SIGHUP)

        read_until(process.stderr, "reload.asked")
        assert read_until(process.stderr, "pull_request.settled")["action"] == "updated"


def test_a_new_pace_in_the_settings_is_heeded(stage: Stage) -> None:
    stage.settings("every: 1h\n", log=LOG)
    with running(stage) as process:
        read_until(process.stderr, "pass.finished")
        stage.config.write_text(stage.config.read_text().replace("every: 1h", "every: 10s"))
        process.send_signal(signal.SIGHUP)

        assert read_until(process.stderr, "schedule.changed")["every"] == 10.0

        for _ in range(2):  # the one that read it, and another that nobody asked for
            read_until(process.stderr, "pass.finished")


def test_the_lock_moves_along_with_the_state(stage: Stage) -> None:
    stage.settings("every: 1h\n", log=LOG)
    before = stage.folder / "state"
    with running(stage) as process:
        read_until(process.stderr, "pass.finished")
        stage.config.write_text(stage.config.read_text().replace("state: state", "state: elsewhere"))
        process.send_signal(signal.SIGHUP)

        assert read_until(process.stderr, "state.moved")["state"] == str(stage.folder / "elsewhere")
        read_until(process.stderr, "pass.finished")

        with (
            pytest.raises(BadInput, match="another imagebot uses the state folder"),
            only_bot(stage.folder / "elsewhere"),
        ):
            pass
        with only_bot(before):
            pass


def test_a_state_that_another_bot_has_is_refused_and_the_old_one_kept(stage: Stage) -> None:
    stage.settings("every: 1h\n", log=LOG)
    with running(stage) as process, only_bot(stage.folder / "elsewhere"):
        read_until(process.stderr, "pass.finished")
        stage.config.write_text(stage.config.read_text().replace("state: state", "state: elsewhere"))
        process.send_signal(signal.SIGHUP)

        refused = read_until(process.stderr, "configuration.refused")
        assert "another imagebot uses the state folder" in str(refused["because"])
        assert read_until(process.stderr, "pass.finished")["exit_code"] == 0

        with pytest.raises(BadInput), only_bot(stage.folder / "state"):
            pass


def test_a_database_that_is_not_there_is_refused_and_the_old_one_kept(stage: Stage) -> None:
    stage.settings("every: 1h\n", log=LOG)
    with running(stage) as process:
        read_until(process.stderr, "pass.finished")
        stage.config.write_text(stage.config.read_text() + "database: {branch: nowhere}\n")
        process.send_signal(signal.SIGHUP)

        read_until(process.stderr, "configuration.refused")
        assert read_until(process.stderr, "pass.finished")["exit_code"] == 0


def test_a_state_folder_that_was_removed_is_locked_anew(stage: Stage) -> None:
    stage.settings("every: 1h\n", log=LOG)
    with running(stage) as process:
        read_until(process.stderr, "pass.finished")
        shutil.rmtree(stage.folder / "state")
        process.send_signal(signal.SIGHUP)
        assert read_until(process.stderr, "pass.finished")["exit_code"] == 0

        with pytest.raises(BadInput), only_bot(stage.folder / "state"):
            pass


def test_settings_are_read_again_and_the_last_good_ones_kept(stage: Stage) -> None:
    stage.settings("every: 10s\n", log=LOG)
    with running(stage) as process:
        read_until(process.stderr, "pass.finished")
        stage.config.write_text(stage.config.read_text() + "wrong: true\n")
        stage.publish("6.6.0")

        refused = read_until(process.stderr, "configuration.refused")
        settled = read_until(process.stderr, "pull_request.settled")

    assert "unknown key 'wrong'" in str(refused["because"])
    assert settled["action"] == "updated"
