"""DORA's figures, of changes that are known by heart."""

from __future__ import annotations

from datetime import timedelta

import pytest

from imagebot.history.entry import ReviewFacts, since, with_reviews
from imagebot.history.figures import Figures, Period, Portion, Spread, figures
from tests.support.commits import commit, day, policies, told

TWO_IMAGES = """\
app: podinfo
repository: environments
environments: {staging: {}}
images: [{image: podinfo, semver: '*'}, {image: other, semver: '*'}]
"""
DAY = timedelta(days=1)


def image(tag: str) -> str:
    return f"image: podinfo:{tag}\n"


def line(*steps: tuple[float, str], messages: dict[int, str] | None = None, window: Period | None = None) -> Figures:
    """The figures of direct pushes at these days, each to another tag."""
    texts = [None, *(image(tag) for _, tag in steps)]
    commits = [
        commit(
            str(n),
            *([str(n - 1)] if n else []),
            at=at,
            message=(messages or {}).get(n, "change"),
            files={"a.yaml": (texts[n], texts[n + 1])},
        )
        for n, (at, _) in enumerate(steps)
    ]
    return figures(told(*commits).entries, window or Period(None, day(100), DAY))


def test_of_nothing_nothing_is_known() -> None:
    none = Figures(0, None, None, None, None, None, None, None)
    assert figures((), Period(None, day(100), DAY)) == none
    assert line((0, "1"), window=Period(day(50), day(99), DAY)) == Figures(0, 0.0, *[None] * 6)


def test_deployments_are_counted_from_the_first_or_from_the_windows_beginning() -> None:
    assert line((0, "1"), (1, "2"), (2, "3"), window=Period(None, day(21), DAY)).per_week == 1
    assert line((0, "1"), (15, "2"), (16, "3"), window=Period(day(14), day(28), DAY)).per_week == 1
    assert line((0, "1"), window=Period(None, day(0.5), DAY)).per_week is None


@pytest.mark.parametrize(
    ("steps", "now", "failed", "recovery"),
    [
        pytest.param([(0, "1"), (5, "2"), (5.5, "1")], 100, Portion(1, 3), 0.5, id="taken back at once"),
        pytest.param([(0, "1"), (5, "2"), (7, "1")], 100, Portion(0, 3), None, id="taken back later"),
        pytest.param([(0, "1"), (5, "2"), (5.5, "3")], 100, Portion(0, 3), None, id="a newer version"),
        pytest.param([(0, "2"), (5, "3"), (5.5, "1")], 100, Portion(1, 3), 0.5, id="further back than it came from"),
        pytest.param([(0, "1"), (5, "2"), (5.25, "1"), (5.5, "2")], 100, Portion(1, 4), 0.25, id="and forth again"),
        pytest.param([(0, "1"), (5, "2"), (5.5, "1")], 5.6, Portion(1, 2), 0.5, id="too young to tell, but one"),
        pytest.param([(0, "1")], 0.5, None, None, id="too young to tell"),
    ],
)
def test_a_deployment_failed_if_it_was_taken_back_in_time(
    steps: list[tuple[float, str]], now: float, failed: Portion | None, recovery: float | None
) -> None:
    found = line(*steps, window=Period(None, day(now), DAY))
    assert found.failed == failed
    spread = None if recovery is None else Spread(timedelta(days=recovery), timedelta(days=recovery), 1)
    assert found.recovery == spread


def test_rework_is_what_went_back_or_says_so() -> None:
    steps = ((0, "1"), (5, "2"), (9, "1"), (15, "3"), (16, "4"))
    assert line(*steps, messages={3: "Hotfix: now", 4: "also\n\nhotfix"}).rework == Portion(2, 5)


def test_one_commit_of_several_images_is_one_deployment() -> None:
    both = "containers:\n- image: podinfo:{0}\n- image: other:{0}\n"
    one, two = (both.format(tag) for tag in "12")
    ledger = told(
        commit("1", files={"a.yaml": (None, one)}),
        commit("2", "1", at=1, files={"a.yaml": (one, two)}),
        by=policies(TWO_IMAGES),
    )
    assert len(ledger.entries) == 4
    assert figures(ledger.entries, Period(None, day(100), DAY)).deployments == 2


def test_a_copy_and_a_removal_are_no_deployments() -> None:
    ledger = told(
        commit("1", files={"a.yaml": (None, image("1"))}),
        commit("2", "1", at=1, files={"b.yaml": (None, image("1"))}),
        commit("3", "2", at=2, files={"b.yaml": (image("1"), None)}),
    )
    assert figures(ledger.entries, Period(None, day(100), DAY)).deployments == 1


def test_lead_time_is_of_those_that_are_known() -> None:
    one, two = image("1"), image("2")
    ledger = told(
        commit("1", files={"a.yaml": (None, one)}),
        commit("side", "1", at=1, files={"a.yaml": (one, two)}),
        commit("m", "1", "side", at=4, files={"a.yaml": (one, two)}),
        commit("3", "m", at=5, files={"a.yaml": (two, one)}),
    )
    assert figures(ledger.entries, Period(None, day(100), DAY)).lead_time == Spread(3 * DAY, 3 * DAY, 1)


@pytest.mark.parametrize(
    ("days", "p50", "p95"),
    [
        pytest.param([3], 3, 3, id="one"),
        pytest.param([9, 1], 1, 9, id="two"),
        pytest.param(list(range(1, 21)), 10, 19, id="twenty"),
        pytest.param(list(range(1, 101)), 50, 95, id="a hundred"),
    ],
)
def test_percentiles_are_times_that_there_were(days: list[int], p50: int, p95: int) -> None:
    assert Spread.of([DAY * each for each in days]) == Spread(p50 * DAY, p95 * DAY, len(days))


def test_the_forge_knows_how_long_the_bot_waited_and_when_a_fast_forward_came() -> None:
    one, two = image("1"), image("2")
    entries = told(
        commit("1", files={"a.yaml": (None, one)}),
        commit("2", "1", at=0, by="imagebot", files={"a.yaml": (one, two)}),
        commit("3", "2", at=6, message="Merge pull request #9 from x/y", files={"a.yaml": (two, one)}),
        commit("4", "3", at=9, message="again (#8)", files={"a.yaml": (one, two)}),
    ).entries
    reviews = [
        ("2", ReviewFacts(7, "https://forge/7", day(1), day(3), "Bob", ("Cleo",))),
        ("", ReviewFacts(9, "https://forge/9", day(5), day(6.1), "Dan", ())),
        ("", ReviewFacts(8, "https://forge/8", day(1), day(2), "Dan", ())),
    ]
    found = with_reviews(entries, reviews)
    assert [entry.review.number if entry.review else None for entry in found] == [None, 7, 9, None]
    assert (entries[1].dated, found[1].dated, found[1].at, found[1].open_for) == (False, True, day(3), 2 * DAY)
    assert found[2].at == day(6)
    assert figures(found, Period(None, day(100), DAY)).lead_time == Spread(1.1 * DAY, 2 * DAY, 2)
    assert [entry.commit.id for entry in since(found, day(6))] == ["3", "4"]
