"""Many changes at once pass no limit that GitHub documents; `make storm` does the same with hundreds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from imagebot.cycle.report import Action
from imagebot.settings.resolve import Limits
from tests.storm.limits import CONTENT_IN_AN_HOUR, Account, Clock
from tests.storm.scene import MIDNIGHT, Scene, storm

ANY = Limits(open_pull_requests=10_000, opened_per_hour=10_000)
HALF_AN_HOUR, MORE_THAN_AN_HOUR = timedelta(minutes=30), timedelta(minutes=70)


def assert_quiet(scene: Scene, refusing: int = 0) -> None:
    """Nothing is new: nothing is written, and each repository is asked for its pull requests once.

    In how many people refused something: there one listing tells whether they ask for it after all.
    """
    done = scene.one_pass()

    assert done.writes == 0
    assert done.requests == done.listings == scene.pages + refusing


def test_more_changes_than_github_takes_in_an_hour_come_one_after_the_other(tmp_path: Path) -> None:
    apps = {"one": {"security": 4, "patch": 40, "minor": 40, "major": 20}}
    with storm(tmp_path, apps, ANY, laden=True, every=MORE_THAN_AN_HOUR) as scene:
        first = scene.one_pass()
        assert first.count(Action.OPENED) * 5 == first.writes < CONTENT_IN_AN_HOUR * 0.9
        assert first.count(Action.WAITING) > 0
        branches = {f"imagebot/staging/{app}" for _, app in scene.opened}
        assert set(scene.repositories["one"].branches()) == {"main", *branches}

        scene.until_all_are_open(timedelta(hours=3))

        assert scene.in_order()
        assert_quiet(scene)


def test_what_is_open_already_waits_for_the_forge_as_well(tmp_path: Path) -> None:
    apps = {"one": {"patch": 8, "minor": 8}, "two": {"major": 8}}
    with storm(tmp_path, apps, ANY) as scene:
        scene.until_all_are_open(timedelta(hours=1))
        scene.publish("1.0.2", "1.2.0", "2.1.0")
        before = scene.repositories["one"].branches() | scene.repositories["two"].branches()
        scene.spend_all_but(21)
        scene.every = MORE_THAN_AN_HOUR

        done = scene.one_pass()

        after = scene.repositories["one"].branches() | scene.repositories["two"].branches()
        moved = sum(1 for branch in before if before[branch] != after[branch])
        assert done.writes <= 21
        assert moved == done.count(Action.UPDATED) > 0
        assert moved + done.count(Action.WAITING) == len(scene.kinds)

        assert scene.one_pass().count(Action.UPDATED) + moved == len(scene.kinds)
        assert_quiet(scene)


def test_labels_that_only_a_look_at_the_image_calls_for_are_paid_for_as_well(tmp_path: Path) -> None:
    with storm(tmp_path, {"one": {"major": 12}, "two": {"major": 12}}, ANY, every=MORE_THAN_AN_HOUR) as scene:
        scene.spend_all_but(20)

        done = scene.one_pass()

        assert (done.count(Action.OPENED), done.count(Action.WAITING), done.writes) == (6, 18, 18)
        scene.until_all_are_open(timedelta(hours=4))
        assert_quiet(scene)


def test_a_rate_holds_over_all_repositories(tmp_path: Path) -> None:
    apps = {"one": {"patch": 3, "major": 3}, "two": {"security": 2, "minor": 5}}
    with storm(tmp_path, apps, Limits(open_pull_requests=100, opened_per_hour=5), every=HALF_AN_HOUR) as scene:
        scene.until_all_are_open(timedelta(hours=4))

        assert scene.most_in_an_hour() == 5
        assert scene.in_order()
        assert_quiet(scene)


def test_what_people_closed_costs_one_listing_a_pass_and_what_waits_none(tmp_path: Path) -> None:
    apps = {"one": {"patch": 6, "minor": 6}, "two": {"patch": 6, "minor": 6}}
    with storm(tmp_path, apps, Limits(open_pull_requests=14, opened_per_hour=10_000)) as scene:
        scene.one_pass()
        scene.close(3)
        scene.one_pass()
        settled = scene.one_pass()
        assert (settled.count(Action.WAITING), settled.count(Action.OPENED)) == (4, 0)

        assert_quiet(scene, refusing=2)


@pytest.mark.parametrize(
    ("apart_s", "writes", "fine"),
    [(1.0, True, 500), (0.5, True, 80), (8.0, True, 10_000), (0.5, False, 5000), (1.0, False, 10_000)],
    ids=["content in an hour", "content in a minute", "slow enough", "requests in an hour", "requests slow enough"],
)
def test_the_fake_bans_whoever_passes_a_documented_limit(apart_s: float, writes: bool, fine: int) -> None:
    account = Account(Clock(MIDNIGHT))

    counted = 0
    while counted <= 10_000 and not account.count(writes=writes):
        counted += 1
        account.clock.seconds += apart_s

    assert min(counted, 10_000) == fine
