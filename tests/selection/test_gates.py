"""Each gate: when it is shut, what it says, when it opens; and what no gate ever does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.policy.gates import Freeze, Gates, Promotion
from imagebot.policy.model import Watch
from imagebot.policy.windows import Window
from imagebot.selection.facts import Elsewhere, Fact, KeptBack, Since
from imagebot.selection.gates import opening
from imagebot.selection.judge import MOST_LOOKED_AT
from imagebot.selection.rank import version_of
from imagebot.selection.verdict import Held, Hold, NoCandidate, Update, UpToDate, Verdict, Version
from tests.support.judging import DAY, NEW, NOON, OLD, Answers, case
from tests.support.watches import watch

TAGS = ["1.4.0", "1.4.2", "1.5.0"]
THIRD = "sha256:" + "2" * 64
SOAKING = watch(minimumAge="3d")


def age(days: float) -> datetime:
    return NOON - days * DAY


def test_a_new_image_soaks_and_says_until_when() -> None:
    assert Answers().verdict(case("1.4.2", tags=TAGS, rule=SOAKING)) == Held(
        Version("1.5.0", NEW),
        Hold.SOAK,
        NOON + 3 * DAY,
        "1.5.0 may run from 2026-01-04 12:00 UTC on: first seen 2026-01-01 12:00 UTC, minimumAge 3d",
    )


def test_a_ripe_image_is_an_update_that_says_since_when_it_is_known() -> None:
    because = "1.5.0 is the newest of 3 tags in ^1.4; first seen 2025-12-29 12:00 UTC, minimumAge 3d (now 1.4.2)"
    assert Answers(seen={NEW: age(3)}).verdict(case("1.4.2", tags=TAGS, rule=SOAKING)) == Update(
        Version("1.5.0", NEW), because
    )


def test_the_newest_ripe_candidate_wins_while_a_newer_one_soaks() -> None:
    world = Answers({"1.5.0": OLD}, seen={NEW: age(4)})
    assert world.verdict(case("1.4.0", tags=TAGS, rule=SOAKING)) == Update(
        Version("1.4.2", NEW),
        "1.4.2 is the best that may run now; 1.5.0 may run from 2026-01-04 12:00 UTC on: first seen 2026-01-01 12:00"
        " UTC, minimumAge 3d; first seen 2025-12-28 12:00 UTC, minimumAge 3d (now 1.4.0)",
    )


def test_of_several_that_soak_the_one_that_comes_first_is_told() -> None:
    world = Answers({"1.5.0": OLD}, seen={NEW: age(1)})
    answer = world.verdict(case("1.4.0", tags=TAGS, rule=SOAKING))
    assert isinstance(answer, Held)
    assert (answer.version, answer.until) == (Version("1.4.2", NEW), NOON + 2 * DAY)
    assert answer.because.count("may run from") == 2


def test_the_longer_of_two_ages_counts() -> None:
    in_environment = case("1.4.2", tags=TAGS, rule=SOAKING, gates=Gates(minimum_age=5 * DAY))
    of_image = case("1.4.2", tags=TAGS, rule=SOAKING, gates=Gates(minimum_age=DAY))
    world = Answers(seen={NEW: age(4)})
    assert isinstance(world.verdict(in_environment), Held)
    assert isinstance(world.verdict(of_image), Update)


def test_what_soaked_when_it_was_last_asked_about_costs_no_request() -> None:
    tags = [f"1.4.{patch}" for patch in range(1, 40)]
    remembered = {tag: f"sha256:{index:064}" for index, tag in enumerate(tags[5:], 7)}
    seen = {**dict.fromkeys(remembered.values(), age(1)), NEW: NOON, OLD: age(9)}
    world = Answers({"1.4.5": OLD}, seen=seen, remembered={**remembered, "1.4.5": OLD})

    answer = world.verdict(case("1.4.1", tags=tags, rule=SOAKING))

    assert isinstance(answer, Update)
    assert answer.to == Version("1.4.5", OLD)
    assert [needs.tag for needs in world.asked if Fact.DIGEST in needs.facts] == ["1.4.39", "1.4.5"]


def test_a_registry_is_asked_about_a_few_tags_a_pass() -> None:
    tags = [f"1.4.{patch}" for patch in range(1, 40)]
    world = Answers()
    answer = world.verdict(case("1.4.1", tags=tags, rule=SOAKING))
    assert isinstance(answer, Held)
    assert answer.because.endswith(
        f"the registry is asked about {MOST_LOOKED_AT} tags a pass, so older ones were not looked at"
    )
    assert sum(Fact.DIGEST in needs.facts for needs in world.asked) == MOST_LOOKED_AT


def test_a_tag_with_nothing_behind_it_is_passed_by() -> None:
    answer = Answers(gone=frozenset({"1.5.0"})).verdict(case("1.4.0", tags=TAGS))
    assert answer == Update(
        Version("1.4.2", NEW),
        "1.4.2 is the best that may run now; 1.5.0 is listed, and the registry has nothing behind it, while it shows"
        " 1.4.0 (now 1.4.0)",
    )


BOTH = {"linux/amd64": "sha256:a", "linux/arm64": "sha256:b"}
AMD64 = {"linux/amd64": "sha256:a"}


REPUSH = watch(repush="allow")


def test_a_repush_is_left_alone_unless_asked_for() -> None:
    assert isinstance(Answers().verdict(case(f"1.5.0@{OLD}", tags=TAGS)), UpToDate)
    assert Answers().verdict(case(f"1.5.0@{OLD}", tags=TAGS, rule=REPUSH)) == Update(
        Version("1.5.0", NEW),
        "1.5.0 is the newest of 3 tags in ^1.4; it was pushed again and is sha256:111111111111 now, and"
        " `repush: allow` (now 1.5.0@sha256:000000000000)",
    )


def test_a_repush_soaks_anew() -> None:
    rule = watch(repush="allow", minimumAge="3d")
    answer = Answers(seen={OLD: age(30)}).verdict(case(f"1.5.0@{OLD}", tags=TAGS, rule=rule))
    assert isinstance(answer, Held)
    assert (answer.hold, answer.version, answer.until) == (Hold.SOAK, Version("1.5.0", NEW), NOON + 3 * DAY)


@pytest.mark.parametrize(
    ("keys", "old", "new", "same"),
    [
        pytest.param({}, AMD64, {**AMD64, "linux/riscv64": "sha256:c"}, True, id="another platform was added"),
        pytest.param({}, BOTH, {**BOTH, "linux/arm64": "sha256:c"}, False, id="one that may run changed"),
        pytest.param(
            {"platforms": ["linux/amd64"]}, BOTH, {**BOTH, "linux/arm64": "sha256:c"}, True, id="one not wanted changed"
        ),
        pytest.param({}, {}, AMD64, False, id="the old one is not there any more"),
    ],
)
@pytest.mark.parametrize("text", [f"1.5.0@{OLD}", f"@{OLD}"], ids=["repush", "digest alone"])
def test_a_digest_that_moves_without_what_runs_is_no_update(
    keys: dict[str, Any], old: Any, new: Any, same: bool, text: str
) -> None:
    world = Answers(platforms={NEW: new}, running={OLD: old}, names={OLD: "1.5.0"})
    answer = world.verdict(case(text, tags=TAGS, rule=watch(repush="allow", **keys)))
    assert isinstance(answer, UpToDate if same else Update)
    if same:
        assert "it was pushed again, but linux/amd64 stayed as it was" in answer.because


@pytest.mark.parametrize("keys", [{}, {"minimumAge": "3d"}])
def test_a_moving_tag_is_followed_by_its_digest(keys: dict[str, Any]) -> None:
    rule = Watch.model_validate({"image": "ghcr.io/acme/api", "digest": "latest", **keys})
    world = Answers(seen={NEW: age(5)}, running={OLD: {"linux/amd64": OLD}})
    answer = world.verdict(case(f"latest@{OLD}", tags=["latest", *TAGS], rule=rule))
    assert isinstance(answer, Update)
    assert answer.to == Version("latest", NEW)
    assert "repush" not in answer.because


OFFICE = Window.parse("Mon-Fri 09:00-17:00 Europe/Berlin")
CHRISTMAS = Freeze.model_validate({"from": "2025-12-20", "to": "2026-01-06", "because": "Xmas"})


@pytest.mark.parametrize(
    ("gates", "until", "because"),
    [
        pytest.param(
            Gates(windows=(Window.parse("Sat 10:00-12:00"),)),
            datetime(2026, 1, 3, 10, tzinfo=NOON.tzinfo),
            "1.5.0 may come from 2026-01-03 10:00 UTC on: changes are let in Sat 10:00-12:00",
            id="window",
        ),
        pytest.param(
            Gates(freezes=(CHRISTMAS,)),
            datetime(2026, 1, 7, tzinfo=NOON.tzinfo),
            "1.5.0 may come from 2026-01-07 00:00 UTC on: everything is frozen, 2025-12-20 to 2026-01-06 UTC (Xmas)",
            id="freeze",
        ),
        pytest.param(
            Gates(windows=(OFFICE,), freezes=(CHRISTMAS, Window.parse("Wed"))),
            datetime(2026, 1, 8, 8, tzinfo=NOON.tzinfo),
            "1.5.0 may come from 2026-01-08 08:00 UTC on: everything is frozen, 2025-12-20 to 2026-01-06 UTC (Xmas)",
            id="a window after two freezes",
        ),
    ],
)
def test_windows_and_freezes(gates: Gates, until: datetime, because: str) -> None:
    assert Answers().verdict(case("1.4.2", tags=TAGS, gates=gates)) == Held(
        Version("1.5.0", NEW), Hold.WINDOW, until, because
    )
    assert isinstance(Answers().verdict(case("1.4.2", tags=TAGS, gates=gates), until), Update)
    assert isinstance(Answers().verdict(case("1.4.2", tags=TAGS, gates=gates), until - timedelta(seconds=1)), Held)


def test_a_freeze_that_leaves_no_window_open_has_no_end() -> None:
    gates = Gates(windows=(Window.parse("Fri"),), freezes=(Window.parse("Fri"),))
    answer = Answers().verdict(case("1.4.2", tags=TAGS, gates=gates))
    assert isinstance(answer, Held)
    assert (answer.until, opening(gates, NOON)) == (None, None)
    assert "not before the freezes change" in answer.because


@pytest.mark.parametrize("hold", [Hold.BY_HAND, Hold.ROLLED_BACK])
@pytest.mark.parametrize("version", [None, Version("1.5.0"), Version("1.5.0", NEW)])
def test_what_people_keep_back_is_not_gone_around(hold: Hold, version: Version | None) -> None:
    """The next best would be the same wish overridden in another way."""
    answer = Answers(holds=(KeptBack(hold, version, "by Ada on 2026-01-01"),)).verdict(case("1.4.0", tags=TAGS))
    assert isinstance(answer, Held)
    assert (answer.version, answer.hold, answer.until) == (Version("1.5.0", NEW), hold, None)
    assert answer.because.endswith(": by Ada on 2026-01-01")


@pytest.mark.parametrize("version", [Version("1.5.0", OLD), Version("1.4.2"), Version("1.4.0")])
def test_another_version_than_the_one_kept_back_comes(version: Version) -> None:
    holds = (KeptBack(Hold.ROLLED_BACK, version, "by Ada on 2026-01-01"),)
    assert isinstance(Answers(holds=holds).verdict(case("1.4.0", tags=TAGS)), Update)


def test_a_version_kept_back_below_one_that_soaks_is_not_proposed() -> None:
    world = Answers({"1.5.0": OLD}, seen={NEW: age(9)}, holds=(KeptBack(Hold.BY_HAND, Version("1.4.2"), "by Ada"),))
    answer = world.verdict(case("1.4.0", tags=TAGS, rule=SOAKING))
    assert isinstance(answer, Held)
    assert (answer.version.tag, answer.hold) == ("1.4.2", Hold.BY_HAND)


def test_a_step_down_only_where_the_policy_allows_it() -> None:
    below = case("1.6.0", tags=TAGS, rule=watch(downgrade="allow"))
    assert Answers().verdict(below) == Update(
        Version("1.5.0", NEW),
        "1.5.0 is the newest of 3 tags in ^1.4; a step down, which `downgrade: allow` lets happen (now 1.6.0)",
    )
    assert isinstance(Answers().verdict(case("1.6.0", tags=TAGS)), Held)


def test_no_step_down_while_something_newer_soaks() -> None:
    rule = watch(downgrade="allow", minimumAge="3d")
    world = Answers({"1.5.0": OLD}, seen={NEW: age(9)})
    answer = world.verdict(case("1.4.9", tags=TAGS, rule=rule))
    assert isinstance(answer, Held)
    assert (answer.version.tag, answer.hold) == ("1.5.0", Hold.SOAK)


def promoted(tag: str, digest: str | None = None, *, text: str = "1.4.0", **world: Any) -> Verdict:
    """What production says while staging has `tag`, since a day."""
    gates = Gates(source=Promotion(environment="staging", after=2 * DAY))
    source = Elsewhere("staging", Version(tag, digest))
    since = Since(age(world.pop("days", 3)), "since 2025-12-29 12:00 UTC")
    return Answers(since=since, **world).verdict(case(text, tags=[*TAGS, "2.0.0"], gates=gates, source=source))


def test_promotion_takes_what_the_other_environment_has_and_nothing_newer() -> None:
    assert promoted("1.4.2") == Update(
        Version("1.4.2", NEW), "staging has 1.4.2 since 2025-12-29 12:00 UTC, longer than 2d (now 1.4.0)"
    )


def test_promotion_waits() -> None:
    assert promoted("1.4.2", days=1.5) == Held(
        Version("1.4.2", NEW),
        Hold.SOURCE,
        NOON + DAY / 2,
        "staging has 1.4.2 since 2025-12-29 12:00 UTC; it may come here from 2026-01-02 00:00 UTC on (after 2d)",
    )


def test_promotion_brings_the_very_image_that_was_tried() -> None:
    answer = promoted("1.4.2", OLD, text=f"1.4.0@{THIRD}")
    assert isinstance(answer, Update)
    assert answer.to == Version("1.4.2", OLD)
    held = promoted("1.4.2", OLD)
    assert isinstance(held, Held)
    assert held.because == (
        "staging runs sha256:000000000000, and 1.4.2 was pushed again since; app.yaml:1 has no digest to tell them"
        " apart: write `pin: digest`"
    )


def test_nothing_is_promoted_that_the_policy_does_not_let_in() -> None:
    assert promoted("2.0.0") == NoCandidate("staging has 2.0.0, which cannot come here: 2.0.0 is not in ^1.4")
    assert promoted("1.4.1") == NoCandidate("staging has 1.4.1, which the registry does not list")


def test_the_same_version_as_in_the_other_environment_is_up_to_date() -> None:
    assert isinstance(promoted("1.4.0"), UpToDate)


def test_an_older_version_in_the_other_environment_is_a_step_down() -> None:
    answer = promoted("1.4.0", text="1.5.0")
    assert isinstance(answer, Held)
    assert answer.hold is Hold.DOWNGRADE


patches = st.integers(0, 6).map(lambda number: f"1.4.{number}")
lists = st.lists(patches, min_size=1, max_size=8)
ages = st.dictionaries(patches, st.integers(-2, 6), max_size=8)
ways = st.sampled_from([{}, {"minimumAge": "3d"}, {"minimumAge": "3d", "repush": "allow"}, {"downgrade": "allow"}])


def soaking_world(known: dict[str, int], gone: frozenset[str]) -> Answers:
    """Each tag stands for a digest of its own, of which some are known since some days."""
    digests = {f"1.4.{number}": f"sha256:{number:064}" for number in range(7)}
    return Answers(digests, {digests[tag]: age(days) for tag, days in known.items()}, gone=gone)


@given(lists, patches, ages, st.frozensets(patches, max_size=3), ways)
def test_an_update_is_ripe_there_and_never_below(
    tags: list[str], now_at: str, known: dict[str, int], gone: frozenset[str], keys: dict[str, Any]
) -> None:
    rule = watch(**keys)
    answer = soaking_world(known, gone).verdict(case(now_at, tags=tags, rule=rule))
    if isinstance(answer, Update):
        assert answer.to.tag not in gone
        assert rule.downgrade == "allow" or (version_of(rule, answer.to.tag) or ()) > (version_of(rule, now_at) or ())
        assert rule.minimum_age == timedelta() or known.get(answer.to.tag, 0) >= 3


@given(lists, patches, ages, st.frozensets(patches, max_size=3), ways, st.data())
def test_the_same_input_gives_the_same_verdict_whatever_its_order(
    tags: list[str], now_at: str, known: dict[str, int], gone: frozenset[str], keys: dict[str, Any], data: Any
) -> None:
    shuffled = data.draw(st.permutations(tags))
    rule = watch(**keys)
    one = soaking_world(known, gone).verdict(case(now_at, tags=tags, rule=rule))
    assert one == soaking_world(known, gone).verdict(case(now_at, tags=list(shuffled), rule=rule))


@given(lists, patches, ages, st.frozensets(patches))
def test_state_that_is_lost_opens_no_gate(
    tags: list[str], now_at: str, known: dict[str, int], lost: frozenset[str]
) -> None:
    """What is not known any more counts as seen just now."""
    rule = watch(minimumAge="3d")
    kept = {tag: days for tag, days in known.items() if tag not in lost}
    before = soaking_world(known, frozenset()).verdict(case(now_at, tags=tags, rule=rule))
    after = soaking_world(kept, frozenset()).verdict(case(now_at, tags=tags, rule=rule))
    if isinstance(after, Update):
        assert isinstance(before, Update)
        assert (version_of(rule, before.to.tag) or ()) >= (version_of(rule, after.to.tag) or ())
