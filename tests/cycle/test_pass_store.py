"""What a pass remembers of tags and lists, through a real store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from imagebot.bans import Ban, Bans
from imagebot.cycle.pass_store import PassStore
from imagebot.images.reference import ImageName
from imagebot.selection.doubts import Shrunk
from imagebot.store.database import SqlDatabase
from imagebot.store.protocol import BANS
from imagebot.store.sql import database_store
from tests.support.stage import NOON

API = ImageName("ghcr.io", "acme/api")
A, B = ("sha256:" + letter * 64 for letter in "ab")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def at(tmp_path: Path) -> Callable[[datetime], PassStore]:
    """Opens the memory of a pass at some time."""
    opened = database_store(SqlDatabase.sqlite(tmp_path / "state.db"))
    return lambda now: PassStore(opened(), now)


def asked(memory: PassStore, tag: str, digest: str) -> datetime:
    """A pass asks what a tag stands for, and since when."""
    memory.noticed(API, tag, digest)
    memory.save()
    return memory.since(API, tag, digest)


def test_a_tag_soaks_anew_when_it_stood_for_another_image_in_between(at: Callable[[datetime], PassStore]) -> None:
    assert asked(at(NOON), "1.0.0", A) == NOON
    assert asked(at(NOON + DAY), "1.0.0", A) == NOON
    assert asked(at(NOON + 2 * DAY), "1.0.0", B) == NOON + 2 * DAY
    assert asked(at(NOON + 3 * DAY), "1.0.0", A) == NOON + 3 * DAY
    assert at(NOON + 3 * DAY).digests(API, ["1.0.0", "1.1.0"]) == {"1.0.0": A}


def test_who_asks_without_a_minimum_age_notices_what_a_tag_stands_for_too(at: Callable[[datetime], PassStore]) -> None:
    assert asked(at(NOON), "1.0.0", A) == NOON
    at(NOON + HOUR).noticed(API, "1.0.0", B)
    assert asked(at(NOON + 2 * HOUR), "1.0.0", A) == NOON + 2 * HOUR


def test_what_was_first_seen_before_tags_counted_keeps_its_time_once(at: Callable[[datetime], PassStore]) -> None:
    at(NOON).first_seen(API, [A, B])
    assert asked(at(NOON + DAY), "1.0.0", A) == NOON
    assert asked(at(NOON + 2 * DAY), "1.0.0", B) == NOON + 2 * DAY
    assert asked(at(NOON + 3 * DAY), "1.0.0", A) == NOON + 3 * DAY


def test_tags_of_one_digest_have_clocks_of_their_own(at: Callable[[datetime], PassStore]) -> None:
    assert asked(at(NOON), "1.0", A) == NOON
    assert asked(at(NOON + DAY), "1.0.0", A) == NOON + DAY
    assert asked(at(NOON + 2 * DAY), "1.0.0", B) == NOON + 2 * DAY
    assert asked(at(NOON + 3 * DAY), "1.0", A) == NOON
    assert at(NOON + 9 * DAY).soaking(API, {"1.0": A, "1.0.0": B, "2.0": A, "1": A}) == {
        "1.0": NOON,
        "1.0.0": NOON + 2 * DAY,
    }


def test_a_doubt_is_over_when_nobody_has_it_any_more(at: Callable[[datetime], PassStore]) -> None:
    def passes(now: datetime, *, doubt: bool, looks: bool = True) -> datetime | None:
        memory = at(now)
        memory.looked_at([API] if looks else [])
        memory.save()  # others are judged before
        since = memory.doubt(API, "manifests") if doubt else None
        memory.settle()
        return since

    assert passes(NOON, doubt=True) == NOON
    assert passes(NOON + HOUR, doubt=True) == NOON
    passes(NOON + 2 * HOUR, doubt=False, looks=False)
    assert passes(NOON + 3 * HOUR, doubt=True) == NOON
    passes(NOON + 4 * HOUR, doubt=False)
    assert passes(NOON + 5 * HOUR, doubt=True) == NOON + 5 * HOUR


def test_answers_about_a_digest_are_kept_for_ever(at: Callable[[datetime], PassStore]) -> None:
    assert at(NOON).platforms(API, A) is None
    at(NOON).has_platforms(API, A, {"linux/amd64": B})
    at(NOON).has_platforms(API, B, {})
    at(NOON).were_created(API, {A: NOON, B: None})
    later = at(NOON + 999 * DAY)
    assert (later.platforms(API, A), later.platforms(API, B)) == ({"linux/amd64": B}, {})
    assert later.created(API, [A, B]) == {A: NOON, B: None}


def test_a_list_that_stays_short_for_a_day_is_whole(at: Callable[[datetime], PassStore]) -> None:
    lengths = [(0, 40, None), (1, 12, (40, 1)), (5, 14, (40, 1)), (24, 12, (40, 1)), (25, 12, None), (26, 11, (12, 26))]
    for hours, length, short in lengths:
        now = NOON + hours * HOUR
        expected = {} if short is None else {API: Shrunk(short[0], length, NOON + short[1] * HOUR)}
        assert at(now).shrunk({API: length}) == expected


def test_a_list_that_is_long_again_was_never_short(at: Callable[[datetime], PassStore]) -> None:
    for hours, length in [(0, 40), (1, 12), (2, 41), (23, 12)]:
        at(NOON + hours * HOUR).shrunk({API: length})
    assert at(NOON + 25 * HOUR).shrunk({API: 12}) == {API: Shrunk(41, 12, NOON + 23 * HOUR)}


def test_a_clock_set_back_does_not_keep_a_list_short_for_years(at: Callable[[datetime], PassStore]) -> None:
    for now, length in [(NOON + 400 * DAY, 40), (NOON + 400 * DAY, 12), (NOON, 12)]:
        at(now).shrunk({API: length})
    assert at(NOON + DAY).shrunk({API: 12}) == {}


def test_what_is_not_known_is_not_short(at: Callable[[datetime], PassStore]) -> None:
    assert at(NOON).shrunk({}) == {}
    assert at(NOON).shrunk({API: 0}) == {}


def test_regret_a_clock_that_was_ahead_silences_nobody_for_years(at: Callable[[datetime], PassStore]) -> None:
    """Each process that begins recalls what the one before was told: the wait counts on from where that was."""
    at(NOON).is_banned(Ban("registry", NOON + 3650 * DAY, 900.0, "later"))
    for minutes, waits in ((0, True), (10, True), (16, False)):
        now = NOON + timedelta(minutes=minutes)
        process = Bans(now=partial(_same, now))
        process.recall_from(at(now), "registry")
        assert (process.left("registry") > 0) is waits


def _same(now: datetime) -> datetime:
    return now


@pytest.mark.parametrize(
    "written",
    ["", "{}", "nonsense", '["2026-01-01T12:00:00", "a", "", 1]', '["2026-01-01", Infinity, "", 1]', "[" * 100_000],
)
def test_a_ban_that_no_bot_wrote_is_none(tmp_path: Path, written: str) -> None:
    """Whoever may push to the branch of the state writes there what he likes."""
    store = database_store(SqlDatabase.sqlite(tmp_path / "state.db"))()
    store.recall(BANS, {"registry": written})
    assert PassStore(store, NOON).ban("registry") is None
