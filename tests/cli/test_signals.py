"""A signal to a verb: one line, nothing half done, and the exit code that shells expect; as process 1 too."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.test_run import silent
from tests.support.forked import Started, started_verb
from tests.support.stage import Stage

LONG = 60.0
ALONE = ["unshare", "--pid", "--fork", "--kill-child"]
CAN_BE_ALONE = shutil.which("unshare") is not None and subprocess.run([*ALONE, "true"], check=False).returncode == 0


# A signal that arrives while the library that is named first is imported.
EARLY = """
import os, runpy, sys
library, number = sys.argv.pop(1), int(sys.argv.pop(1))
def hook(event, args):
    if event == "import" and args[0] == library and library not in sys.modules:
        os.kill(os.getpid(), number)
sys.addaudithook(hook)
runpy.run_module("imagebot", run_name="__main__")
"""
LIBRARIES = ["click", "imagebot.errors", "imagebot.cli.outlet", "pydantic", "apscheduler.events"]


def early(stage: Stage, library: str, number: int, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", EARLY, library, str(int(number)), *words],
        cwd=stage.folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_hangup_while_it_starts_does_not_end_the_bot(stage: Stage, library: str) -> None:
    """`kubectl exec … kill -HUP 1` right after a restart, or a reload that systemd asks for too soon."""
    done = early(stage, library, signal.SIGHUP, "run", "--config", "nope.yaml")

    assert (done.returncode, done.stdout) == (2, "")
    assert "nope.yaml" in done.stderr


@pytest.mark.parametrize("library", LIBRARIES[:3])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_ends_a_verb_while_it_starts_is_said(stage: Stage, library: str, number: signal.Signals) -> None:
    done = early(stage, library, number, "status")

    assert (done.returncode, done.stdout) == (128 + number, "")
    assert done.stderr == f"imagebot: ended by {number.name}\n"


@contextmanager
def waiting(stage: Stage, *words: str) -> Iterator[Started]:
    """A verb that waits for a registry that never answers."""
    served, asked, over = silent(stage)
    with served, started_verb(stage.folder, words) as process:
        assert asked.wait(LONG)
        yield process
        over.set()


@contextmanager
def waiting_alone(stage: Stage, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The same as process 1."""
    served, asked, over = silent(stage)
    command = [*ALONE, sys.executable, "-m", "imagebot", *words]
    with served, subprocess.Popen(command, cwd=stage.folder, stderr=subprocess.PIPE, text=True) as process:
        assert asked.wait(LONG)
        yield process
        over.set()
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_pass_ends_between_two_steps(stage: Stage, number: signal.Signals) -> None:
    with waiting(stage, "once") as process:
        process.send_signal(number)

        assert process.wait() == 128 + number
        out, err = process.communicate()
    assert (out, err) == ("", "imagebot: stopped between two steps; the next pass goes on\n")
    assert list(stage.heads()) == ["main"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("verb", ["plan", "status"])
def test_what_writes_nothing_ends_at_once(stage: Stage, verb: str, number: signal.Signals) -> None:
    with waiting(stage, verb) as process:
        process.send_signal(number)

        assert process.wait() == 128 + number
        out, err = process.communicate()
    assert (out, err) == ("", f"imagebot: ended by {number.name}\n")


@pytest.mark.skipif(not CAN_BE_ALONE, reason="no process may be the first of a namespace here")
@pytest.mark.parametrize("verb", ["once", "plan"])
def test_process_1_heeds_a_signal_too(stage: Stage, verb: str) -> None:
    """For it the kernel has no default: what is not handled does nothing."""
    with waiting_alone(stage, verb) as process:
        (child,) = subprocess.run(
            ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        subprocess.run(["kill", "-TERM", child], check=True)

        _, err = process.communicate(timeout=LONG)

    assert process.returncode == 128 + signal.SIGTERM
    assert err.startswith("imagebot: ")
