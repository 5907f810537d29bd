"""Which candidates are images that run where the deployed one does, and are all there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from imagebot.selection.doubts import Attested, Doubt
from imagebot.selection.verdict import Unknown, Update, UpToDate, Verdict, Version, tag_of
from tests.selection.test_gates import AMD64, BOTH, TAGS
from tests.support.judging import DAY, NEW, NOON, OLD, Answers, case
from tests.support.watches import watch


@pytest.mark.parametrize(
    ("keys", "running", "new", "lacks"),
    [
        pytest.param({}, AMD64, AMD64, "", id="the same"),
        pytest.param({}, AMD64, BOTH, "", id="one more"),
        pytest.param({}, BOTH, AMD64, "linux/arm64, which the deployed image has", id="one less"),
        pytest.param({}, {}, AMD64, "", id="nothing is known of what runs"),
        pytest.param({}, {}, {}, "", id="no platforms, as what runs: a chart"),
        pytest.param(
            {},
            BOTH,
            {},
            "linux/amd64 and linux/arm64, which the deployed image has: it is for no platform at all",
            id="no image that runs",
        ),
        pytest.param({"platforms": ["linux/amd64"]}, BOTH, AMD64, "", id="the policy wants less"),
        pytest.param(
            {"platforms": ["linux/arm64/v8", "linux/amd64"]},
            AMD64,
            AMD64,
            "linux/arm64, which the policy wants",
            id="the policy wants more",
        ),
        pytest.param({"platforms": ["linux/amd64"]}, {}, {}, "linux/amd64, which the policy wants", id="wants some"),
    ],
)
def test_platforms_are_kept(keys: dict[str, Any], running: Any, new: Any, lacks: str) -> None:
    world = Answers({"1.5.0": OLD}, platforms={OLD: new, NEW: {**BOTH, **AMD64}}, running={"1.4.0": running})
    answer = world.verdict(case("1.4.0", tags=TAGS, rule=watch(**keys)))
    assert isinstance(answer, Update)
    assert answer.to.tag == ("1.4.2" if lacks else "1.5.0")
    assert (f"1.5.0 has no image for {lacks}" in answer.because) == bool(lacks)


def test_where_nothing_is_known_of_what_runs_a_container_needs_some_platform() -> None:
    world = Answers({"1.5.0": OLD}, platforms={OLD: {}})
    chart = case("1.4.0", tags=TAGS)
    container = replace(chart, deployed=tuple(replace(field, runs=True) for field in chart.deployed))
    assert tag_of(world.verdict(chart)) == "1.5.0"
    found = world.verdict(container)
    assert tag_of(found) == "1.4.2"
    assert "1.5.0 is for no platform at all, so it is no image that runs" in found.because


@pytest.mark.parametrize(
    ("absence", "now", "answer"),
    [
        (Attested("1.4.0"), NOON, Update),
        (Doubt("nothing is shown", NOON), NOON, Unknown),
        (Doubt("nothing is shown", NOON), NOON + DAY, Update),
    ],
)
def test_an_index_without_a_manifest_that_would_be_pulled_is_passed_by(
    absence: Attested | Doubt, now: datetime, answer: type[Verdict]
) -> None:
    world = Answers(lacks={"1.5.0": "no manifest of its image for linux/arm64"}, absence=absence)
    found = world.verdict(case("1.4.0", tags=TAGS), now)
    assert isinstance(found, answer)
    if isinstance(found, Update):
        assert found.to.tag == "1.4.2"
        assert "1.5.0 is listed, and the registry has no manifest of its image for linux/arm64, " in found.because


def test_the_deployed_version_is_up_to_date_if_all_above_lack_a_platform() -> None:
    world = Answers(platforms={NEW: AMD64}, running={"1.4.2": BOTH})
    assert world.verdict(case("1.4.2", tags=TAGS)) == UpToDate(
        Version("1.4.2"),
        "1.4.2 is the best that may run now; 1.5.0 has no image for linux/arm64, which the deployed image has",
    )
