"""A git server that hangs, drips or floods costs its own repository: every wait and every answer has an end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from imagebot.errors import BadResponse, Unavailable, WorldError
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.gitrepo.process import Git, Terms
from imagebot.gitrepo.push import PushUpdate, Rejected
from imagebot.gitrepo.remote import Remote
from imagebot.settings.resolve import Author
from tests.support.git_repos import BareRepository
from tests.support.sound import proved

ADVERTISED = b"001e# service=git-upload-pack\n0000000eversion 2\n0015agent=git/2.39.5\n0013ls-refs=unborn\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n"

# What the server sends before it falls silent.
STAGES = {
    "nothing": b"",
    "half a status": b"HTTP/1.1 2",
    "headers without an end": HEAD,
    "headers and no body": HEAD + b"Content-Length: 500\r\n\r\n",
    "half an advertisement": HEAD + b"Content-Length: 500\r\n\r\n" + ADVERTISED,
    "a chunk that never comes": HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\n",
}


@contextmanager
def serving(answer: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """A server that does this with each connection, until the block ends."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while not over.is_set():
                    connection, _ = server.accept()
                    threading.Thread(target=one, args=(connection,), daemon=True).start()

        def one(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                connection.recv(65536)
                answer(connection, over)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/env.git"
        finally:
            over.set()
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)


def mirror_of(folder: Path, url: str) -> Mirror:
    return Mirror.open(folder / "state" / "silent.git", Remote(url), network_seconds=0.1)


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_a_server_that_falls_silent_is_left(tmp_path: Path, stage: bytes) -> None:
    def answer(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(stage)
        over.wait()

    with serving(answer) as url, pytest.raises(Unavailable, match="was stopped: it did not end within"):
        mirror_of(tmp_path, url).fetch("imagebot/")


@pytest.mark.parametrize("stage", [HEAD + b"Content-Length: 100000\r\n\r\n", HEAD + b"X-Slow: "])
def test_a_server_that_drips_is_left(tmp_path: Path, stage: bytes) -> None:
    """A byte now and then keeps git's own watch on slow connections quiet."""

    def answer(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(stage)
        while not over.wait(0.02):
            connection.sendall(b"0")

    with serving(answer) as url, pytest.raises(Unavailable, match="was stopped: it did not end within"):
        mirror_of(tmp_path, url).fetch("imagebot/")


@pytest.mark.parametrize("length", [b"", b"Content-Length: 10\r\n"])
def test_a_server_that_hangs_up_is_told(tmp_path: Path, length: bytes) -> None:
    def answer(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(HEAD + length + b"\r\n")

    with serving(answer) as url, pytest.raises(WorldError, match=r"cannot fetch from http://127\.0\.0\.1"):
        mirror_of(tmp_path, url).fetch("imagebot/")


def test_words_without_end_are_cut(environments: BareRepository, mirror: Mirror, heads: Heads) -> None:
    """Whoever runs the server may send as many as they like: none of it is worth our memory."""
    hook = environments.folder / "hooks" / "pre-receive"
    hook.parent.mkdir()
    flood = "head -c 20000000 /dev/zero | tr '\\0' 'x' | fold -w 100"
    hook.write_text(f"#!/bin/sh\necho first\n{flood}\nexit 1\n")
    hook.chmod(0o755)
    commit = mirror.commit(heads.base, {"README.md": proved(b"x")}, "m", Author())

    refused = mirror.push([PushUpdate("imagebot/a", commit, None)])["imagebot/a"]

    assert isinstance(refused, Rejected)
    assert refused.because.startswith("the remote rejects it: first xxx")
    assert len(refused.because) < 600


def test_an_answer_without_end_is_no_answer(environments: BareRepository) -> None:
    git = Git(environments.folder)
    blob = git.out("hash-object", "-w", "--stdin", stdin=b"x" * (70 << 20)).decode().strip()

    with pytest.raises(BadResponse, match="it said more than 64 MiB"):
        git.ask("cat-file", "blob", blob, terms=Terms(seconds=60))


def test_more_than_a_pipe_holds_both_ways(environments: BareRepository) -> None:
    """Neither side waits for the other."""
    data = b"".join(b"%040d\n" % number for number in range(200_000))
    answer = Git(environments.folder).ask("cat-file", "--batch-check", stdin=data)
    assert answer.out.count(b" missing\n") == 200_000
