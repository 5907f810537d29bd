"""Versions and ranges; `answers.txt` beside this file is the law."""

from __future__ import annotations

import re
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.versions.order import BadRule, Out
from imagebot.versions.semver import Semver
from imagebot.versions.semver_range import Range, SemanticVersion
from tests.versions.answers import ANSWERS, VERSIONS

TAGS_IN_ORDER = [
    "0.0.0-0",
    "0.0.0-alpha",
    "0.0.0",
    "0.0.1",
    "v0.1.0",
    "1.0.0-0.3.7",
    "1.0.0--",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-beta.999",
    "1.0.0-beta.1000",
    "1.0.0-rc.1",
    "v1.0.0-rc1",
    "1.0.0-rc10",
    "1.0.0-rc9",
    "1.0.0-x.7.z.92",
    "v1.0.0",
    "1.0.2",
    "1.0.10",
    "1.2.0",
    "v1.10.0",
    "2.0.0-rc.1",
    "2.0.0",
    "11.0.0",
    "20240101.0.0",
    "20240101000000000000000.0.0",
    "20240101000000000000001.0.0",
]


def version(text: str, loose: bool = False) -> SemanticVersion:
    parsed = SemanticVersion.parse(text, loose)
    assert parsed is not None, text
    return parsed


def test_there_are_thousands_of_answers() -> None:
    assert len(VERSIONS) * len(ANSWERS) * 2 > 10_000


@pytest.mark.parametrize(("text", "let_in", "with_prereleases"), [pytest.param(*row, id=row[0]) for row in ANSWERS])
def test_a_range_lets_in_what_masterminds_does(text: str, let_in: set[str], with_prereleases: set[str]) -> None:
    wanted = Range.parse(text)
    assert {one for one in VERSIONS if wanted.admits(version(one).key)} == let_in
    assert {one for one in VERSIONS if wanted.admits(version(one).key, prereleases=True)} == with_prereleases


@pytest.mark.parametrize(("older", "newer"), list(combinations(TAGS_IN_ORDER, 2)))
def test_order(older: str, newer: str) -> None:
    assert version(older) < version(newer)
    assert not version(newer) < version(older)
    assert version(older) != version(newer)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1.0.0", "v1.0.0"), ("1.0.0+a", "1.0.0+b"), ("1.0.0-rc.1", "v1.0.0-rc.1+7"), ("1.20", "1.20.0"), ("005", "5")],
)
def test_equal_versions(one: str, other: str) -> None:
    assert version(one, loose=True) == version(other, loose=True)
    assert hash(version(one, loose=True)) == hash(version(other, loose=True))


@pytest.mark.parametrize(
    "text", ["1.2.3", "v1.2.3", "0.0.0", "1.2.3-rc.1", "1.2.3--", "1.2.3-0a", "1.2.3-a-b.0", "1.2.3+01", "1.2.3-x+y.z"]
)
def test_versions_in_both_ways(text: str) -> None:
    assert str(version(text)) == text
    assert version(text) == version(text, loose=True)


@pytest.mark.parametrize("text", ["1", "1.2", "v1", "01.2.3", "1.02.3", "1.2.03", "1.2-rc.1", "20240101", "1.2-alpine"])
def test_versions_only_when_loose(text: str) -> None:
    assert SemanticVersion.parse(text) is None
    assert SemanticVersion.parse(text, loose=True) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v",
        "latest",
        "V1.2.3",
        "vv1.2.3",
        "1.2.3.4",
        "1.2.3-",
        "1.2.3-01",
        "1.2.3-a..b",
        "1.2.3_1",
        "1.2.3+",
        "-1.2.3",
        "1..3",
        "1.2.x",
        " 1.2.3",
        "1.2.3\n",
        "release-1.2.3",
        "\N{FULLWIDTH DIGIT ONE}.2.3",
        "\N{ARABIC-INDIC DIGIT ONE}.2.3",
        pytest.param("1." * 200 + "1", id="too many parts"),
        pytest.param("9" * 5000, id="more digits than int() reads"),
    ],
)
def test_no_versions_either_way(text: str) -> None:
    assert SemanticVersion.parse(text) is None
    assert SemanticVersion.parse(text, loose=True) is None


