"""All that a process prints goes through one door, and a terminal still has its colours."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from base64 import b64encode

import pytest

from imagebot.cli.outlet import json_text

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
