"""Helm's versions in tags: `_` stands for the `+` that no tag can hold."""

from __future__ import annotations

from itertools import combinations

import pytest

from imagebot.selection.rank import rank, version_of
from imagebot.versions.known import OrderInputs
from imagebot.versions.semver_range import is_chart_tag, key_of
from tests.support.watches import watch

IN_ORDER = [
    "0.20250101.1",
    "0.20250616.4188_ref.2dec694",
    "0.20250617.4190-rc.1_ref.aaaaaaa",
    "0.20250617.4190_ref.aaaaaaa",
    "1.2.3_build",
    "1.2.4_build-1.7",
]


def test_charts_stand_in_the_order_of_their_versions() -> None:
    rule = watch(">0.0.1")
    for lower, higher in combinations(IN_ORDER, 2):
        low, high = version_of(rule, lower), version_of(rule, higher)
        assert low is not None
        assert high is not None
        assert low < high, (lower, higher)


@pytest.mark.parametrize(
    ("one", "other"), [("1.2.3_build", "1.2.3+build"), ("1.2.3_a", "1.2.3"), ("v1.2.3_a", "1.2.3+b")]
)
def test_plus_and_underscore_are_one(one: str, other: str) -> None:
    assert version_of(watch(), one) == version_of(watch(), other) == key_of("1.2.3")


@pytest.mark.parametrize(
    ("tag", "is_one"),
    [
        ("1.2.3_build", True),
        ("1.2.3-rc.1_a.7", True),
        ("1.2.3", False),
        ("1.2_a", False),
        ("1.2.3_", False),
        ("a_b", False),
        ("1.2.3_a_b", False),
        ("latest_1.2.3", False),
    ],
)
def test_what_a_tag_of_a_chart_is(tag: str, is_one: bool) -> None:
    assert is_chart_tag(tag) == is_one


def test_a_chart_moves_on_to_its_next_version() -> None:
    tags = ["0.20250101.1", "0.20250616.4188_ref.2dec694", "0.20250617.4190_ref.aaaaaaa"]
    best = rank(watch(">0.0.1"), tags, ["0.20250616.4188_ref.2dec694"]).best
    assert best is not None
    assert best.tag == "0.20250617.4190_ref.aaaaaaa"


def test_a_chart_without_build_metadata_moves_on_to_one_with_it() -> None:
    best = rank(watch(), ["1.4.0", "1.5.0_ref.a"], ["1.4.0"], OrderInputs(charts=True)).best
    assert best is not None
    assert best.tag == "1.5.0_ref.a"


def test_another_variant_of_an_image_is_no_chart() -> None:
    ranking = rank(watch(), ["1.4.0", "1.5.0_alpine"], ["1.4.0"])
    assert ranking.best is not None
    assert ranking.best.tag == "1.4.0"
    (refusal,) = ranking.refused
    assert refusal.because.startswith("1.5.0_alpine is no three-part version: the part 0_alpine is no number (only")


def test_of_two_builds_of_one_version_the_deployed_one_stays() -> None:
    best = rank(watch(), ["1.5.0_a", "1.5.0_b", "1.5.0"], ["1.5.0_b"]).best
    assert best is not None
    assert best.tag == "1.5.0_b"
