"""Calendar versions: https://calver.org/#scheme."""

from __future__ import annotations

from datetime import date
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.versions.calver import Calver, Format
from imagebot.versions.order import BadRule, Out
from tests.support.orders import placed

IN_ORDER = {
    "YYYY.0M.MICRO-MODIFIER": [
        "1999.12.0",
        "2025.12.31",
        "2026.01.0-dev",
        "2026.01.0-alpha",
        "2026.01.0-alpha.2",
        "2026.01.0-alpha10",
        "2026.01.0-beta",
        "2026.01.0-rc",
        "2026.01.0-rc1",
        "2026.01.0-rc2",
        "2026.01.0-rc9",
        "2026.01.0-rc10",
        "2026.01.0",
        "2026.01.1",
        "2026.01.9",
        "2026.01.10",
        "v2026.02.0",
        "2026.09.5",
        "2026.10.0",
        "2027.01.0",
        "9999.12.99999999999999999999998",
        "9999.12.99999999999999999999999",
    ],
    "YYYY-MM-DD": ["v2026-1-30", "2026-2-1", "2026-2-28", "v2026-9-1", "2026-10-1", "2026-12-31"],
    "YYYY0M0D": ["20251231", "20260101", "20260131", "20260201", "20280229"],
    "0Y.0M": ["00.01", "04.10", "06.06", "24.04", "24.10", "99.12", "106.01"],
    "YY.MM.MICRO": ["0.1.0", "6.6.0", "24.4.1", "24.10.0", "100.1.0"],
    "YYYY.0W": ["2026.01", "2026.02", "2026.52", "2026.53", "2027.01"],
    "YYYY.WW.MINOR": ["2026.1.0", "2026.2.0", "2026.10.0", "2026.10.1"],
    "0D.0M.YYYY": ["31.12.2025", "01.01.2026", "15.01.2026", "01.02.2026"],
    "MAJOR.YYYY.MM": ["1.2026.12", "2.2025.1", "2.2026.1", "10.2020.1"],
    "release-YYYY.MM_MICRO": ["release-2026.1_9", "release-2026.1_10"],
    "YYYY.MM.MICROMODIFIER": ["2026.1.0a1", "2026.1.0b1", "2026.1.0rc1", "2026.1.0"],
}


@pytest.mark.parametrize(
    ("form", "older", "newer"), [(form, *pair) for form, tags in IN_ORDER.items() for pair in combinations(tags, 2)]
)
def test_order(form: str, older: str, newer: str) -> None:
    order = Calver(Format.parse(form), prereleases=True)
    assert placed(order, older) < placed(order, newer)
    assert order.loosely(older) == order.place(older)


@pytest.mark.parametrize(
    ("form", "text", "because"),
    [
        ("YYYY.0M.MICRO", "2026.13.1", "is no real date"),
        ("YYYY.0M.MICRO", "2026.00.1", "is no real date"),
        ("YYYY.0M.0D", "2026.02.29", "is no real date"),
        ("YYYY.0M.0D", "2026.04.31", "is no real date"),
        ("YYYY.0W", "2026.54", "is no real date"),
        ("YYYY.0W", "2026.00", "is no real date"),
        ("YYYY.0M.MICRO", "2026.1.1", "has other zeros in front than the format YYYY.0M.MICRO"),
        ("YYYY.MM.MICRO", "2026.01.1", "has other zeros in front than the format YYYY.MM.MICRO"),
        ("YYYY.MM.MICRO", "2026.1.01", "has other zeros in front than the format YYYY.MM.MICRO"),
        ("YYYY.0M.MICRO", "2026.01", "has not the format YYYY.0M.MICRO"),
        ("YYYY.0M.MICRO", "26.01.1", "has not the format YYYY.0M.MICRO"),
        ("YYYY.0M.MICRO", "2026.01.1-rc1", "has not the format YYYY.0M.MICRO"),
        ("YYYY.0M.MICRO", "2026-01-1", "has not the format YYYY.0M.MICRO"),
        ("YYYY.0M.MICRO", "latest", "has not the format YYYY.0M.MICRO"),
        ("YYYY.0M.MICRO", "2026.01.\N{ARABIC-INDIC DIGIT ONE}", "has not the format YYYY.0M.MICRO"),
        ("YYYY.0M.MICRO", "2026.01.1\n", "has not the format YYYY.0M.MICRO"),
        ("YYYY.0M.MICRO-MODIFIER", "2026.01.1-", "has not the format YYYY.0M.MICRO-MODIFIER"),
        ("YYYY.0M.MICRO-MODIFIER", "2026.01.1-1", "has not the format YYYY.0M.MICRO-MODIFIER"),
        ("vYYYY.0M", "2026.01", "has not the format vYYYY.0M"),
    ],
)
def test_no_version_of_the_format(form: str, text: str, because: str) -> None:
    order = Calver(Format.parse(form))
    assert order.place(text) is Out.UNREAD
    assert order.why_not(text, Out.UNREAD) == because


