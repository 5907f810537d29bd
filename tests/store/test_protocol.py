from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from imagebot.selection.hand_holds import HandHold
from imagebot.store.protocol import LastVerdict, standing
from tests.store.conftest import Open

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
IMAGE = "ghcr.io/acme/api"
ONE = "sha256:" + "1" * 64
TWO = "sha256:" + "2" * 64
HOLD = HandHold("shop", "production", "1.4.3", "ada", NOON, "breaks the till")
VERDICT = LastVerdict("shop", "production", IMAGE, "Held", "1.4.3", NOON + DAY, "waits", NOON)


def test_a_digest_is_first_seen_when_it_is_first_asked_for(open_store: Open) -> None:
    store = open_store()
    assert store.first_seen(IMAGE, [ONE], NOON) == {ONE: NOON}
    assert store.first_seen(IMAGE, [ONE], NOON + DAY) == {ONE: NOON}


def test_first_seen_survives_the_process(open_store: Open) -> None:
    store = open_store()
    store.first_seen(IMAGE, [ONE], NOON)
    store.save()
    assert open_store().first_seen(IMAGE, [ONE], NOON + DAY) == {ONE: NOON}


def test_a_tag_that_was_pushed_again_starts_anew(open_store: Open) -> None:
    store = open_store()
    store.first_seen(IMAGE, [ONE], NOON)
    assert store.first_seen(IMAGE, [TWO], NOON + DAY) == {TWO: NOON + DAY}


def test_the_same_digest_of_another_image_has_its_own_time(open_store: Open) -> None:
    store = open_store()
    store.first_seen(IMAGE, [ONE], NOON)
    assert store.first_seen("ghcr.io/acme/other", [ONE], NOON + DAY) == {ONE: NOON + DAY}


def test_many_digests_are_asked_for_at_once(open_store: Open) -> None:
    store = open_store()
    digests = [f"sha256:{number:064x}" for number in range(12_000)]
    store.first_seen(IMAGE, digests[:7000], NOON)
    seen = store.first_seen(IMAGE, [*digests, ONE, ONE], NOON + DAY)
    assert set(seen) == {*digests, ONE}
    assert {seen[digest] for digest in digests[:7000]} == {NOON}
    assert {seen[digest] for digest in digests[7000:]} == {NOON + DAY}


def test_nothing_asked_is_nothing_seen(open_store: Open) -> None:
    assert open_store().first_seen(IMAGE, [], NOON) == {}


def test_no_age_is_negative_when_the_clock_was_set_back(open_store: Open) -> None:
    store = open_store()
    store.first_seen(IMAGE, [ONE], NOON)
    assert store.first_seen(IMAGE, [ONE], NOON - HOUR) == {ONE: NOON - HOUR}
    assert store.first_seen(IMAGE, [ONE], NOON + DAY) == {ONE: NOON}


def test_what_is_first_seen_by_a_clock_set_back_is_no_older_for_it(open_store: Open) -> None:
    """Else three days of soak would be over at the moment that the clock is right again."""
    store = open_store()
    store.first_seen(IMAGE, [ONE], NOON)
    assert store.first_seen(IMAGE, [TWO], NOON - 3 * DAY) == {TWO: NOON - 3 * DAY}
    store.save()
    assert open_store().first_seen(IMAGE, [TWO], NOON + HOUR) == {TWO: NOON}


def test_a_clock_that_was_ahead_once_does_not_stop_ages_for_ever(open_store: Open) -> None:
    store = open_store()
    store.first_seen(IMAGE, [ONE], NOON + 400 * DAY)
    store.first_seen(IMAGE, [TWO], NOON)
    store.save()
    later = open_store()
    later.first_seen(IMAGE, [ONE, TWO], NOON + DAY)
    assert later.first_seen(IMAGE, [ONE, TWO], NOON + 2 * DAY) == {ONE: NOON + DAY, TWO: NOON + DAY}


def test_an_old_jump_of_the_clock_does_not_excuse_a_new_one(open_store: Open) -> None:
    """Found while the branch was written: it kept `behind since` of a jump that was long over."""
    store = open_store()
    store.first_seen(IMAGE, [ONE], NOON)
    store.first_seen(IMAGE, [ONE], NOON - 3 * DAY)
    store.first_seen(IMAGE, [ONE], NOON + HOUR)
    store.save()
    later = open_store()
    later.first_seen(IMAGE, [TWO], NOON - DAY)
    assert later.first_seen(IMAGE, [TWO], NOON + 2 * HOUR) == {TWO: NOON + HOUR}


def test_a_hold_is_kept_as_it_was_said(open_store: Open) -> None:
    store = open_store()
    assert store.hold(HOLD) == HOLD
    assert store.holds() == (HOLD,)
    assert open_store().holds() == (HOLD,)


