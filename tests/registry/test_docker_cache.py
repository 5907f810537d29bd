"""A real registry as a pull-through cache of another real one: plain, with a password, with tokens; asked both ways."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from imagebot.errors import NotFound, WorldError
from imagebot.images.name_prefix import NamePrefix
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.secret import Secret
from imagebot.settings.mirrors import RegistryMirror
from imagebot.settings.registries import RegistrySettings
from imagebot.settings.resolve import BasicCredentials
from tests.support.docker_registry import Running, cache_of, docker_registry, htpasswd, seed, token
from tests.support.token_server import TokenServer
from tests.support.web_function import Served

PASSWORD = BasicCredentials("bot", Secret("c0rrect"))


@dataclass(frozen=True, slots=True)
class Pair:
    """Who has the images, and the cache that fetches them; closing `stopped` ends the first."""

    upstream: Running
    cache: Running
    credentials: BasicCredentials | None
    digest: str
    stopped: ExitStack

    def registries(self, *, mirror: bool = False, fallback: bool = False) -> Registries:
        by = RegistryMirror(url=NamePrefix(self.cache.host), fallback=fallback) if mirror else None
        own = RegistrySettings(plain_http=True, credentials=self.credentials, mirror=by)
        cache = RegistrySettings(plain_http=True, pull_through=NamePrefix(self.upstream.host))
        return Registries({self.upstream.host: own, self.cache.host: cache})


OPENED_BY_CACHES = ["plain", "token"]
"""Release 2.8 shows its password to token servers only."""


@pytest.fixture
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    with ExitStack() as stack, ExitStack() as upstream_only:
        folders = [tmp_path / "upstream", tmp_path / "cache"]
        for folder in folders:
            folder.mkdir()
        auth = None
        if request.param == "htpasswd":
            auth = htpasswd(folders[0], "bot", "c0rrect")
        elif request.param == "token":
            server = TokenServer({"bot": "c0rrect"})
            auth = token(folders[0], server, f"{stack.enter_context(Served(server.function())).url}/token")
        upstream = upstream_only.enter_context(docker_registry(folders[0], auth))
        digest = seed(upstream.folder, "acme/api", ["1.0.0"])
        login = ("bot", "c0rrect") if auth else ()
        cache = stack.enter_context(docker_registry(folders[1], proxy=cache_of(upstream, *login)))
        yield Pair(upstream, cache, PASSWORD if auth else None, digest, upstream_only)


@pytest.mark.parametrize("pair", OPENED_BY_CACHES, indirect=True)
def test_a_copy_is_listed_upstream_and_shown_by_the_cache(pair: Pair) -> None:
    asked, copy = pair.registries(), ImageName(pair.cache.host, "acme/api")
    upstream = asked.upstream(copy)
    assert upstream == ImageName(pair.upstream.host, "acme/api")
    assert asked.tags(upstream).tags == ("1.0.0",)
    assert asked.digest(copy, "1.0.0") == pair.digest
    asked.verify(copy, pair.digest)
    assert asked.platforms(copy, pair.digest) == {"linux/amd64": pair.digest}
    seed(pair.upstream.folder, "acme/api", ["1.1.0"])
    asked.new_pass()
    assert set(asked.tags(upstream).tags) == {"1.0.0", "1.1.0"}
    assert asked.digest(copy, "1.1.0") == pair.digest, "the cache fetches what is new"
    with pytest.raises(NotFound):
        asked.digest(copy, "9.9.9")


@pytest.mark.parametrize("pair", OPENED_BY_CACHES, indirect=True)
def test_an_image_is_asked_of_its_mirror_which_outlives_the_registry(pair: Pair) -> None:
    asked, name = pair.registries(mirror=True), ImageName(pair.upstream.host, "acme/api")
    assert (asked.tags(name).tags, asked.tags(name).asked) == (("1.0.0",), ImageName(pair.cache.host, "acme/api"))
    assert asked.digest(name, "1.0.0") == pair.digest
    asked.verify(name, pair.digest)
    pair.stopped.close()
    asked.new_pass()
    asked.verify(name, pair.digest)


@pytest.mark.parametrize("pair", ["htpasswd"], indirect=True)
def test_a_cache_that_cannot_log_in_finds_nothing_and_that_is_no_answer(pair: Pair) -> None:
    asked, name = pair.registries(mirror=True), ImageName(pair.upstream.host, "acme/api")
    for ask in (lambda: asked.tags(name), lambda: asked.digest(name, "1.0.0")):
        with pytest.raises(NotFound, match=r"is the mirror of") as caught:
            ask()
        assert caught.value.absent == ""
    either = pair.registries(mirror=True, fallback=True)
    assert either.tags(name).tags == ("1.0.0",)
    assert either.digest(name, "1.0.0") == pair.digest


@pytest.mark.parametrize("pair", ["plain"], indirect=True)
def test_a_mirror_that_is_down_is_gone_around_where_that_is_wished(pair: Pair) -> None:
    name = ImageName(pair.upstream.host, "acme/api")
    nobody = Running("127.0.0.1:1", pair.cache.folder)
    down = Pair(pair.upstream, nobody, pair.credentials, pair.digest, pair.stopped)
    with pytest.raises(WorldError, match=r"127\.0\.0\.1:1 cannot be reached"):
        down.registries(mirror=True).tags(name)
    assert down.registries(mirror=True, fallback=True).tags(name).tags == ("1.0.0",)