def test_a_modifier_makes_a_prerelease() -> None:
    form = Format.parse("YYYY.MM-MODIFIER")
    assert Calver(form).place("2026.1-rc1") is Out.PRERELEASE
    assert "only prereleases: true" in Calver(form).why_not("2026.1-rc1", Out.PRERELEASE)
    key = Calver(form, prereleases=True).place("2026.1-rc1")
    assert not isinstance(key, Out)
    assert (
        Calver(form).why(key)
        == "is a version of the format YYYY.MM-MODIFIER, a prerelease that prereleases: true lets in"
    )


TAGS = ["2025.12.9", "2026.01.0", "2026.01.5-rc1", "2026.01.5", "2026.02.0", "2026.12.31", "2027.01.0"]


@pytest.mark.parametrize(
    ("text", "admitted"),
    [
        (">=2026.01 <2027", "2026.01.0 2026.01.5-rc1 2026.01.5 2026.02.0 2026.12.31"),
        (">=2026.1, <2027", "2026.01.0 2026.01.5-rc1 2026.01.5 2026.02.0 2026.12.31"),
        ("2026", "2026.01.0 2026.01.5-rc1 2026.01.5 2026.02.0 2026.12.31"),
        ("=2026.01", "2026.01.0 2026.01.5-rc1 2026.01.5"),
        (">2026.01", "2026.02.0 2026.12.31 2027.01.0"),
        ("<=2026.01", "2025.12.9 2026.01.0 2026.01.5-rc1 2026.01.5"),
        ("<2026.01.5", "2025.12.9 2026.01.0"),
        (">=2026.01.5", "2026.01.5 2026.02.0 2026.12.31 2027.01.0"),
        (">=2026.01.5-rc1 <2026.02", "2026.01.5-rc1 2026.01.5"),
        ("2026.01.5", "2026.01.5"),
        ("!=2026.01 >=2026", "2026.02.0 2026.12.31 2027.01.0"),
        ("2025 || >= 2027", "2025.12.9 2027.01.0"),
        (" 2025||2027 ", "2025.12.9 2027.01.0"),
    ],
)
def test_ranges(text: str, admitted: str) -> None:
    form = Format.parse("YYYY.0M.MICRO-MODIFIER")
    order = Calver(form, Calver.bounds(text, form), prereleases=True)
    assert [tag for tag in TAGS if not isinstance(order.place(tag), Out)] == admitted.split()
    assert [tag for tag in TAGS if (key := form.read(tag)) and order.region(text).holds(key)] == admitted.split()


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("^2026", "^2026"),
        ("2026.x", "2026.x"),
        (">=2026.13", ">=2026.13"),
        (">=2026 <", "<"),
        (">=2026 | 2027", "|"),
        ("2026,", ","),
        ("2026 || ", " "),
        ("latest", "latest"),
        (">=2026.01.0.0", ">=2026.01.0.0"),
        pytest.param("", "", id="empty"),
        pytest.param("2026 " * 200, "2026 " * 200, id="too long"),
    ],
)
def test_ranges_that_cannot_be_read(text: str, marked: str) -> None:
    with pytest.raises(BadRule) as caught:
        Calver.bounds(text, Format.parse("YYYY.0M.MICRO"))
    assert text[caught.value.offset : caught.value.offset + caught.value.length] == marked


def test_a_format_out_of_order_takes_whole_versions_in_ranges() -> None:
    form = Format.parse("0D.0M.YYYY")
    assert Calver.bounds(">=15.01.2026", form).holds(form.read("01.02.2026") or ())
    with pytest.raises(BadRule):
        Calver.bounds(">=15.01", form)


