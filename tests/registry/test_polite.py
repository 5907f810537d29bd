"""What a registry is spared: lists that did not change, pulls that it counts, and haste."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from imagebot.bans import Bans, ToldToWait
from imagebot.images.reference import ImageName
from imagebot.registry.allowance import NotAsked
from imagebot.registry.client import Registries
from imagebot.registry.known_pages import KnownPage, KnownPages
from imagebot.registry.limits import PATIENCE, Timeouts
from imagebot.registry.paging import TagPage
from imagebot.registry.pulls import PullsLeft, pulls_left
from imagebot.registry.waits import Waits
from imagebot.settings.registries import RegistrySettings
from tests.support.fake_registry import JSON, bearer, challenge, manifest, oci_error, paging, tag_list
from tests.support.registry_profiles import REGISTRIES, ProfiledRegistry
from tests.support.web_function import Answer, Asked, Function, Served, serving

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NAME = "acme/api"


def registries(*served: Served, timeouts: Timeouts = PATIENCE, per_minute: int | None = None) -> Registries:
    settings = RegistrySettings(plain_http=True, requests_per_minute=per_minute)
    return Registries(dict.fromkeys((one.host for one in served), settings), timeouts=timeouts)


@dataclass
class Listing:
    """A registry of two pages, with a validator or without."""

    validates: bool
    tags: list[str] = field(default_factory=lambda: [f"1.0.{number}" for number in range(1500)])
    bodies: int = 0

    def answer(self, asked: Asked) -> Answer:
        found = paging(NAME, self.tags, REGISTRIES["docker hub"].paging)(asked)
        assert isinstance(found, Answer)
        assert isinstance(found.body, bytes)
        etag = f'W/"{hashlib.sha256(found.body).hexdigest()}"'
        if self.validates and asked.headers.get("If-None-Match") == etag:
            return Answer(304, (("ETag", etag),))
        self.bodies += 1
        return Answer(200, (*found.headers, ("ETag", etag)) if self.validates else found.headers, found.body)


@pytest.mark.parametrize("validates", [True, False])
def test_a_list_that_did_not_change_is_not_read_again(validates: bool) -> None:
    listing = Listing(validates)
    with serving(listing.answer) as served:
        client, name = registries(served), ImageName(served.host, NAME)
        first = client.tags(name)
        client.new_pass()
        again = client.tags(name)
        assert again == first
        assert len(again.tags) == 1500
        assert all(one is other for one, other in zip(first.tags, again.tags, strict=True)), "the very same texts"
        assert (listing.bodies, len(served.asked)) == (2 if validates else 4, 4)


@pytest.mark.parametrize("validates", [True, False])
@pytest.mark.parametrize("change", ["grown", "shorter", "other"])
def test_a_list_that_changed_is_read(validates: bool, change: str) -> None:
    listing = Listing(validates)
    with serving(listing.answer) as served:
        client, name = registries(served), ImageName(served.host, NAME)
        client.tags(name)
        match change:
            case "grown":
                listing.tags.append("2.0.0")
            case "shorter":
                del listing.tags[900:]
            case _:
                listing.tags[3] = "1.9.3"
        client.new_pass()
        assert client.tags(name).tags == tuple(listing.tags)


@pytest.mark.parametrize("etag", ["", "bare", '"' + "x" * 300 + '"', 'W/"a" , *', "*"])
def test_what_is_no_validator_is_not_sent_back(etag: str) -> None:
    with serving(lambda _: tag_list("1.0.0", headers=[("ETag", etag)])) as served:
        client, name = registries(served), ImageName(served.host, NAME)
        client.tags(name)
        client.new_pass()
        assert client.tags(name).tags == ("1.0.0",)
        assert [one.headers.get("If-None-Match") for one in served.asked] == [None, None]


def test_not_modified_where_nothing_was_asked_is_no_answer() -> None:
    with serving(lambda _: Answer(304)) as served, pytest.raises(Exception, match="304, which makes no sense"):
        registries(served).tags(ImageName(served.host, NAME))


def page(tags: Sequence[str]) -> KnownPage:
    return KnownPage(TagPage(tuple(tags), len(tags)), "", 1, "", "")


def test_pages_that_are_kept_have_their_bound_and_the_newest_stay() -> None:
    pages = KnownPages(room=3 * 105)
    for key in "abc":
        pages.keep(key, page(["1.0.0"]))
    pages.keep("d", page(["1.0.0"]))
    assert [key for key in "abcd" if pages.get(key) is not None] == ["b", "c", "d"]
    pages.keep("b", page(["1.0.0", "1.0.1"]))
    assert [key for key in "abcd" if pages.get(key) is not None] == ["b", "d"]
    pages.keep("e", page(["1.0.0"] * 4))
    assert [key for key in "abcde" if pages.get(key) is not None] == [], "one that is too large leaves nothing"


COUNTS = {
    "as docker hub tells": ("100;w=21600", "76;w=21600", PullsLeft("r", 76, 100, 21600)),
    "without a window": ("100", "0", PullsLeft("r", 0, 100, None)),
    "none": (None, None, None),
    "one of the two": ("100;w=21600", None, None),
    "no number": ("many;w=21600", "76;w=21600", None),
    "below nothing": ("100;w=21600", "-1;w=21600", None),
    "of a mile": ("9" * 40, "76", None),
}


@pytest.mark.parametrize(("limit", "remaining", "left"), COUNTS.values(), ids=COUNTS)
def test_pulls_are_counted_as_a_registry_tells(
    limit: str | None, remaining: str | None, left: PullsLeft | None
) -> None:
    given = {"ratelimit-limit": limit, "ratelimit-remaining": remaining}
    assert pulls_left("r", {name: value for name, value in given.items() if value is not None}) == left


class Hub(ProfiledRegistry):
    """Docker Hub with so many pulls left, open to all."""

    left = 3

    def answer(self, asked: Asked) -> Answer:
        asked.headers["Authorization"] = "Bearer of.the.profile"
        found = super().answer(asked)
        told = tuple((name, f"{self.left};w=21600" if "remaining" in name else value) for name, value in found.headers)
        return Answer(found.status, told, found.body)


@pytest.fixture
def hub() -> Iterator[tuple[Hub, Served]]:
    registry = Hub(REGISTRIES["docker hub"], ["1.0.0", "1.0.1"])
    with serving(registry.answer) as served, serving(registry.blobs) as blobs:
        registry.blobs_at = blobs.url
        yield registry, served


def test_a_quiet_day_costs_docker_hub_no_pull(hub: tuple[Hub, Served]) -> None:
    registry, served = hub
    client, name = registries(served), ImageName(served.host, NAME)
    for _ in range(3):
        client.new_pass()
        client.tags(name)
        digest = client.digest(name, "1.0.1")
        assert client.exists(name, digest)
    assert registry.pulls == 0
    assert client.pulls_left == [PullsLeft(served.host, 3, 100, 21600)]


def test_with_no_pulls_left_none_is_asked_for_and_all_else_is(hub: tuple[Hub, Served]) -> None:
    registry, served = hub
    client, name = registries(served), ImageName(served.host, NAME)
    registry.left = 0
    digest = client.digest(name, "1.0.1")
    with pytest.raises(ToldToWait, match="has 0 of 100 pulls in 6 hours left for this login"):
        client.verify(name, digest)
    assert client.tags(name).tags == ("1.0.0", "1.0.1")
    assert client.exists(name, "1.0.0")
    assert registry.pulls == 0


class Clock:
    """Two clocks that go when they are told to."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed


