"""Told to wait, it waits: on every forge, for every repository of that account, over passes and restarts."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from imagebot.bans import LONGEST_S, Ban, Bans, ToldToWait
from imagebot.errors import Unavailable
from imagebot.forge.ensure import ensure
from imagebot.forge.manners import Manners
from imagebot.forge.protocol import Forge
from tests.forge.conftest import client, rest_client
from tests.support.forge_server import Fault, ForgeServer
from tests.support.github_server import GitHubServer
from tests.support.judging import NOON
from tests.support.proposals import BRANCH, body, proposal

SECONDARY = b'{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}'
WAIT = (("Retry-After", "60"),)
DATE = ("Date", "Thu, 01 Jan 2026 12:00:00 GMT")
HALF_A_MINUTE_ON = "Thu, 01 Jan 2026 12:00:30 GMT"


class Book:
    """What a store remembers of bans, without one."""

    def __init__(self) -> None:
        self.bans: dict[str, Ban] = {}

    def ban(self, account: str) -> Ban | None:
        return self.bans.get(account)

    def is_banned(self, ban: Ban) -> None:
        self.bans[ban.account] = ban


class Clocks:
    """Both clocks of a machine; people set one of them."""

    def __init__(self) -> None:
        self.wall = NOON
        self.ticks = 1000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.ticks

    def pass_by(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.ticks += seconds

    def bans(self) -> Bans:
        return Bans(self.now, self.monotonic)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def connected(server: ForgeServer, bans: Bans) -> Forge:
    """One of any number of forges of a process."""
    manners = Manners(timeout_s=30, between_writes_s=0.0, bans=bans)
    if isinstance(server, GitHubServer):
        return client(server, manners)
    return rest_client(server, manners)


TOLD = [
    pytest.param(Fault("*", 403, body=SECONDARY, headers=WAIT), 60, id="403, the words, a time"),
    pytest.param(Fault("*", 403, body=SECONDARY), 60, id="403 and the words"),
    pytest.param(Fault("*", 403, headers=WAIT), 60, id="403 and a time"),
    pytest.param(Fault("*", 403, headers=(("Retry-After", HALF_A_MINUTE_ON), DATE)), 30, id="a moment"),
    pytest.param(Fault("*", 429), 60, id="429"),
    pytest.param(Fault("*", 429, headers=(("Retry-After", "0"),)), 60, id="429, now"),
    pytest.param(Fault("*", 429, headers=(("RateLimit-Reset", "45"),)), 45, id="429, in so many seconds"),
    pytest.param(Fault("*", 503, headers=WAIT), 60, id="503 and a time"),
    pytest.param(Fault("*", 429, headers=(("Retry-After", "99999999"),)), LONGEST_S, id="three years"),
]


@pytest.mark.parametrize(("fault", "seconds"), TOLD)
def test_told_to_wait_it_sends_nothing_more_for_any_of_the_rest(
    any_server: ForgeServer, clocks: Clocks, fault: Fault, seconds: float
) -> None:
    """Six are due: each of the others, tried within the ban, would lengthen it."""
    for number in range(6):
        any_server.add(f"{BRANCH}-{number}", body=body("f1"))
    bans = clocks.bans()
    forge = connected(any_server, bans)
    pulls = forge.open_pulls("imagebot/")
    any_server.next_writes = {1: fault}
    for pull in pulls:
        with pytest.raises(ToldToWait, match="nothing is asked of it before 2026-01-01 1") as caught:
            ensure(forge, proposal("f2", pull.branch), pull)

    assert caught.value.retry_after == caught.value.ban.seconds == seconds
    sent = len(any_server.calls)
    assert (forge.writes, any_server.writes) == (1, any_server.calls[-1:])
    assert forge.ban == caught.value.ban
    with pytest.raises(ToldToWait):
        forge.open_pulls("imagebot/")
    with pytest.raises(ToldToWait):
        connected(any_server, bans).closed_pulls(BRANCH)
    assert len(any_server.calls) == sent

    clocks.pass_by(seconds)
    ensure(forge, proposal("f2", pulls[0].branch), pulls[0])


def test_a_ban_outlives_the_process(any_server: ForgeServer, clocks: Clocks) -> None:
    book = Book()
    forge = connected(any_server, clocks.bans())
    forge.begin(book)
    any_server.next_writes = {1: Fault("*", 429, headers=WAIT)}
    with pytest.raises(ToldToWait):
        forge.create(proposal())
    sent = len(any_server.calls)

    clocks.pass_by(50)
    again = connected(any_server, clocks.bans())
    again.begin(book)
    with pytest.raises(ToldToWait):
        again.create(proposal())
    assert len(any_server.calls) == sent

    clocks.pass_by(11)
    assert again.create(proposal()).pull.branch == BRANCH


def test_what_is_remembered_tells_no_secret(any_server: ForgeServer, clocks: Clocks) -> None:
    book = Book()
    forge = connected(any_server, clocks.bans())
    forge.begin(book)
    any_server.next_writes = {1: Fault("*", 429, headers=WAIT)}
    with pytest.raises(ToldToWait):
        forge.create(proposal())

    assert any_server.token not in repr(book.bans)


def test_another_account_on_the_same_host_need_not_wait(any_server: ForgeServer, clocks: Clocks) -> None:
    bans = clocks.bans()
    any_server.next_writes = {1: Fault("*", 429, headers=WAIT)}
    with pytest.raises(ToldToWait):
        connected(any_server, bans).create(proposal())
    any_server.token = "an0ther's"

    assert connected(any_server, bans).open_pulls("imagebot/") == ()


def test_an_hour_that_is_used_up_is_not_asked_once_too_often(github_server: GitHubServer, clocks: Clocks) -> None:
    """GitHub says with the last answer of an hour that it was the last."""
    left = (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1767268830"), DATE)
    github_server.faults = [Fault("GET", 200, body=b"[]", headers=left)]
    forge = connected(github_server, clocks.bans())
    assert forge.open_pulls("imagebot/") == ()
    with pytest.raises(ToldToWait, match="has answered as often as it does in this hour"):
        forge.open_pulls("imagebot/")

    assert len(github_server.calls) == 1


def test_a_refusal_for_good_is_no_ban(any_server: ForgeServer, clocks: Clocks) -> None:
    """All of GitHub's answers show when the hour begins anew."""
    headers = (("X-RateLimit-Remaining", "4999"), ("X-RateLimit-Reset", "1767268830"))
    any_server.next_writes = {1: Fault("*", 403, headers=headers)}
    forge = connected(any_server, clocks.bans())
    with pytest.raises(Exception, match="would not open") as caught:
        forge.create(proposal())

    assert not isinstance(caught.value, Unavailable)
    assert forge.ban is None