@pytest.mark.parametrize(
    ("text", "marked", "says"),
    [
        ("yyyy.mm", "yyyy.mm", "fields are in capitals"),
        ("MAJOR.MINOR", "MAJOR.MINOR", "has a year"),
        ("YYYY.FOO", "FOO", "'FOO' is no field: there are YYYY"),
        ("YYYY.3", "3", "'3' is no field"),
        ("YYYY 0M", " ", "' ' is no field"),
        ("YYYY.YYYY", "YYYY", "here twice"),
        ("YYYY.YY", "YYYY.YY", "two fields for the year"),
        ("YYYY.MM.0M", "YYYY.MM.0M", "two fields for the month"),
        ("YYYY.MM.WW", "YYYY.MM.WW", "weeks do not go with months"),
        ("YYYY.DD", "YYYY.DD", "a day is a day of a month"),
        ("YYYY-MODIFIER.MM", "MODIFIER", "comes last"),
        ("YYYYMMDD", "MMDD", "where MM ends and DD begins"),
        ("YYYY.MICRO0MMINOR", "0MMINOR", "cannot be told"),
        ("YYYY\N{BULLET}MM", "\N{BULLET}", "is no field"),
        pytest.param("", "", "1 to 128", id="empty"),
        pytest.param("YYYY" + "." * 200, "YYYY" + "." * 200, "1 to 128", id="too long"),
    ],
)
def test_formats_that_cannot_be_read(text: str, marked: str, says: str) -> None:
    with pytest.raises(BadRule, match=says) as caught:
        Format.parse(text)
    assert text[caught.value.offset : caught.value.offset + caught.value.length] == marked


@pytest.mark.parametrize(
    ("form", "tag", "around"),
    [
        ("YYYY.0M.MICRO", "2026.01.3-alpine", ("", "-alpine")),
        ("YYYY.0M.MICRO", "2026.1.3-alpine", ("", "-alpine")),
        ("YYYY.0M.MICRO", "2026.01.3", ("", "")),
        ("YYYY.0M", "2026.011", None),
        ("YYYY.0M", "latest", None),
    ],
)
def test_what_stands_around_a_version(form: str, tag: str, around: tuple[str, str] | None) -> None:
    assert Calver(Format.parse(form)).around(tag) == around


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("2025.12.0", "2026.01.0", "year"),
        ("2026.01.0", "2026.02.0", "month"),
        ("2026.01.0", "2026.01.1", "micro"),
        ("2026.01.1-rc1", "2026.01.1", "prerelease"),
        ("v2026.01.1", "2026.01.1", "other"),
        ("latest", "2026.01.1", "other"),
    ],
)
def test_steps(old: str, new: str, word: str) -> None:
    order = Calver(Format.parse("YYYY.0M.MICRO-MODIFIER"))
    assert order.step(order.loosely(old), order.loosely(new)) == word


def test_words() -> None:
    form = Format.parse("YYYY.0M")
    plain, bounded = Calver(form), Calver(form, Calver.bounds("2026", form))
    assert (str(plain), str(bounded)) == ("YYYY.0M", "YYYY.0M 2026")
    assert plain.praise(3, (2026, 1, (1,))) == "the newest of 3 tags of the format YYYY.0M"
    assert bounded.praise(1, (2026, 1, (1,))) == "the only tag in 2026"
    assert bounded.why_not("2025.01", Out.RANGE) == "is not in 2026"


dates = st.dates(min_value=date(1000, 1, 1))
fields = st.sampled_from(["YYYY", "YY", "0Y", "MM", "0M", "0W", "DD", "0D", "MAJOR", "MINOR", "MICRO", "MODIFIER"])
formats = st.lists(fields | st.sampled_from([".", "-", "_", "v", "x"]), max_size=8).map("".join)


def format_or_error(text: str) -> Format | BadRule:
    try:
        return Format.parse(text)
    except BadRule as error:
        return error


@given(
    formats | st.text(alphabet="YMDW0MAJORICNFE.-_v1", max_size=20), st.text(alphabet="0123456789.-vrc", max_size=20)
)
def test_no_format_and_no_tag_break_the_reader(form: str, tag: str) -> None:
    read = format_or_error(form)
    if isinstance(read, BadRule):
        assert 0 <= read.offset <= max(len(form) - 1, 0)
        return
    order = Calver(read)
    place: Any = order.place(tag)
    assert isinstance(place, Out) or place == order.loosely(tag)
    if isinstance(place, Out):
        assert order.why_not(tag, place)


@given(dates, dates, st.integers(0, 10**20), st.integers(0, 10**20))
def test_dates_in_any_spelling_have_the_order_of_dates(one: Any, other: Any, first: int, second: int) -> None:
    for form, write in (
        ("YYYY.0M.0D-MICRO", "{0:%Y}.{0:%m}.{0:%d}-{1}"),
        ("0D-0M-YYYY.MICRO", "{0:%d}-{0:%m}-{0:%Y}.{1}"),
    ):
        order = Calver(Format.parse(form))
        places = placed(order, write.format(one, first)), placed(order, write.format(other, second))
        assert (places[0] < places[1]) == ((one, first) < (other, second))
