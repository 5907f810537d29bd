"""Credentials over http, and every refusal that a server has for us."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imagebot.errors import BadResponse, ImagebotError, NotFound, Refused, Unavailable
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.push import Pushed, PushUpdate
from imagebot.gitrepo.remote import Remote
from imagebot.proxies import Certificates, WayOut
from imagebot.secret import Secret
from imagebot.settings.resolve import Author, TokenCredentials
from tests.support.git_http import GitHttpServer, git_http_server
from tests.support.git_repos import BareRepository
from tests.support.sound import proved
from tests.support.tls import loopback

CANARY = "c4n4ry^%/+=$(x)`x`\"'\\ token"
RIGHT = TokenCredentials(Secret(CANARY), "bot")


@pytest.fixture
def server(tmp_path: Path, environments: BareRepository) -> Iterator[GitHttpServer]:
    """Serves `environments` to the user `bot`."""
    environments.git("config", "http.receivepack", "true")
    with git_http_server(tmp_path) as server:
        server.users["bot"] = CANARY
        yield server


@pytest.fixture
def open_with(tmp_path: Path, server: GitHttpServer) -> Callable[[TokenCredentials | None], Mirror]:
    def opened(credentials: TokenCredentials | None) -> Mirror:
        return Mirror.open(tmp_path / "state/m.git", Remote(server.url("environments.git"), "main", credentials))

    return opened


Opens = Callable[[TokenCredentials | None], Mirror]


def test_a_pass_with_the_right_token(environments: BareRepository, open_with: Opens) -> None:
    mirror = open_with(RIGHT)
    base = mirror.fetch("imagebot/").base
    commit = mirror.commit(base, {"README.md": proved(b"x" * 3_000_000)}, "large enough to travel in chunks", Author())

    assert mirror.push([PushUpdate("imagebot/a", commit, None)]) == {"imagebot/a": Pushed()}
    assert environments.branches()["imagebot/a"] == commit


def test_a_server_that_asks_nobody(server: GitHttpServer, open_with: Opens) -> None:
    server.users.clear()

    assert open_with(None).fetch("imagebot/").branches == {}
    assert server.authorizations == []


def test_own_authority_is_trusted_and_no_other(tmp_path: Path, environments: BareRepository) -> None:
    context, authority = loopback(tmp_path)
    with git_http_server(tmp_path, context) as server:
        server.users["bot"] = CANARY
        url = server.url("environments.git")
        trusting = Remote(url, "main", RIGHT, WayOut(certificates=Certificates(authority)))
        assert Mirror.open(tmp_path / "state/a.git", trusting).fetch("imagebot/").branches == {}

        with pytest.raises(Unavailable, match=r"certificate.*caFile names who signed it"):
            Mirror.open(tmp_path / "state/b.git", Remote(url, "main", RIGHT)).fetch("imagebot/")


@pytest.mark.parametrize(
    ("credentials", "why"),
    [
        pytest.param(None, "none that it takes are configured", id="none"),
        pytest.param(TokenCredentials(Secret("wrong"), "bot"), "does not accept the token", id="wrong token"),
        pytest.param(TokenCredentials(Secret(CANARY), "other"), "does not accept the token", id="wrong user"),
    ],
)
def test_a_server_that_does_not_know_us(open_with: Opens, credentials: TokenCredentials | None, why: str) -> None:
    with pytest.raises(Refused, match=why) as caught:
        open_with(credentials).fetch("imagebot/")
    assert "\n" not in str(caught.value)
    assert CANARY not in str(caught.value)


def test_a_token_that_may_read_but_not_write(server: GitHttpServer, open_with: Opens) -> None:
    mirror = open_with(RIGHT)
    base = mirror.fetch("imagebot/").base
    commit = mirror.commit(base, {"README.md": proved(b"x")}, "m", Author())
    server.answers["git-receive-pack"] = (403, "")

    with pytest.raises(Refused, match=r"cannot push to http://.*403; .*read and write access"):
        mirror.push([PushUpdate("imagebot/a", commit, None)])


@pytest.mark.parametrize(
    ("status", "error", "advice"),
    [
        (301, NotFound, "it has moved"),
        (302, NotFound, "it has moved"),
        (404, NotFound, "no such repository"),
        (418, BadResponse, "does not answer like a git server"),
        (429, Unavailable, "the next pass tries again"),
        (500, Unavailable, "the next pass tries again"),
        (503, Unavailable, "the next pass tries again"),
    ],
)
def test_every_status_has_its_line(
    server: GitHttpServer, open_with: Opens, status: int, error: type[ImagebotError], advice: str
) -> None:
    location = "http://127.0.0.1:1/stolen" if status < 400 else ""
    server.answers["info/refs"] = (status, location)

    with pytest.raises(error, match=advice) as caught:
        open_with(RIGHT).fetch("imagebot/")
    assert str(caught.value).count("http://") == 1
    assert "\n" not in str(caught.value)


def test_a_redirect_takes_no_token_along(tmp_path: Path, server: GitHttpServer, open_with: Opens) -> None:
    with git_http_server(tmp_path) as thief:
        thief.users["nobody"] = "?"
        server.answers["info/refs"] = (302, f"{thief.url('environments.git')}/info/refs?service=git-upload-pack")

        with pytest.raises(NotFound):
            open_with(RIGHT).fetch("imagebot/")
        assert thief.authorizations == []


def test_nobody_listens(tmp_path: Path) -> None:
    with git_http_server(tmp_path) as closed:
        url = closed.url("environments.git")

    with pytest.raises(Unavailable, match="the next pass tries again"):
        Mirror.open(tmp_path / "m.git", Remote(url, "main", RIGHT)).fetch("imagebot/")


def spellings() -> list[bytes]:
    return [CANARY.encode(), CANARY.encode()[:12], b"c4n4ry%5E"]


def test_the_token_is_in_no_argument_and_no_file(tmp_path: Path, open_with: Opens) -> None:
    seen = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(path.read_bytes())
                except OSError:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        mirror = open_with(RIGHT)
        base = mirror.fetch("imagebot/").base
        commit = mirror.commit(base, {"README.md": proved(b"x")}, "m", Author())
        mirror.push([PushUpdate("imagebot/a", commit, None)])
    finally:
        done.set()
        watcher.join()

    assert [line for line in seen if b"remote-http" in line], "the watcher saw git at work"
    files = [path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert [data for data in [*seen, *files] if any(spelling in data for spelling in spellings())] == []
