"""All that a process prints goes through one door, and a terminal still has its colours."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from imagebot.cli.outlet import json_text
from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.support.stage import set_up

SECRET = "ghp_0123456789abcdefABCDEF"
HEAD = f"""
import logging, sys, threading, warnings
from imagebot.cli.outlet import through_outlets
from imagebot.secret import Secret
through_outlets()
secret = Secret({SECRET!r}).reveal()
"""
SAYINGS = {
    "print": "print(secret)",
    "error": "print(secret, file=sys.stderr)",
    "stack trace": "raise RuntimeError(f'{secret} was sent')",
    "thread": "thread = threading.Thread(target=lambda: 1 / int(secret)); thread.start(); thread.join()",
    "log of a library": "logging.getLogger('x').warning('sent %s', secret)",
    "warning": "warnings.warn(secret)",
    "click": "import click; click.echo(secret); click.echo(secret, err=True)",
    "rich": "from rich.console import Console; Console(width=200).print(secret)",
    "csv": "import csv; csv.writer(sys.stdout).writerow(['a', secret])",
    "lines": "sys.stderr.writelines([secret, secret])",
}


@pytest.mark.parametrize("say", SAYINGS.values(), ids=SAYINGS.keys())
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_regret_no_way_to_print_goes_around_the_mask(say: str, encoding: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-c", HEAD + say], env=environment, capture_output=True, check=False)
    said = done.stdout + done.stderr
    assert said.strip()
    assert SECRET.encode() not in said
    assert b64encode(SECRET.encode()) not in said


def test_a_letter_that_the_terminal_does_not_have_stops_nothing() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-c", HEAD + "print('1.0 → 2.0 \\udcff')"], env=environment, capture_output=True, check=True
    )
    assert done.stdout == b"1.0 \\u2192 2.0 \\udcff\n"


def test_a_closed_stream_stops_nothing() -> None:
    done = subprocess.run(
        ["sh", "-c", f"'{sys.executable}' -m imagebot --version >&- 2>&-"], capture_output=True, check=False
    )
    assert done.returncode in (0, 1)


def on_a_terminal(say: str) -> bytes:
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", HEAD + say], stdout=theirs, stderr=subprocess.PIPE, check=True)
    os.close(theirs)
    said = os.read(ours, 10_000)
    os.close(ours)
    return said


def test_a_terminal_has_colours_and_is_given_no_other_orders() -> None:
    say = r"print('\x1b[1;32mgreen\x1b[0m \x1b[8mhidden\x1b[0m \x1b]0;title\x07 \x1b[2J')"
    assert on_a_terminal(say) == (b"\x1b[1;32mgreen\x1b[0m \\x1b[8mhidden\x1b[0m \\x1b]0;title\\x07 \\x1b[2J\r\n")


def test_a_pipe_has_no_colours() -> None:
    done = subprocess.run([sys.executable, "-c", HEAD + r"print('\x1b[1;32mgreen')"], capture_output=True, check=True)
    assert done.stdout == b"\\x1b[1;32mgreen\n"


@pytest.mark.parametrize("text", ["a\u202eb", "\x7f\x9b", "\ud800", "\U000e0041", "é 日 🚀", '\x1b\n\t"\\'])
def test_json_is_the_same_for_programs_and_fools_nobody(text: str) -> None:
    written = json_text({"a": [text], text: 1})
    assert json.loads(written) == {"a": [text], text: 1}
    assert all(char.isprintable() or char == "\n" for char in written)


@pytest.mark.parametrize(
    ("streams", "code"),
    [
        pytest.param("2>/dev/full", 1, id="the disk below the log is full"),
        pytest.param("2>&1 >/dev/null | true; exit ${PIPESTATUS[0]}", 0, id="nobody reads the log"),
        pytest.param("2>&-", 0, id="the log is closed"),
        pytest.param(">&-", 0, id="the report is closed"),
        pytest.param("<&- >&- 2>&-", 0, id="all is closed"),
        pytest.param(">/dev/full", 1, id="the disk below the report is full"),
        pytest.param("| true; exit ${PIPESTATUS[0]}", 0, id="nobody reads the report"),
    ],
)
def test_regret_who_does_not_listen_stops_no_pull_request(tmp_path: Path, streams: str, code: int) -> None:
    stage = set_up(tmp_path)
    with stage.registry:
        stage.settings(log="{level: debug}")
        stage.publish("6.5.3", "6.5.4")
        stage.policy(POLICY)
        stage.commit({"staging/app.yaml": DEPLOYMENT})
        done = subprocess.run(
            ["bash", "-c", f"'{sys.executable}' -m imagebot once {streams}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (len(stage.pulls()), done.returncode) == (1, code), done.stderr
    assert "this is a bug" not in done.stderr


@pytest.mark.parametrize("lines", [1, 5_000])
def test_a_disk_that_is_full_is_no_bug_however_much_there_is_to_say(tmp_path: Path, lines: int) -> None:
    (tmp_path / "pods.yaml").write_text("image: nginx:1.27\n---\n" * lines)
    command = [sys.executable, "-m", "imagebot", "fields", "pods.yaml"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr.splitlines()) == (
        1,
        [b"imagebot: what it says cannot be written: No space left on device"],
    )