@pytest.mark.parametrize(
    ("text", "tag", "because"),
    [
        ("^1.4", "2.0.0", "2.0.0 is not in ^1.4"),
        ("^1.4", "v1.3.9", "v1.3.9 is not in ^1.4"),
        ("^1.4", "1.5.0-rc.1", "1.5.0-rc.1 is a prerelease, and ^1.4 names none"),
        ("^1.4", "1.4.0-rc.1", "1.4.0-rc.1 is not in ^1.4"),
        ("^1.4", "2.0.0-rc.1", "2.0.0-rc.1 is not in ^1.4"),
        ("^1 || ^2-0", "1.5.0-rc.1", "1.5.0-rc.1 is a prerelease, and ^1 || ^2-0 names none"),
        ("^1.4-0", "1.4.0-rc.1", None),
    ],
)
def test_reasons(text: str, tag: str, because: str | None) -> None:
    order = Semver(Range.parse(text), loose=False)
    place = order.place(tag)
    assert (f"{tag} {order.why_not(tag, place)}" if isinstance(place, Out) else None) == because


@pytest.mark.parametrize(
    ("text", "names"),
    [("^1", False), ("^1-0", True), ("1 || 2-rc.1", True), ("1.2.3 - 2.0.0-rc", True), ("1+b-c", False)],
)
def test_names_prerelease(text: str, names: bool) -> None:
    assert Range.parse(text).names_prerelease is names


@pytest.mark.parametrize(
    ("text", "admitted"),
    [
        pytest.param("1.0.0 2 - 3", "", id="no comma before a hyphen range"),
        pytest.param("1.0.0||2 - 3", "1.0.0 2.0.0 3.0.0", id="no space between || and a hyphen range"),
        pytest.param(" >=1\t<2\n", "1.0.0", id="other white space"),
        pytest.param("<=99999999999999999999999", "1.0.0 2.0.0 3.0.0", id="more than 64 bits"),
    ],
)
def test_ranges_that_only_we_read(text: str, admitted: str) -> None:
    """Masterminds trips over the first two, by mistakes in its rewriting of hyphens, and over numbers above 64 bits."""
    wanted = Range.parse(text)
    assert str(wanted) == text
    assert [one for one in ("1.0.0", "2.0.0", "3.0.0") if wanted.admits(version(one).key)] == admitted.split()


@pytest.mark.parametrize(
    ("text", "marked", "says"),
    [
        ("", "", "empty"),
        ("  ", "  ", "empty"),
        ("latest", "latest", "'latest' is no condition"),
        ("^1.4, banana", "banana", "'banana' is no condition"),
        ("^1.4 banana <2", "banana", "'banana' is no condition"),
        ("1.2.3.4", "1.2.3.4", "no condition"),
        (">=1<2", ">=1<2", "no condition"),
        ("==1", "==1", "no condition"),
        (">< 1", ">< 1", "no condition"),
        ("^1.0.0-01", "^1.0.0-01", "no condition"),
        ("^V1", "^V1", "no condition"),
        ("1.y", "1.y", "no condition"),
        ("^1.2.3 - 2", "-", "no condition"),
        ("1 -2", "-2", "no condition"),
        ("1 |2", "|", "||"),
        ("^", "^", "no condition"),
        ("1,", ",", "missing"),
        ("1,,2", ",", "missing"),
        (",1", ",", "missing"),
        ("1 ||", "|", "missing"),
        ("|| 1", "|", "missing"),
        ("1 || || 2", "|", "missing"),
        pytest.param("1 " * 300, "1 " * 300, "512 characters", id="too long"),
        pytest.param("||".join("1" * 33), "||".join("1" * 33), "32 alternatives", id="too many alternatives"),
        pytest.param("^\N{FULLWIDTH DIGIT ONE}", "^\N{FULLWIDTH DIGIT ONE}", "no condition", id="foreign digits"),
    ],
)
def test_ranges_that_cannot_be_read(text: str, marked: str, says: str) -> None:
    with pytest.raises(BadRule, match=re.escape(says)) as caught:
        Range.parse(text)
    assert text[caught.value.offset : caught.value.offset + caught.value.length] == marked
    assert caught.value.length >= 1