def test_where_no_time_is_named_it_waits_twice_as_long_each_time(clocks: Clocks) -> None:
    bans = clocks.bans()
    waited = []
    for _ in range(9):
        ban = bans.begin("a", "forge.test asks us to slow down", None)
        waited.append(ban.seconds)
        clocks.pass_by(ban.seconds + 30)

    assert waited == [60, 120, 240, 480, 960, 1920, 3840, LONGEST_S, LONGEST_S]
    clocks.pass_by(3600)
    assert bans.begin("a", "forge.test asks us to slow down", None).seconds == 60


def test_repeats_are_counted_over_restarts(clocks: Clocks) -> None:
    first = clocks.bans().begin("a", "slow down", None)
    clocks.pass_by(61)
    bans = clocks.bans()
    bans.recall(first)
    bans.check("a")

    assert bans.begin("a", "slow down", None).seconds == 120


@pytest.mark.parametrize("step_s", [-3600, 3600, -10 * 365 * 86400])
def test_a_clock_that_is_set_neither_lifts_a_ban_nor_draws_it_out(clocks: Clocks, step_s: float) -> None:
    bans = clocks.bans()
    ban = bans.begin("a", "slow down", 60)
    clocks.wall += timedelta(seconds=step_s)
    clocks.ticks += 59
    bans.recall(ban)
    with pytest.raises(ToldToWait):
        bans.check("a")
    clocks.ticks += 1
    bans.recall(ban)

    bans.check("a")


def test_remembered_before_the_clock_was_set_back_a_ban_is_no_longer_than_it_was(clocks: Clocks) -> None:
    ban = clocks.bans().begin("a", "slow down", 60)
    clocks.wall -= timedelta(days=1)
    bans = clocks.bans()
    bans.recall(ban)

    assert bans.left("a") == 60


def test_the_longer_of_two_bans_stays(clocks: Clocks) -> None:
    bans = clocks.bans()
    long = bans.begin("a", "slow down", 600)
    assert bans.begin("a", "slow down", 5) == long
    bans.recall(Ban("a", NOON, 30, "slow down"))

    assert bans.current("a") == long


def test_a_write_that_waits_for_its_turn_heeds_what_the_one_before_it_was_told(
    github_server: GitHubServer, clocks: Clocks
) -> None:
    """As a create that was answered 403 after it took effect: it is neither looked up nor sent again."""
    github_server.next_writes = {1: Fault("*", 403, after=True, body=SECONDARY)}
    forge = connected(github_server, clocks.bans())
    with pytest.raises(ToldToWait):
        forge.create(proposal())

    assert (len(github_server.pulls), len(github_server.calls)) == (1, 1)