def test_a_second_hold_of_one_place_changes_nothing(open_store: Open) -> None:
    open_store().hold(HOLD)
    store = open_store()
    assert store.hold(replace(HOLD, by="bob", because="me too")) == HOLD
    assert store.holds() == (HOLD,)


def test_holds_come_in_one_order(open_store: Open) -> None:
    store = open_store()
    every = [replace(HOLD, app=app, version=version) for app in ("a", "b-c", "b") for version in (None, "1.9", "1.10")]
    for hold in every:
        store.hold(hold)
    places = [(hold.app, hold.version) for hold in store.holds()]
    assert places == [(app, version) for app in ("a", "b", "b-c") for version in (None, "1.10", "1.9")]


@pytest.mark.parametrize("version", [None, "1.4.3"])
def test_a_lifted_hold_is_gone(open_store: Open, version: str | None) -> None:
    hold, other = replace(HOLD, version=version), replace(HOLD, version="9")
    store = open_store()
    store.hold(hold)
    store.hold(other)
    assert store.unhold(hold.place) == hold
    assert store.unhold(hold.place) is None
    assert open_store().holds() == (other,)


def test_two_people_hold_at_one_time(open_store: Open) -> None:
    """Both have read before one of them writes."""
    one, two = open_store(), open_store()
    first, second = HOLD, replace(HOLD, app="till")
    one.hold(first)
    two.hold(second)
    assert open_store().holds() == (first, second)


def test_sightings_and_holds_meet(open_store: Open) -> None:
    """A pass sees digests while a person holds."""
    a_pass, person = open_store(), open_store()
    a_pass.first_seen(IMAGE, [ONE], NOON)
    person.first_seen(IMAGE, [TWO], NOON + HOUR)
    person.hold(HOLD)
    a_pass.save()
    person.save()
    after = open_store()
    assert after.holds() == (HOLD,)
    assert after.first_seen(IMAGE, [ONE], NOON + DAY) == {ONE: NOON}
    assert after.first_seen(IMAGE, [TWO], NOON + DAY) == {TWO: NOON + HOUR}


def test_answers_are_recalled_by_kind_and_key(open_store: Open) -> None:
    store = open_store()
    store.recall("created", {ONE: "2026-01-01", TWO: "2026-01-02"})
    store.recall("platforms", {ONE: "linux/amd64"})
    store.recall("created", {TWO: "2026-02-02"})
    store.recall("created", {})
    assert open_store().recalled("created", [ONE, TWO, "else"]) == {ONE: "2026-01-01", TWO: "2026-02-02"}


def test_the_last_verdict_of_a_policy_replaces_those_before(open_store: Open) -> None:
    store = open_store()
    other = replace(VERDICT, app="till")
    worker = replace(VERDICT, image="ghcr.io/acme/worker", tag=None, until=None)
    store.judged([VERDICT, worker, other])
    assert open_store().last_verdicts() == (VERDICT, worker, other)
    newer = replace(VERDICT, state="Update", at=NOON + DAY)
    store.judged([newer])
    store.judged([])
    assert open_store().last_verdicts() == (newer, other)


@pytest.mark.parametrize("text", ["über'; DROP TABLE x; --", "line\nbreak", '"quoted" \\ %s :name', "🙂"])
def test_texts_come_back_as_they_were(open_store: Open, text: str) -> None:
    store = open_store()
    store.hold(replace(HOLD, because=text, by=text))
    store.recall("kind", {text: text})
    assert open_store().holds() == (replace(HOLD, because=text, by=text),)
    assert open_store().recalled("kind", [text]) == {text: text}


def test_a_tag_stands_for_a_digest_since_it_was_first_seen_to(open_store: Open) -> None:
    store = open_store()
    assert store.unbroken(IMAGE, "1.0", ONE, NOON) == NOON
    assert store.unbroken(IMAGE, "1.0", ONE, NOON + DAY) == NOON
    store.save()
    assert open_store().unbroken(IMAGE, "1.0", ONE, NOON + 2 * DAY) == NOON


def test_a_tag_that_stood_for_another_digest_in_between_begins_anew(open_store: Open) -> None:
    for at, digest in [(NOON, ONE), (NOON + HOUR, TWO)]:
        store = open_store()
        assert store.unbroken(IMAGE, "1.0", digest, at) == at
        store.save()
    assert open_store().unbroken(IMAGE, "1.0", ONE, NOON + 2 * HOUR) == NOON + 2 * HOUR


