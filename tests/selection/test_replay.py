from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.policy.model import Policy
from imagebot.policy.read import read_policies
from imagebot.selection.replay import Appearance, RegistryPast, Replay, replay
from imagebot.versions.known import OrderInputs

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
END = START + timedelta(days=28)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def policies(environments: str, image: str = "{image: r.io/app, semver: ^1.0}") -> tuple[Policy, ...]:
    text = f"app: shop\nrepository: r\nenvironments: {environments}\nimages: [{image}]\n"
    read = read_policies({"shop.yaml": text.encode()}, None)
    assert read.problems == ()
    return read.policies


def past(start: str | None, *came: tuple[str, timedelta]) -> RegistryPast:
    before = [] if start is None else [Appearance(start, START - DAY, attested=False)]
    return RegistryPast((*before, *(Appearance(tag, START + after, attested=False) for tag, after in came)), start)


def story(found: Replay) -> list[str]:
    """`environment day hour: old -> new`, in the order of time."""
    return [
        f"{opened.environment} {(opened.at - START) / HOUR:g}h: {move.old} -> {move.new.tag}"
        for opened in found.opened
        for move in opened.moves
    ]


THREE = past("1.0.0", ("1.1.0", 30 * HOUR), ("2.0.0", 40 * HOUR), ("1.0.1", 50 * HOUR), ("1.2.0", 60 * HOUR))


@pytest.mark.parametrize(
    ("environments", "expected"),
    [
        pytest.param("{p: {}}", ["p 30h: 1.0.0 -> 1.1.0", "p 60h: 1.1.0 -> 1.2.0"], id="at once"),
        pytest.param(
            "{p: {minimumAge: 1d}}", ["p 54h: 1.0.0 -> 1.1.0", "p 84h: 1.1.0 -> 1.2.0"], id="each waits its day"
        ),
        pytest.param("{p: {minimumAge: 26d}}", ["p 654h: 1.0.0 -> 1.1.0"], id="one is old enough in time"),
        pytest.param("{p: {minimumAge: 642h}}", ["p 672h: 1.0.0 -> 1.1.0"], id="one is at the last moment"),
        pytest.param("{p: {minimumAge: 90d}}", [], id="none is"),
        pytest.param(
            "{p: {windows: ['Wed 09:00-10:00 UTC']}}",
            ["p 57h: 1.0.0 -> 1.1.0", "p 225h: 1.1.0 -> 1.2.0"],
            id="an hour a week",
        ),
        pytest.param(
            "{p: {freezes: [{from: 2026-01-05, to: 2026-01-11}]}}", ["p 168h: 1.0.0 -> 1.2.0"], id="a frozen week"
        ),
        pytest.param(
            "{p: {from: {environment: s, after: 2d}}, s: {minimumAge: 1d}}",
            [
                "s 54h: 1.0.0 -> 1.1.0",
                "s 84h: 1.1.0 -> 1.2.0",
                "p 132h: 1.0.0 -> 1.2.0",
            ],
            id="promoted",
        ),
    ],
)
def test_pull_requests_come_when_their_gates_open(environments: str, expected: list[str]) -> None:
    assert story(replay(policies(environments), [THREE], START, END)) == expected


def test_each_says_why() -> None:
    (first, _) = replay(policies("{p: {minimumAge: 1d}}"), [THREE], START, END).opened
    assert first.at == START + 54 * HOUR
    assert first.moves[0].because == (
        "1.1.0 is the newest of 3 tags in ^1.0; first seen 2026-01-06 06:00 UTC, minimumAge 1d (now 1.0.0)"
    )


def test_what_still_waits_is_told_at_the_end() -> None:
    (end,) = replay(policies("{p: {minimumAge: 90d}}"), [THREE], START, END).ends
    assert (end.environment, end.tag) == ("p", "1.0.0")
    assert end.verdict.because.startswith("1.1.0 may run from 2026-04-06 06:00 UTC on")


def test_images_that_come_together_share_a_pull_request() -> None:
    images = "{image: r.io/app, semver: ^1.0}, {image: r.io/web, semver: ^3.0}"
    web = past("3.0.0", ("3.1.0", 30 * HOUR), ("3.2.0", 61 * HOUR))
    found = replay(policies("{p: {}}", images), [THREE, web], START, END)
    assert [[move.new.tag for move in opened.moves] for opened in found.opened] == [
        ["1.1.0", "3.1.0"],
        ["1.2.0"],
        ["3.2.0"],
    ]


def test_an_app_may_begin_with_nothing() -> None:
    found = replay(policies("{p: {}}"), [past(None, ("1.1.0", HOUR))], START, END)
    assert story(found) == ["p 1h: None -> 1.1.0"]


def test_the_order_may_be_time_itself() -> None:
    came = past("a", ("z", HOUR), ("b", 2 * HOUR))
    known = OrderInputs({one.tag: one.at for one in came.appearances})
    timed = RegistryPast(came.appearances, "a", known)
    found = replay(policies("{p: {}}", "{image: r.io/app, created: newest}"), [timed], START, END)
    assert story(found) == ["p 1h: a -> z", "p 2h: z -> b"]


def test_the_variant_that_runs_is_kept_from_the_beginning() -> None:
    came = past(None, ("1.1.0", HOUR), ("1.2.0-alpine", 2 * HOUR))
    kept = RegistryPast(came.appearances, None, deployed=frozenset({"1.0.0-alpine"}))
    image = "{image: r.io/app, semver: ^1.0, tags: {variant: keep}}"
    assert story(replay(policies("{p: {}}", image), [kept], START, END)) == ["p 2h: None -> 1.2.0-alpine"]


def test_what_comes_while_another_is_merged_is_not_forgotten() -> None:
    """Found by the property below: the second waited until something else came."""
    came = past("1.0.0", ("1.1.0", HOUR), ("1.2.0", 2 * HOUR))
    found = replay(policies("{p: {minimumAge: 1h}}"), [came], START, END)
    assert story(found) == ["p 2h: 1.0.0 -> 1.1.0", "p 3h: 1.1.0 -> 1.2.0"]


ages = st.sampled_from(["0s", "1h", "3d", "9d"])
minors = st.dictionaries(st.integers(1, 40), st.integers(1, 27 * 24), max_size=12)


@given(minors, ages)
def test_nothing_goes_back_and_nothing_comes_too_early(releases: dict[int, int], age: str) -> None:
    came = past("1.0.0", *((f"1.{minor}.0", hour * HOUR) for minor, hour in releases.items()))
    (policy,) = policies(f"{{p: {{minimumAge: {age}}}}}")
    found = replay((policy,), [came], START, END)
    moves = [(opened.at, int(move.new.tag.split(".")[1])) for opened in found.opened for move in opened.moves]
    assert [minor for _, minor in moves] == sorted({minor for _, minor in moves})
    for at, minor in moves:
        assert at == START + releases[minor] * HOUR + policy.gates.minimum_age
    assert [opened.at for opened in found.opened] == sorted(opened.at for opened in found.opened)
