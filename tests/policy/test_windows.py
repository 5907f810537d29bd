"""Windows: what their texts mean, hour by hour, and what clocks that are put back and forward do to them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.policy.windows import Window

OFFICE = "Mon-Fri 09:00-17:00 Europe/Berlin"
ONE_SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    """A moment in UTC, as in `2026-01-05 08:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "opens", "closes"),
    [
        # 2026-01-05 is a Monday.
        pytest.param(OFFICE, "2026-01-05 08:00", "2026-01-05 16:00", id="winter"),
        pytest.param(OFFICE, "2026-07-06 07:00", "2026-07-06 15:00", id="summer"),
        pytest.param("09:00-17:00", "2026-01-03 09:00", "2026-01-03 17:00", id="every day, in UTC"),
        pytest.param("Sat,Sun UTC", "2026-01-03 00:00", "2026-01-05 00:00", id="whole days"),
        pytest.param("Fri-Mon 00:00-24:00", "2026-01-02 00:00", "2026-01-06 00:00", id="days over the end of the week"),
        pytest.param("Fri 22:00-06:00 UTC", "2026-01-02 22:00", "2026-01-03 06:00", id="over midnight"),
        pytest.param("Sun 22:00-06:00", "2026-01-04 22:00", "2026-01-05 06:00", id="over midnight into Monday"),
        pytest.param("mon-fri 9:00-17:00 UTC", "2026-01-05 09:00", "2026-01-05 17:00", id="as people type"),
        pytest.param("* 9-16 * * 1-5 Europe/Berlin", "2026-01-05 08:00", "2026-01-05 16:00", id="cron"),
        pytest.param("0-29 * * * *", "2026-01-05 10:00", "2026-01-05 10:30", id="cron, half of each hour"),
        pytest.param("* * 1 * mon", "2026-01-05 00:00", "2026-01-06 00:00", id="cron, both days given: either"),
        pytest.param("* * 1 jan *", "2026-01-01 00:00", "2026-01-02 00:00", id="cron, a month by name"),
        pytest.param("* */6 * * 0", "2026-01-04 06:00", "2026-01-04 07:00", id="cron, every sixth hour of Sundays"),
        pytest.param("* * * * 7", "2026-01-04 00:00", "2026-01-05 00:00", id="cron, Sunday is 7 too"),
        pytest.param("* 10/6 * * *", "2026-01-04 16:00", "2026-01-04 17:00", id="cron, from ten on"),
    ],
)
def test_a_window_opens_and_closes(window: str, opens: str, closes: str) -> None:
    parsed = Window.parse(window)
    assert not parsed.holds(at(opens) - ONE_SECOND)
    assert parsed.opens(at(opens) - ONE_SECOND) == at(opens)
    assert parsed.opens(at(opens)) == at(opens)
    assert parsed.holds(at(opens))
    assert parsed.closes(at(opens)) == at(closes)
    assert parsed.holds(at(closes) - ONE_SECOND)
    assert parsed.closes(at(closes)) == at(closes)


@pytest.mark.parametrize(
    ("window", "after", "opens"),
    [
        # Berlin goes from 02:00 to 03:00 on 29 March 2026 and from 03:00 back to 02:00 on 25 October 2026.
        pytest.param("02:15-02:45 Europe/Berlin", "2026-03-28 12:00", "2026-03-30 00:15", id="an hour that is skipped"),
        pytest.param("02:00-03:30 Europe/Berlin", "2026-03-29 00:30", "2026-03-29 01:00", id="its end is not skipped"),
        pytest.param(
            "02:15-02:45 Europe/Berlin", "2026-10-25 00:00", "2026-10-25 00:15", id="an hour that comes twice"
        ),
        pytest.param("02:15-02:45 Europe/Berlin", "2026-10-25 00:45", "2026-10-25 01:15", id="its second time"),
        pytest.param(OFFICE, "2026-03-27 17:00", "2026-03-30 07:00", id="the weekend of the change"),
        pytest.param("* * 29 2 * UTC", "2026-01-01 00:00", "2028-02-29 00:00", id="a day of leap years"),
        pytest.param("* * 29 2 * UTC", "2096-03-01 00:00", "2104-02-29 00:00", id="eight years to the next one"),
        pytest.param("09:00-10:00 America/Havana", "2026-11-01 00:00", "2026-11-01 14:00", id="midnight comes twice"),
    ],
)
def test_the_next_opening(window: str, after: str, opens: str) -> None:
    assert Window.parse(window).opens(at(after)) == at(opens)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a window is not empty"),
        ("Mo-Fr 09:00-17:00", "'Mo-Fr' names no days"),
        ("Mon-Fry 09:00-17:00", "'Mon-Fry' names no days"),
        ("Mon-Fri 9-17", "'9-17' names no hours"),
        ("Mon-Fri 09:00-25:00", "'09:00-25:00' are no hours of a day"),
        ("Mon-Fri 09:00-09:00", "and not the same twice"),
        ("Mon-Fri 09:75-10:00", "are no hours of a day"),
        ("Mon-Fri 09:00-24:01", "are no hours of a day"),
        ("Mon-Fri 24:00-24:30", "are no hours of a day"),
        ("Mon-Fri 09:00-17:00 Europe/Berlyn", "'Europe/Berlyn' is no time zone"),
        ("Mon-Fri 09:00-17:00 ../../etc/passwd", "'../../etc/passwd' is too much"),
        ("Mon-Fri 09:00-17:00 Europe", "'Europe' is no time zone"),
        ("Mon-Fri 09:00-17:00 daily UTC", "'daily' is too much for a window"),
        ("60 * * * *", "'60' is no minute of cron: it goes from 0 to 59"),
        ("* * * foo *", "'foo' is no month of cron"),
        ("* 17-9 * * *", "goes backwards"),
        ("*/0 * * * *", "stands still"),
        ("* * 30 2 *", "'* * 30 2 *' never comes"),
    ],
)
def test_what_is_no_window(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        Window.parse(text)


moments = st.timedeltas(timedelta(), timedelta(days=5 * 365)).map(lambda age: at("2025-01-01 00:00") + age)
texts = st.sampled_from(
    [OFFICE, "22:00-06:00 America/New_York", "Sat Pacific/Chatham", "*/7 3,4 * * 2-4 Asia/Kolkata", "* * 1-7 * 1"]
)


@given(texts, moments)
def test_the_next_opening_is_open_and_nothing_before_it(text: str, moment: datetime) -> None:
    window = Window.parse(text)
    opens = window.opens(moment)
    assert opens is not None
    assert opens >= moment
    assert window.holds(opens)
    if opens > moment:
        assert not window.holds(moment)
        assert not window.holds(opens - ONE_SECOND)


@given(texts, moments)
def test_it_closes_where_it_is_no_longer_open(text: str, moment: datetime) -> None:
    window = Window.parse(text)
    closes = window.closes(moment)
    assert closes is not None
    assert not window.holds(closes)
    assert closes == moment or window.holds(closes - ONE_SECOND)
