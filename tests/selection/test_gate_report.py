"""Which refused tags are worth telling: those that somebody would have expected."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from imagebot.images.packed_tags import PackedTags
from imagebot.selection.gate_report import better, nearest
from imagebot.selection.rank import MOST_TOLD, Ranking, rank
from imagebot.selection.verdict import Refusal
from tests.support.watches import ordered, watch

TAGS = ["1.4.0", "1.5.0", "1.6.0-rc.1", "2.0.0", "2.1.0", "2.2.0", "2.3.0", "0.9.0", "latest", "1.5.0-alpine"]


def test_the_nearest_better_tags_of_each_rule_and_why() -> None:
    found = better(rank(watch(), TAGS), "1.5.0")

    assert [(refusal.tag, refusal.rule) for refusal in found] == [
        ("1.6.0-rc.1", "prerelease"),
        ("2.0.0", "range"),
        ("2.1.0", "range"),
        ("2.2.0", "range"),
    ]


def test_nothing_is_better_than_what_has_no_place() -> None:
    assert better(rank(watch(), TAGS), "latest") == ()


def test_the_nearest_refused_tags_come_first_on_either_side() -> None:
    ranking = rank(watch("=9.9.9"), ["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "latest"])

    found = [refusal.tag for refusal in nearest(ranking, "1.2.0")]

    assert found == ["1.2.0", "1.1.0", "1.3.0", "1.0.0", "1.4.0", "latest"]


def test_another_variant_has_a_place_by_its_version() -> None:
    ranking = rank(ordered(semver="*", tags={"variant": "keep"}), ["1.0.0", "1.3.0-a"], {"1.0.0"})

    assert ranking.place("1.3.0-a") == ranking.place("1.3.0")
    assert [refusal.tag for refusal in better(ranking, "1.0.0")] == ["1.3.0-a"]


def test_to_name_three_tags_that_are_refused_not_all_of_a_long_list_are_kept() -> None:
    listed = PackedTags.of(f"{number}.0.0" for number in range(2, 20_002))
    ranking = rank(watch(), PackedTags.of(["1.5.0"]).and_then(listed))
    tracemalloc.start()
    found = better(ranking, "1.5.0")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [refusal.tag for refusal in found] == ["2.0.0", "3.0.0", "4.0.0"]
    assert most < 1024 * 1024


@pytest.mark.parametrize("told", [lambda ranking: ranking.refused, lambda ranking: nearest(ranking, "60000.0.0")])
def test_of_very_many_refused_tags_some_are_told_of_and_no_more_kept(
    told: Callable[[Ranking], tuple[Refusal, ...]],
) -> None:
    ranking = rank(watch("=1.0.0"), PackedTags.of(f"{number}.0.0" for number in range(2, 70_002)))
    tracemalloc.start()
    found = told(ranking)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(count for _, count in ranking.refused_by) == 70_000
    assert MOST_TOLD <= len(found) < 70_000
    assert found[0].tag in ("70001.0.0", "60000.0.0")
    assert most < 1500 * 2 * MOST_TOLD, "nothing for each of the others"