def test_for_a_minute_of_429_nothing_is_asked_and_others_are_not_kept_waiting() -> None:
    clock, limited = Clock(), [True]

    def busy(asked: Asked) -> Answer:
        return oci_error(429, "TOOMANYREQUESTS", ("Retry-After", "60")) if limited[0] else tag_list("1.0.0")

    with serving(busy) as one, serving(lambda _: tag_list("1.0.0")) as other:
        settings = dict.fromkeys((one.host, other.host), RegistrySettings(plain_http=True))
        client = Registries(settings, waits=Waits(Bans(clock.now, clock.monotonic)))
        for second in range(60):
            clock.passed = float(second)
            client.new_pass()
            with pytest.raises(ToldToWait):
                client.tags(ImageName(one.host, f"acme/{second}"))
            assert client.tags(ImageName(other.host, NAME)).tags == ("1.0.0",)
        assert (len(one.asked), len(other.asked)) == (1, 60)
        clock.passed, limited[0] = 60.0, False
        client.new_pass()
        assert client.tags(ImageName(one.host, NAME)).tags == ("1.0.0",)


def test_a_registry_is_asked_no_faster_than_the_settings_want() -> None:
    with serving(lambda _: tag_list("1.0.0")) as served:
        client = registries(served, timeouts=Timeouts(total=5.0), per_minute=1)
        client.tags(ImageName(served.host, "acme/a"))
        with pytest.raises(NotAsked, match="is asked 1 times a minute at most, and others came first"):
            client.tags(ImageName(served.host, "acme/b"))
        assert len(served.asked) == 1


