"""When the base branch had what."""

from __future__ import annotations

from datetime import timedelta

import pytest

from imagebot.history.commits import arrivals, at_moment, named
from tests.support.commits import BOT, NOW, commit, day


def test_a_merge_arrives_with_all_that_it_brings_and_at_its_own_time() -> None:
    commits = [
        commit("merge", "main", "late", at=5),
        commit("late", "early", at=1),
        commit("main", "first", at=3),
        commit("early", "first", at=2),
        commit("first", at=0),
    ]
    found = arrivals(commits, BOT, NOW)
    assert [(arrival.commit.id, [each.id for each in arrival.brought]) for arrival in found] == [
        ("first", []),
        ("main", []),
        ("merge", ["early", "late"]),
    ]
    assert [arrival.at for arrival in found] == [day(0), day(3), day(5)]


def test_what_a_branch_merged_from_the_base_came_with_the_base() -> None:
    commits = [
        commit("merge", "two", "update", at=5),
        commit("update", "side", "two", at=4),
        commit("two", "one", at=3),
        commit("side", "one", at=2),
        commit("one", at=1),
    ]
    last = arrivals(commits, BOT, NOW)[-1]
    assert [each.id for each in last.brought] == ["side", "update"]


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        pytest.param([0, 1, 2], [(0, True), (1, True), (2, True)], id="in order"),
        pytest.param([0, 5, 2, 6], [(0, True), (5, True), (5, False), (6, True)], id="a clock that is behind"),
        pytest.param([0, 5000, 2], [(0, True), (0, False), (2, True)], id="a clock that is years ahead"),
        pytest.param([5000, 2], [(365, False), (365, False)], id="nothing to go by"),
        pytest.param([1, 1], [(1, True), (1, True)], id="at once"),
    ],
)
def test_nothing_comes_before_what_it_is_based_on_nor_after_now(
    dates: list[float], expected: list[tuple[float, bool]]
) -> None:
    line = [commit(str(n), *([str(n - 1)] if n else []), at=at) for n, at in enumerate(dates)]
    found = arrivals(line[::-1], BOT, NOW)
    assert [(arrival.at, arrival.dated) for arrival in found] == [(day(at), dated) for at, dated in expected]


def test_the_bots_own_commits_have_the_date_of_another() -> None:
    found = arrivals([commit("b", "a", at=0, by="imagebot"), commit("a", at=0)], BOT, NOW)
    assert [arrival.dated for arrival in found] == [True, False]


def test_a_moment_is_what_the_branch_was_at_then() -> None:
    line = [commit("b", "a", at=2), commit("a", at=1)]
    found = arrivals(line, BOT, NOW)
    assert [at_moment(found, day(at)) for at in (0.5, 1, 1.5, 2, 9)] == [None, 0, 0, 1, 1]
    assert at_moment((), NOW) is None


def test_a_commit_is_found_by_its_beginning_or_by_what_brought_it() -> None:
    line = [commit("abc1", "abd2", "side3", at=2), commit("side3", "abd2"), commit("abd2", at=1)]
    found = arrivals(line, BOT, NOW)
    assert [named(found, text) for text in ("abc", "ab", "side", "x")] == [(1,), (0, 1), (1,), ()]


def test_a_branch_that_was_not_read_to_its_beginning_begins_where_it_was() -> None:
    (found,) = arrivals([commit("b", "not read", at=1)], BOT, day(1) + timedelta(seconds=1))
    assert (found.commit.id, found.at, found.dated) == ("b", day(1), True)