def test_tags_whose_names_begin_alike_have_nothing_to_do_with_each_other(open_store: Open) -> None:
    store = open_store()
    for at, tag in enumerate(["1.0", "1_0", "1.0.0", "1.0-rc", "1%0"]):
        assert store.unbroken(IMAGE, tag, ONE, NOON + at * HOUR) == NOON + at * HOUR
    assert store.unbroken(IMAGE, "1_0", TWO, NOON + DAY) == NOON + DAY
    assert store.unbroken(IMAGE, "1.0", ONE, NOON + DAY) == NOON
    assert store.unbroken("ghcr.io/acme/other", "1.0", TWO, NOON + DAY) == NOON + DAY


def test_tags_whose_names_differ_in_case_alone_have_nothing_to_do_with_each_other(open_store: Open) -> None:
    """SQLite's LIKE takes `V1` for `v1`: the clock of one ended that of the other."""
    store = open_store()
    assert store.unbroken(IMAGE, "V1", ONE, NOON) == NOON
    assert store.unbroken(IMAGE, "v1", TWO, NOON + HOUR) == NOON + HOUR
    assert store.unbroken(IMAGE, "V1", ONE, NOON + DAY) == NOON


def test_a_tag_that_was_seen_elsewhere_starts_no_clock_and_ends_those_that_run(open_store: Open) -> None:
    store = open_store()
    store.moved(IMAGE, "1.0", TWO)
    assert store.seen(IMAGE, [standing("1.0", TWO)], NOON) == {}
    store.unbroken(IMAGE, "1.0", ONE, NOON)
    store.moved(IMAGE, "1.0", ONE)
    assert store.seen(IMAGE, [standing("1.0", ONE)], NOON + DAY) == {standing("1.0", ONE): NOON}
    store.moved(IMAGE, "1.0", TWO)
    store.save()
    assert open_store().seen(IMAGE, [standing("1.0", ONE), standing("1.0", TWO)], NOON + DAY) == {}


def test_a_digest_first_seen_before_tags_counted_keeps_its_time_until_its_tag_moves(open_store: Open) -> None:
    store = open_store()
    store.first_seen(IMAGE, [ONE, TWO], NOON)
    assert store.unbroken(IMAGE, "1.0", ONE, NOON + DAY) == NOON
    assert store.unbroken(IMAGE, "1.0", TWO, NOON + 2 * DAY) == NOON + 2 * DAY
    assert store.unbroken(IMAGE, "1.0", ONE, NOON + 3 * DAY) == NOON + 3 * DAY


def test_what_is_forgotten_was_never_seen(open_store: Open) -> None:
    store = open_store()
    store.first_seen(IMAGE, [ONE, TWO], NOON)
    store.forget(IMAGE, [ONE, "never"])
    store.forget(IMAGE, [])
    store.save()
    assert open_store().seen(IMAGE, [ONE, TWO, "never"], NOON + DAY) == {TWO: NOON}
    assert open_store().first_seen(IMAGE, [ONE], NOON + DAY) == {ONE: NOON + DAY}


def test_the_clock_of_a_tag_is_no_older_for_a_wall_clock_set_back(open_store: Open) -> None:
    store = open_store()
    store.unbroken(IMAGE, "1.0", ONE, NOON)
    assert store.unbroken(IMAGE, "1.0", TWO, NOON - 3 * DAY) == NOON - 3 * DAY
    assert store.unbroken(IMAGE, "1.0", TWO, NOON + HOUR) == NOON
    assert store.unbroken(IMAGE, "1.0", ONE, NOON + HOUR) == NOON + HOUR


def test_what_one_pass_forgot_does_not_come_back_by_another_that_wrote_meanwhile(open_store: Open) -> None:
    store = open_store()
    store.unbroken(IMAGE, "1.0", ONE, NOON)
    store.save()
    one, other = open_store(), open_store()
    other.first_seen(IMAGE, ["commit:1"], NOON + HOUR)
    other.save()
    one.unbroken(IMAGE, "1.0", TWO, NOON + HOUR)
    one.save()
    assert open_store().unbroken(IMAGE, "1.0", ONE, NOON + DAY) == NOON + DAY


def test_two_passes_that_saw_a_tag_stand_for_two_digests_leave_neither_older(open_store: Open) -> None:
    one, other = open_store(), open_store()
    one.unbroken(IMAGE, "1.0", ONE, NOON)
    other.unbroken(IMAGE, "1.0", TWO, NOON)
    one.save()
    other.save()
    assert open_store().unbroken(IMAGE, "1.0", ONE, NOON + DAY) == NOON + DAY


def test_threads_see_at_one_time(open_store: Open) -> None:
    store = open_store()
    tags = [f"1.{minor}" for minor in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda tag: store.unbroken(IMAGE, tag, ONE, NOON), tags))
    store.save()
    assert set(open_store().seen(IMAGE, [standing(tag, ONE) for tag in tags], NOON).values()) == {NOON}
    assert len(open_store().seen(IMAGE, [standing(tag, ONE) for tag in tags], NOON)) == len(tags)