numbers = st.integers(0, 3) | st.integers(0, 10**30)
words = st.from_regex(r"[0-9]*[A-Za-z-][0-9A-Za-z-]{0,3}", fullmatch=True)
identifiers = st.lists(numbers.map(str) | words, max_size=3)


@st.composite
def versions(draw: st.DrawFn) -> str:
    core = ".".join(str(draw(numbers)) for _ in range(3))
    prerelease = draw(identifiers)
    return draw(st.sampled_from(["", "v"])) + core + ("-" + ".".join(prerelease) if prerelease else "")


@given(versions())
def test_what_is_written_is_read_again(text: str) -> None:
    assert str(version(text)) == text
    assert version(str(version(text))) == version(text)


@given(versions(), versions(), versions())
def test_the_order_is_total(one: str, two: str, three: str) -> None:
    first, second, third = sorted(map(version, (one, two, three)))
    assert first <= second <= third
    assert first <= third
    assert (first < second) + (first == second) + (first > second) == 1


operators = st.sampled_from(["", "=", "!=", ">", ">=", "<", "<=", "~", "^"])
conditions = st.builds("{}{}".format, operators, versions())


@given(st.lists(conditions, min_size=1, max_size=3), versions(), st.booleans())
def test_conditions_side_by_side_hold_together(texts: list[str], tag: str, prereleases: bool) -> None:
    """With prereleases named by one, they are wanted by all: so the parts are asked with them let in."""
    group = Range.parse(" ".join(texts))
    let_in = prereleases or group.names_prerelease
    parts = all(Range.parse(text).admits(version(tag).key, let_in) for text in texts)
    assert group.admits(version(tag).key, prereleases) == parts


@given(st.lists(conditions, min_size=1, max_size=3), versions(), st.booleans())
def test_alternatives_are_asked_one_by_one(texts: list[str], tag: str, prereleases: bool) -> None:
    key = version(tag).key
    parts = any(Range.parse(text).admits(key, prereleases) for text in texts)
    assert Range.parse(" || ".join(texts)).admits(key, prereleases) == parts


@given(st.text(alphabet="^~<>=!|, x*v.-+019ab\t", max_size=24))
def test_no_text_breaks_the_reader(text: str) -> None:
    wanted = read(text)
    if isinstance(wanted, BadRule):
        assert 0 <= wanted.offset <= max(len(text) - 1, 0)
        return
    for tag, prereleases in product(VERSIONS, (False, True)):
        order = Semver(wanted, prereleases=prereleases)
        assert (order.place(tag) == version(tag).key) == wanted.admits(version(tag).key, prereleases)


def read(text: str) -> Range | BadRule:
    try:
        return Range.parse(text)
    except BadRule as error:
        return error


@pytest.mark.parametrize(
    ("tag", "behind"),
    [
        ("1.2.3", ""),
        ("v1.2", ""),
        ("1", ""),
        ("1.2.3-alpine", "-alpine"),
        ("1.2.3-alpine3.19", "-alpine3.19"),
        ("1.2.3-debian-12-r7", "-debian-12-r7"),
        ("17.0.1_12", "_12"),
        ("1.2.3-rc.1-alpine", "-alpine"),
        ("1.2.3-RC1-alpine", "-alpine"),
        ("1.2.3rc1", ""),
        ("1.2.3-beta", ""),
        ("1.2.3-beta-12", ""),
        ("1.2.3-b7-slim", "-slim"),
        ("1.2.3-b", "-b"),
        ("1.2.3-previous", "-previous"),
        ("1.2.3-prerelease.1", "-prerelease.1"),
        ("1.2.3.4", None),
        ("latest", None),
        ("release-1.2.3", None),
    ],
)
def test_where_a_variant_begins(tag: str, behind: str | None) -> None:
    assert Semver(Range.parse("*")).around(tag) == (None if behind is None else ("", behind))
