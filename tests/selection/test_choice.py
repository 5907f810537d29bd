"""The choice by tags alone, and the tests of policies."""

from __future__ import annotations

from typing import Any

import pytest

from imagebot.errors import Problem
from imagebot.policy.trial import PolicyTest, Trial
from imagebot.selection.choice import choose, failure
from imagebot.selection.rank import rank
from tests.support.watches import ordered

OLD, NEW = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("current", "tag", "state"),
    [
        (None, "1.5.0", "chosen"),
        ("1.4.0", "1.5.0", "update"),
        ("latest", "1.5.0", "update"),
        ("v1.5.0", "1.5.0", "update"),
        ("1.5.0", "1.5.0", "up to date"),
        ("1.9.0", "1.9.0", "held (downgrade)"),
    ],
)
def test_states(current: str | None, tag: str, state: str) -> None:
    choice = choose(rank(ordered(semver="1.x"), ["1.5.0", "1.4.0"]), current, "current")
    assert (choice.tag, choice.state) == (tag, state)


def test_nothing_is_chosen_before_times_are_known() -> None:
    choice = choose(rank(ordered(created="newest"), ["a", "b", "c"]), "a", "current")
    assert (choice.tag, choice.state, choice.because) == (None, "unknown", "nobody says when c and 2 more were made")


@pytest.mark.parametrize(
    ("keys", "test", "says"),
    [
        ({"semver": "1.x"}, {"tags": ["1.4.0", "1.5.0"], "chosen": "1.5.0"}, None),
        ({"semver": "1.x"}, {"tags": ["1.4.0"], "current": "1.4.0", "chosen": "1.4.0", "because": "only tag"}, None),
        ({"semver": "1.x"}, {"tags": ["2.0.0"]}, None),
        ({"semver": "1.x"}, {"tags": ["2.0.0"], "because": "1 refused by range"}, None),
        (
            {"semver": "1.x"},
            {"tags": ["1.4.0", "2.0.0"], "chosen": "2.0.0"},
            "1.4.0 is chosen: 1.4.0 is the only tag in 1.x; 2.0.0 is not in 1.x",
        ),
        (
            {"semver": "1.x"},
            {"tags": ["1.4.0", "1.5.0"], "chosen": "1.4.0"},
            "1.5.0 is chosen: 1.5.0 is the newest of 2 tags in 1.x; 1.4.0 fits, too, and comes after it",
        ),
        (
            {"semver": "1.x"},
            {"tags": ["1.4.0"], "chosen": "1.5.0"},
            "1.4.0 is chosen: 1.4.0 is the only tag in 1.x; 1.5.0 is not among the tags",
        ),
        ({"semver": "1.x"}, {"tags": ["1.4.0"]}, "1.4.0 is chosen: 1.4.0 is the only tag in 1.x"),
        (
            {"semver": "1.x"},
            {"tags": ["2.0.0"], "chosen": "2.0.0"},
            "nothing is chosen: the only tag does not fit: 1 refused by range; 2.0.0 is not in 1.x",
        ),
        (
            {"semver": "1.x"},
            {"tags": ["1.4.0"], "chosen": "1.4.0", "because": "newest"},
            "1.4.0 is chosen for another reason: 1.4.0 is the only tag in 1.x",
        ),
        (
            {"created": "newest"},
            {"tags": ["a", "b"], "created": {"a": "2026-01-02", "b": "2026-01-01"}, "chosen": "a"},
            None,
        ),
        ({"created": "newest"}, {"tags": ["a"], "chosen": "a"}, "nothing is chosen: nobody says when a was made"),
        ({"commit": {"source": "api"}}, {"tags": [OLD[:7], NEW], "history": [NEW, OLD], "chosen": NEW}, None),
        (
            {"semver": "*", "tags": {"variant": "keep"}},
            {"tags": ["1.1.0-a", "1.2.0"], "current": "1.0.0-a", "chosen": "1.1.0-a"},
            None,
        ),
        ({"digest": "latest"}, {"tags": ["latest", "1.0.0"], "chosen": "latest"}, None),
    ],
)
def test_a_test_of_a_policy(keys: dict[str, Any], test: dict[str, Any], says: str | None) -> None:
    trial = Trial(PolicyTest.model_validate(test), ordered(**keys), Problem("x", 1, 1, ""))
    found = failure(trial)
    assert found == says if says is None or not says.endswith("made") else (found or "").startswith(says)
