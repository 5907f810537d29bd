"""Urgent and small updates go first, and nobody opens more pull requests than was allowed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.plan.limits import Allowance, Newcomer, cost, queued, unpayable
from tests.support.effort import calls

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FREE = Allowance()


def newcomer(name: str, kind: str = "patch", repository: str = "env", **more: object) -> Newcomer:
    made = Newcomer(repository, f"imagebot/staging/{name}", "staging", name, (kind,))
    return replace(made, **more)  # type: ignore[arg-type]


def names(waits: Mapping[tuple[str, str], object]) -> str:
    """Who waits, in the order of the queue."""
    return " ".join(branch.rpartition("/")[2] for _, branch in waits)


def ago(*minutes: float) -> tuple[datetime, ...]:
    return tuple(NOON - timedelta(minutes=each) for each in minutes)


MAJOR, MINOR, PATCH = newcomer("a", "major"), newcomer("b", "minor"), newcomer("c", "patch")
OTHER = newcomer("d", "patch", "other")
FOUR = [MAJOR, MINOR, PATCH, OTHER]


@pytest.mark.parametrize(
    ("repositories", "overall", "held"),
    [
        pytest.param({}, FREE, "", id="no limit"),
        pytest.param({"env": Allowance(limit=2)}, FREE, "a", id="the major one waits"),
        pytest.param({"env": Allowance(1, 2)}, FREE, "b a", id="open ones count"),
        pytest.param({"env": Allowance(5, 2)}, FREE, "c b a", id="over the limit already"),
        pytest.param({}, Allowance(limit=2), "b a", id="in all, over repositories"),
        pytest.param({"other": Allowance(4, 4)}, FREE, "d", id="one repository's limit is not another's"),
        pytest.param({"env": Allowance(limit=0)}, Allowance(0, 10), "c b a", id="none at all"),
        pytest.param({"env": Allowance(limit=0)}, Allowance(limit=1), "c b a", id="who waits takes no place in all"),
        pytest.param({"env": Allowance(opened=ago(1), per_hour=3)}, FREE, "a", id="opened in the last hour"),
        pytest.param({"env": Allowance(opened=ago(60), per_hour=3)}, FREE, "", id="opened an hour ago"),
        pytest.param({}, Allowance(opened=ago(59, 1), per_hour=3), "d b a", id="a rate in all"),
        pytest.param(
            {"env": Allowance(opened=ago(1, 2, 3, 4, 5), per_hour=3)}, FREE, "c b a", id="a rate made smaller"
        ),
        pytest.param({"env": Allowance(opened=ago(-1, -600), per_hour=4)}, FREE, "a", id="a clock that was set back"),
    ],
)
def test_limits(repositories: Mapping[str, Allowance], overall: Allowance, held: str) -> None:
    assert names(queued(FOUR, repositories, overall, {}, NOON)) == held


@pytest.mark.parametrize(
    ("repository", "overall", "because"),
    [
        (Allowance(3, 3), FREE, "waits: 3 of 3 pull requests are open in env"),
        (FREE, Allowance(10, 10), "waits: 10 of 10 pull requests are open in all"),
        (
            Allowance(opened=ago(55, 3, 58.5), per_hour=3),
            FREE,
            "waits: 3 of 3 were opened in env in the last hour; the next at 12:02Z",
        ),
        (
            FREE,
            Allowance(opened=ago(59, 20, 10), per_hour=2),
            "waits: 3 of 2 were opened in all in the last hour; the next at 12:40Z",
        ),
        (
            Allowance(opened=ago(-9000), per_hour=1),
            FREE,
            "waits: 1 of 1 were opened in env in the last hour; the next at 13:00Z",
        ),
        (Allowance(per_hour=0), FREE, "waits: 0 of 0 were opened in env in the last hour"),
        (Allowance(1, 1, ago(1), 1), Allowance(1, 1), "waits: 1 of 1 pull requests are open in env"),
    ],
    ids=[
        "open",
        "open in all",
        "rate",
        "rate in all",
        "clock set back",
        "rate of none",
        "what people can settle first",
    ],
)
def test_a_wait_says_for_what(repository: Allowance, overall: Allowance, because: str) -> None:
    (wait,) = queued([PATCH], {"env": repository}, overall, {}, NOON).values()

    assert (wait.because, wait.place) == (because, 1)


def test_at_the_time_that_is_named_the_next_one_goes() -> None:
    allowance = Allowance(opened=ago(55.5, 30, 20), per_hour=3)
    (wait,) = queued([PATCH], {"env": allowance}, FREE, {}, NOON).values()
    assert wait.because.endswith("the next at 12:05Z")

    assert not queued([PATCH], {"env": allowance}, FREE, {}, NOON + timedelta(minutes=5))


def test_what_is_let_in_counts_as_opened_now() -> None:
    waits = queued(FOUR, {"env": Allowance(opened=ago(50), per_hour=2)}, FREE, {}, NOON)

    assert [wait.because for wait in waits.values()] == [
        "waits: 2 of 2 were opened in env in the last hour; the next at 12:10Z"
    ] * 2


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(
            [
                newcomer("z", "major", labels=("Security",)),
                newcomer("a", "repush"),
                newcomer("b", "digest"),
                newcomer("a", "patch"),
                newcomer("a", "minor"),
                newcomer("a", "major"),
                newcomer("a", "prerelease"),
            ],
            id="kinds",
        ),
        pytest.param(
            [
                newcomer("b", environment="production"),
                newcomer("a", repository="a"),
                newcomer("a", repository="b"),
                newcomer("b"),
            ],
            id="environment, name, repository",
        ),
        pytest.param(
            [newcomer("b", kinds=("minor",)), newcomer("a", kinds=("patch", "major"))], id="the worst of many"
        ),
        pytest.param([newcomer("b", "other"), newcomer("c", kinds=())], id="no kind at all"),
    ],
)
def test_the_order(order: list[Newcomer]) -> None:
    order = [replace(each, branch=f"{index}") for index, each in enumerate(order)]

    waits = queued(order[::-1], {}, Allowance(limit=0), {}, NOON)

    assert list(waits) == [(each.repository, each.branch) for each in order]
    assert [wait.place for wait in waits.values()] == list(range(1, len(waits) + 1))


@pytest.mark.parametrize(
    ("label", "first"),
    [
        ("security", True),
        ("SECURITY", True),
        ("security/high", True),
        ("type: security", True),
        ("kind/Security", True),
        ("area:security/cve", True),
        ("no-security", False),
        ("security-team-review", False),
        ("insecurity", False),
    ],
)
def test_which_labels_mean_security(label: str, first: bool) -> None:
    labelled = newcomer("z", "major", labels=("image-update", label))

    waits = queued([MINOR, labelled], {"env": Allowance(limit=1)}, FREE, {}, NOON)

    assert names(waits) == ("b" if first else "z")


@pytest.mark.parametrize(
    ("extras", "writes"),
    [([(), (), ()], 1), ([("a", "b"), (), ()], 3), ([("a",), ("b",), ("c",)], 5), ([(), ("alice",), ()], 3)],
    ids=["bare", "labels", "everything", "reviewers"],
)
def test_what_a_pull_request_costs(extras: Sequence[Sequence[str]], writes: int) -> None:
    assert cost(*extras) == writes
    assert cost(*extras, is_open=True) == max(writes, 2) + 1


def test_what_is_not_paid_for_keeps_back_all_after_it() -> None:
    assert unpayable({"a": 2, "b": 3, "c": 2, "d": 1}, 5) == {
        "c": "waits: it takes 2 writes, and the forge takes 0 more in this hour",
        "d": "waits: the forge takes 0 more writes in this hour, and others come first",
    }
    assert unpayable({"a": 2, "b": 1}, 1) == {
        "a": "waits: it takes 2 writes, and the forge takes 1 more in this hour",
        "b": "waits: the forge takes 1 more writes in this hour, and others come first",
    }
    assert unpayable({"a": 2}, 2) == {}


def test_no_more_is_opened_than_the_forge_takes() -> None:
    dear = [newcomer(name, cost=3, account="bot") for name in "abcd"]

    waits = queued(dear, {}, FREE, {"bot": 8}, NOON)

    assert [wait.because for wait in waits.values()] == [
        "waits: it takes 3 writes, and the forge takes 2 more in this hour",
        "waits: the forge takes 2 more writes in this hour, and others come first",
    ]


def test_a_cheap_one_does_not_keep_a_dear_one_waiting_for_ever() -> None:
    new = [newcomer("a", account="bot", cost=5), newcomer("b", account="bot"), newcomer("c", account="other")]

    assert names(queued(new, {}, FREE, {"bot": 4}, NOON)) == "a b"


def test_repositories_of_one_account_share_what_its_forge_takes() -> None:
    new = [newcomer("a", account="bot"), newcomer("b", repository="other", account="bot")]

    assert names(queued(new, {}, FREE, {"bot": 1}, NOON)) == "b"


def test_who_waits_for_another_limit_costs_the_forge_nothing() -> None:
    new = [newcomer("a", account="bot"), newcomer("b", repository="other", account="bot")]

    assert names(queued(new, {"env": Allowance(limit=0)}, FREE, {"bot": 1}, NOON)) == "a"


ANY_KIND = st.sampled_from(["digest", "patch", "minor", "major", "number"])
NEWCOMERS = st.lists(
    st.builds(
        Newcomer,
        repository=st.sampled_from(["one", "two"]),
        branch=st.uuids().map(str),
        environment=st.sampled_from(["production", "staging"]),
        name=st.sampled_from(["a", "b", "c"]),
        kinds=st.lists(ANY_KIND, max_size=2).map(tuple),
        labels=st.sampled_from([(), ("security",)]),
        account=st.sampled_from(["bot", "free"]),
        cost=st.integers(1, 5),
    ),
    max_size=12,
)
SMALL = st.none() | st.integers(0, 6)
TIMES = st.lists(st.integers(-90, 90).map(lambda minutes: NOON - timedelta(minutes=minutes)), max_size=5).map(tuple)
ALLOWANCES = st.builds(Allowance, st.integers(0, 6), SMALL, TIMES, SMALL)


@given(NEWCOMERS, ALLOWANCES, ALLOWANCES, st.integers(0, 20))
def test_no_limit_is_ever_passed_and_the_order_of_what_comes_is_no_matter(
    new: list[Newcomer], own: Allowance, overall: Allowance, writes: int
) -> None:
    waits = queued(new, {"one": own}, overall, {"bot": writes}, NOON)

    let_in = [each for each in new if (each.repository, each.branch) not in waits]
    for allowance, count in ((own, Counter(each.repository for each in let_in)["one"]), (overall, len(let_in))):
        recent = sum(1 for at in allowance.opened if NOON - at < timedelta(hours=1))
        assert not count or allowance.limit is None or allowance.open_now + count <= allowance.limit
        assert not count or allowance.per_hour is None or recent + count <= allowance.per_hour
    assert sum(each.cost for each in let_in if each.account == "bot") <= writes
    assert queued(new[::-1], {"one": own}, overall, {"bot": writes}, NOON) == waits


@given(NEWCOMERS, st.integers(1, 4), st.integers(5, 9))
def test_all_get_their_turn(new: list[Newcomer], per_hour: int, writes: int) -> None:
    left, now = list(new), NOON
    opened: tuple[datetime, ...] = ()
    for _ in range(2 * len(new)):
        waits = queued(left, {}, Allowance(opened=opened, per_hour=per_hour), {"bot": writes}, now)
        opened += (now,) * (len(left) - len(waits))
        left = [each for each in left if (each.repository, each.branch) in waits]
        now += timedelta(hours=1)

    assert not left
    assert all(sum(1 for at in opened if one <= at < one + timedelta(hours=1)) <= per_hour for one in opened)


def test_twice_as_many_changes_are_twice_the_work() -> None:
    once, twice = (
        calls(lambda size=size: queued(many(size), {}, Allowance(opened=ago(1) * size, per_hour=3 * size), {}, NOON))  # type: ignore[misc]
        for size in (100, 200)
    )
    assert once > 200
    assert twice < 2.5 * once


def many(count: int) -> list[Newcomer]:
    return [newcomer(f"app{number}") for number in range(count)]
