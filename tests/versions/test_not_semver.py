"""Words for each way in which a text fails to be a semantic version."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.versions.not_semver import why_no_semver
from imagebot.versions.semver import Semver
from imagebot.versions.semver_range import Range, SemanticVersion

ANY = Semver(Range.parse(">=0.0.0-0"))
NO_PART = "between two dots, or behind the last, there is no part"
NOTHING = "behind the -, between two dots or at the end, there is nothing"


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("2025.04.0", "the part 04 begins with a zero"),
        ("v01.2.3", "the part 01 begins with a zero"),
        ("1.2.00", "the part 00 begins with a zero"),
        ("1.2.3.4", "it has 4 parts"),
        ("1.2.3.4.5-rc.1", "it has 5 parts"),
        ("1..3", NO_PART),
        ("1.2.", NO_PART),
        ("1.2.x3", "the part x3 is no number"),
        ("1.2.3rc1", "the part 3rc1 is no number; what comes before a release stands behind a -, as in 3-rc1"),
        ("1.2.3_x", "the part 3_x is no number (only in the tags of charts a _ stands for a +)"),
        ("1.2.3-", NOTHING),
        ("1.2.3-rc..1", NOTHING),
        ("1.2.3-rc.01", "the part 01 behind the - begins with a zero"),
        ("1.2.3-rc_1", "the part rc_1 behind the - has other characters than letters, digits and -"),
        ("1.2.3+", NOTHING.replace("-", "+")),
        ("1.2.3+a_b", "the part a_b behind the + has other characters than letters, digits and -"),
    ],
)
def test_what_is_wrong_with_a_version_is_said(text: str, because: str) -> None:
    assert why_no_semver(text) == because
    assert f"is no three-part version: {because}" in ANY.why_not(text, ANY.place(text))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["latest", "sha256-abc", "main-abc", "", "v", "2025-04-01", "1", "1.5", "v1.5-rc.1"])
def test_where_no_part_is_wrong_none_is_blamed(text: str) -> None:
    assert why_no_semver(text) is None


@given(st.from_regex(r"v?[0-9]{1,3}(\.[0-9a]{0,3}){0,4}([-+][0-9a._-]{0,5}){0,2}", fullmatch=True))
def test_only_what_is_no_version_has_something_wrong(text: str) -> None:
    assert SemanticVersion.parse(text) is None or why_no_semver(text) is None


def test_no_time_is_lost_on_long_texts() -> None:
    assert why_no_semver("1." * 50_000) == "between two dots, or behind the last, there is no part"
