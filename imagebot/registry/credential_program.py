"""Programs that keep credentials, as Docker runs them: `docker-credential-NAME get`, a host in, a JSON object out.

https://github.com/docker/docker-credential-helpers#development

Only those that the settings name are run: by their whole path, with an environment of their own, without a shell. What
one says on standard error goes nowhere, and what it says before it fails is not repeated: it may be the secret.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from imagebot.errors import BadInput, Unavailable
from imagebot.registry.limits import HELPER_BYTES
from imagebot.registry.logins import Basic, Credential, RefreshToken
from imagebot.secret import Secret
from imagebot.settings.resolve import CredentialHelper

_PATH = "/usr/local/bin:/usr/bin:/bin"
_TOKEN_USER = "<token>"
# What helpers of Docker's own libraries print where they have nothing; pass and others add words of theirs.
_NOTHING = b"credentials not found in native keychain"


def credential_of(name: str, helper: CredentialHelper, server: str) -> Credential | None:
    """What the program has for `server`, as Docker would spell it; None if it says that it has nothing.

    Raises `BadInput` where the program or its answer is not as it should be, `Unavailable` when it takes too long.
    """
    title = f"docker-credential-{name}"
    path = _trusted(helper.program, title)
    code, said = _run(path, helper, server, title)
    if code and said.strip().startswith(_NOTHING):
        return None
    if code:
        by_hand = f"`echo {server} | {path} get` tells why"
        raise BadInput(f"{title} ended with exit code {code} when it was asked for {server}: {by_hand}")
    return _read(said, title, server)


def _trusted(program: Path, title: str) -> Path:
    """Where it is, if nobody else can change what is run there. Raises `BadInput`."""
    try:
        path = program.resolve(strict=True)
        status = path.stat()
        _check_owner(path, status, stat.S_IWGRP | stat.S_IWOTH, title)
        for folder in {program.parent, path.parent}:
            # Debian lets a group write to /usr/local/bin; in /tmp nobody replaces what is another's.
            of_folder = folder.stat()
            _check_owner(folder, of_folder, 0 if of_folder.st_mode & stat.S_ISVTX else stat.S_IWOTH, title)
    except OSError as error:
        raise BadInput(f"{title} cannot be run: {program}: {error.strerror}") from None
    if not stat.S_ISREG(status.st_mode) or not os.access(path, os.X_OK):
        raise BadInput(f"{title} cannot be run: {program} is no program that this user may execute")
    return path


def _check_owner(path: Path, status: os.stat_result, taboo: int, title: str) -> None:
    if status.st_mode & taboo or status.st_uid not in (0, os.geteuid()):
        raise BadInput(f"{title} is not run: others can write to {path}; take that right from them")


def _run(path: Path, helper: CredentialHelper, server: str, title: str) -> tuple[int, bytes]:
    """The exit code and what it printed."""
    seconds = helper.timeout.total_seconds()
    ends = time.monotonic() + seconds
    variables = {each.name: each.value for each in helper.variables if each.value is not None}
    try:
        with _started(path, {"LC_ALL": "C.UTF-8", "PATH": _PATH} | variables) as process:
            said = _said(process, server.encode(), ends, title)
            return process.wait(max(ends - time.monotonic(), 0)), said
    except OSError as error:
        raise BadInput(f"{title} cannot be run: {path}: {error.strerror}") from None
    except (_Late, subprocess.TimeoutExpired):
        raise Unavailable(f"{title} was stopped: it did not end within {seconds:g} s") from None


class _Late(Exception):
    """The time of a program is over."""


@contextmanager
def _started(path: Path, variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The program, and with it whatever it has started, for as long as the block lasts."""
    process = subprocess.Popen(
        [str(path), "get"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=variables,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        process.wait()


def _said(process: subprocess.Popen[bytes], stdin: bytes, ends: float, title: str) -> bytes:
    """All that it prints, in bounds. Raises `_Late`."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):
        process.stdin.write(stdin)  # shorter than a pipe is
        process.stdin.close()
    said = bytearray()
    with selectors.DefaultSelector() as pipes:
        pipes.register(process.stdout, selectors.EVENT_READ)
        while pipes.select(max(ends - time.monotonic(), 0)):
            data = os.read(process.stdout.fileno(), HELPER_BYTES)
            said += data
            if len(said) > HELPER_BYTES:
                raise BadInput(f"{title} was stopped: it says more than any credential has")
            if not data:
                return bytes(said)
    raise _Late


def _read(said: bytes, title: str, server: str) -> Credential | None:
    """Raises `BadInput` that repeats nothing of it."""
    try:
        answer = json.loads(said)
    except (ValueError, RecursionError):
        answer = None
    username, secret = (answer.get(key) for key in ("Username", "Secret")) if isinstance(answer, dict) else (None, None)
    if not isinstance(username, str) or not isinstance(secret, str):
        raise BadInput(f"{title} was asked for {server} and answers something that is no credential")
    if not username and not secret:
        return None
    try:
        if username == _TOKEN_USER:
            return RefreshToken(Secret(secret))
        return Basic(username, Secret(secret))
    except ValueError as error:
        raise BadInput(f"{title} has a credential for {server} that cannot be sent: {error}") from None