def with_tokens() -> Function:
    """A registry of any image, with tokens for anybody."""

    def function(asked: Asked) -> Answer:
        if asked.path == "/token":
            return Answer(200, (JSON,), json.dumps({"token": "t", "expires_in": 300}).encode())
        if "Authorization" not in asked.headers:
            realm = f'Bearer realm="http://{asked.headers["Host"]}/token",service="x"'
            return oci_error(401, "UNAUTHORIZED", ("WWW-Authenticate", realm))
        return tag_list("1.0.0")

    return function


def test_tokens_outlive_a_pass_and_each_image_costs_one() -> None:
    with serving(with_tokens()) as served:
        client = registries(served)
        names = [ImageName(served.host, f"acme/{number}") for number in range(40)]
        for name in names:
            client.tags(name)
        assert len(served.asked) == 1 + 2 * len(names), "one refusal, a token and a list for each"
        for _ in range(3):
            client.new_pass()
            before = len(served.asked)
            for name in names:
                client.tags(name)
            assert len(served.asked) - before == len(names)


@dataclass
class Minutes:
    """A registry whose tokens end after five minutes, and which counts what it refuses; `now` is in seconds."""

    now: float = 0.0
    given: list[float] = field(default_factory=list)
    refused: int = 0

    def __call__(self, asked: Asked) -> Answer:
        if asked.path == "/token":
            self.given.append(self.now)
            return Answer(200, (JSON,), json.dumps({"token": f"born-at-{self.now}", "expires_in": 300}).encode())
        born = asked.headers.get("Authorization", "").removeprefix("Bearer born-at-")
        if not born or self.now >= float(born) + 300:
            self.refused += 1
            return challenge(bearer(f"http://{asked.headers['Host']}/token"))
        return tag_list("1.0.0") if asked.path.endswith("/tags/list") else manifest(asked)


def test_a_pass_of_two_hours_never_shows_a_token_that_ended() -> None:
    """A token is renewed where it is used: at four fifths of its life, and not at all while nobody asks."""
    registry = Minutes()
    with Served(registry) as served:
        client = Registries({served.host: RegistrySettings(plain_http=True)}, clock=lambda: registry.now)
        client.new_pass()
        name = ImageName(served.host, "acme/api")
        client.tags(name)
        for minute in range(1, 121):
            registry.now = minute * 60.0
            client.digest(name, f"1.0.{minute}")
        client.close()
    assert registry.refused == 1, "the first question, which nobody had a token for"
    assert registry.given == [minute * 60.0 for minute in range(0, 121, 4)]
