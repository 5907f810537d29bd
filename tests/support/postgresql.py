"""Debian's PostgreSQL, started on a random port over a folder of its own, with a password; no service is touched."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

PASSWORD = "p^ss%w/rd"
_SPELLED = "p%5Ess%25w%2Frd"
_PATIENCE = 30.0  # seconds until it listens; it takes one


@dataclass(frozen=True, slots=True)
class Server:
    """A server that listens. Everybody's password is `PASSWORD`."""

    port: int

    def url(self, database: str, user: str = "imagebot") -> str:
        """The URL of a database, with the password."""
        return f"postgresql://{user}:{_SPELLED}@127.0.0.1:{self.port}/{database}"

    def run(self, statement: str, database: str = "postgres") -> None:
        """A statement of the server's owner, outside any transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextlib.contextmanager
def postgresql() -> Iterator[Server]:
    """Run one for as long as the block lasts. Skips the test where it is not installed."""
    programs = _programs()
    # Not pytest's folder: only its owner may enter that, and PostgreSQL does not run as root.
    with tempfile.TemporaryDirectory(prefix="imagebot-postgresql-") as name:
        folder = Path(name)
        (folder / "password").write_text(PASSWORD)
        user = "postgres" if os.geteuid() == 0 else None
        if user is not None:
            for path in (folder, folder / "password"):
                shutil.chown(path, user)
        data = folder / "data"
        how = ["--username=imagebot", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}"]
        what = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions", f"--pgdata={data}"]
        subprocess.run([programs / "initdb", *how, *what], user=user, cwd=folder, check=True, capture_output=True)
        port = _free_port()
        words = ["-D", str(data), "-p", str(port), "-k", str(folder), "-h", "127.0.0.1", "-c", "fsync=off"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [programs / "postgres", *words], user=user, cwd=folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
            try:
                server = Server(port)
                _wait_until_it_answers(process, server, folder / "log")
                yield server
            finally:
                process.send_signal(signal.SIGINT)  # "fast": it ends the sessions that are left
                process.wait()


def _programs() -> Path:
    """Where its programs are: Debian keeps them in a folder for each release."""
    found = shutil.which("postgres") or shutil.which(
        "postgres", path=os.pathsep.join(str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin")))
    )
    if found is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    return Path(found).resolve().parent


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _wait_until_it_answers(process: subprocess.Popen[bytes], server: Server, log: Path) -> None:
    ends = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < ends:
        with contextlib.suppress(psycopg.OperationalError):
            server.run("SELECT 1")
            return
        threading.Event().wait(0.05)
    raise RuntimeError(f"PostgreSQL does not answer: {log.read_text()}")
