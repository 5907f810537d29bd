"""What a registry does not show for a while closes nothing, and what is really gone is believed: whole passes."""

from __future__ import annotations

import json

import pytest

from imagebot.cycle.report import Action, Report
from imagebot.errors import FINE, NOT_ALL_DONE
from imagebot.selection.verdict import Held, Hold, NoCandidate, Unknown, Update, UpToDate
from tests.cycle.conftest import DEPLOYMENT, GONE, POLICY, World, actions, verdict
from tests.cycle.test_gates import DAY, proposed
from tests.support import oci_folder
from tests.support.stage import NOON
from tests.support.stage_copies import Fault
from tests.support.web_function import Answer, Asked


def no_manifests(asked: Asked) -> Answer | None:
    """The index has every tag, and the storage behind it nothing."""
    return GONE if "/manifests/" in asked.path else None


def without(*references: str) -> Fault:
    """These manifests alone are not there."""
    return lambda asked: GONE if asked.path.rpartition("/manifests/")[2] in references else None


def listing(*tags: str) -> Fault:
    """A tag list with these alone."""
    body = json.dumps({"name": "acme/podinfo", "tags": list(tags)}).encode()
    return answers_with(body)


def answers_with(body: bytes) -> Fault:
    answer = Answer(200, (("Content-Type", "application/json"),), body)
    return lambda asked: answer if asked.path.endswith("/tags/list") else None


def assert_untouched(world: World, report: Report) -> None:
    assert (actions(report), proposed(world.stage)) == ([], ["6.5.4"])
    assert "imagebot/staging/podinfo" in world.stage.heads()


def test_an_outage_behind_the_index_closes_nothing(world: World) -> None:
    world.faults.append(no_manifests)

    report = world.passes()

    answer = verdict(report)
    assert isinstance(answer, Unknown)
    assert answer.because == (
        "the registry shows nothing for 6.5.4, nor for 6.5.0 and 6.5.3, since 2026-01-01 12:00 UTC: registries leave"
        " things out at times, so it is believed from 2026-01-02 12:00 UTC on, if it stays so"
    )
    assert report.exit_code == NOT_ALL_DONE
    assert_untouched(world, report)
    world.faults.clear()
    assert actions(world.passes()) == [Action.KEPT]


def test_an_outage_that_stays_for_a_day_is_believed(world: World) -> None:
    world.faults.append(no_manifests)
    world.passes()
    assert isinstance(verdict(world.passes(0.9)), Unknown)

    report = world.passes(1)

    assert isinstance(verdict(report), NoCandidate | UpToDate)
    assert actions(report) == [Action.CLOSED]


def test_a_second_outage_is_doubted_as_long_as_the_first(world: World) -> None:
    world.faults.append(no_manifests)
    world.passes()
    world.faults.clear()
    world.passes(0.5)
    world.faults.append(no_manifests)
    assert_untouched(world, world.passes(1.5))


def test_an_outage_asks_a_few_control_questions_a_pass(world: World) -> None:
    world.faults.append(no_manifests)
    before = len(world.asked())
    world.passes()
    assert len({asked.rpartition("/")[2] for asked in world.asked()[before:]}) <= 4


def test_one_tag_that_is_gone_while_another_is_shown_is_passed_by_at_once(world: World) -> None:
    world.faults.append(without("6.5.4"))

    report = world.passes()

    assert isinstance(verdict(report), UpToDate)
    assert "6.5.4 is listed, and the registry has nothing behind it, while it shows 6.5.3" in verdict(report).because
    assert (actions(report), report.exit_code) == ([Action.CLOSED], FINE)


def test_retention_that_deletes_what_is_deployed_leaves_nothing_unknown(world: World) -> None:
    world.stage.unpublish("6.5.3", "6.5.0")
    report = world.passes()
    assert isinstance(verdict(report), Update)
    assert (actions(report), report.exit_code) == ([Action.KEPT], FINE)
    world.stage.publish("6.5.5")
    assert actions(world.passes()) == [Action.UPDATED]


def test_what_is_deployed_and_every_candidate_gone_is_an_outage_for_each_order(world: World) -> None:
    world.stage.policy(POLICY.replace("semver: ^6.5", "created: newest"))
    world.stage.folder.joinpath("state", "state.db").unlink()
    world.faults.append(no_manifests)
    report = world.passes()
    assert isinstance(verdict(report), Unknown)
    assert_untouched(world, report)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(listing("6.5.0", "6.5.3"), id="exactly half, the deployed one on it"),
        pytest.param(listing("6.5.0", "7.0.0"), id="exactly half, the deployed one not on it"),
        pytest.param(listing("6.5.0", "6.5.3", "7.0.0"), id="one less, that of the pull request"),
        pytest.param(listing("6.5.4", "7.0.0"), id="older ones cut"),
        pytest.param(listing(), id="empty"),
        pytest.param(answers_with(b'{"name": "acme/podinfo", "tags": null}'), id="null"),
        pytest.param(answers_with(b"{}"), id="no tags at all"),
        pytest.param(answers_with(b""), id="an empty page"),
    ],
)
@pytest.mark.parametrize("lost", [False, True], ids=["", "at first sight"])
def test_a_list_that_was_cut_closes_nothing(world: World, fault: Fault, lost: bool) -> None:
    if lost:
        world.stage.folder.joinpath("state", "state.db").unlink()
    world.faults.append(fault)
    for days in (0, 0.5, 3):
        report = world.passes(days)
        assert proposed(world.stage) == ["6.5.4"]
        assert Action.CLOSED not in actions(report)
    world.faults.clear()
    assert actions(world.passes(3)) == [Action.KEPT]


def test_a_list_cut_at_first_sight_is_not_believed(world: World) -> None:
    world.stage.folder.joinpath("state", "state.db").unlink()
    world.stage.policy(POLICY + "    downgrade: allow\n")
    world.faults.append(listing("6.5.0"))
    report = world.passes()
    assert verdict(report) == Unknown(
        f"the tag list of {world.stage.image} is cut short: 6.5.3 is not on it, and the registry has it"
    )
    assert_untouched(world, report)


def test_a_list_that_is_cut_and_whole_by_turns_does_nothing_when_it_is_cut(world: World) -> None:
    for turn in range(4):
        world.faults[:] = [listing("6.5.0", "6.5.3")] if turn % 2 else []
        world.passes(turn * 0.9)
        assert proposed(world.stage) == ["6.5.4"]


def test_a_tag_that_was_taken_off_the_list_and_is_gone_closes_its_pull_request(world: World) -> None:
    world.stage.unpublish("6.5.4")
    report = world.passes()
    assert (actions(report), proposed(world.stage)) == ([Action.CLOSED], [])


def test_half_a_list_without_a_name_for_what_is_missing_is_believed_after_a_day(world: World) -> None:
    world.stage.publish("6.6.0")
    world.passes()
    world.stage.publish("5.0.1", "5.0.2", "5.0.3", "5.0.4", "5.0.5", "5.0.6", "5.0.7")
    world.passes()
    world.stage.unpublish(*(f"5.0.{patch}" for patch in range(1, 8)))
    world.stage.publish("6.6.1")

    held = verdict(world.passes())

    assert isinstance(held, Held)
    assert (held.hold, held.until) == (Hold.DOUBT, NOON + DAY)
    assert "the list of tags shrank from 12 to 6, since 2026-01-01 12:00 UTC" in held.because
    assert isinstance(verdict(world.passes(1)), Update)


def test_the_promoted_tag_off_the_list_closes_nothing_in_production(world: World) -> None:
    stage = world.stage
    rule = POLICY.replace(
        'staging: {paths: ["staging/"]}',
        'staging: {paths: ["staging/"]}\n  production: {paths: ["production/"], from: {environment: staging}}',
    )
    stage.policy(rule)
    stage.commit(
        {"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "6.5.4"), "production/app.yaml": DEPLOYMENT},
        at=NOON - DAY,
    )
    stage.one_pass()
    assert [pull.branch for pull in stage.pulls()] == ["imagebot/production/podinfo"]
    world.faults.append(listing("6.5.0", "6.5.3", "7.0.0"))
    report = stage.one_pass()
    assert (actions(report), len(stage.pulls())) == ([], 1)


def test_fields_of_digests_alone_are_settled_by_their_digests(world: World) -> None:
    digest = oci_folder.publish(world.stage.folder / "registry", "acme/podinfo", "6.5.3")
    world.stage.commit({"staging/app.yaml": DEPLOYMENT.replace('"IMAGE:6.5.3"', f"IMAGE@{digest}")})
    world.faults.append(lambda asked: GONE if "/manifests/6" in asked.path else None)
    report = world.passes()
    assert actions(report) == [Action.CLOSED] or isinstance(verdict(report), Held | Unknown)
    assert any(digest in asked for asked in world.asked())


def test_a_digest_that_leads_nowhere_is_settled_by_what_the_tag_shows(world: World) -> None:
    """HEAD announces a digest that cannot be fetched; the tag itself can."""
    other = "sha256:" + "9" * 64
    world.stage.publish("6.5.5")

    def announces(asked: Asked) -> Answer | None:
        if asked.method == "HEAD" and asked.path.endswith("/6.5.5"):
            kind = "application/vnd.oci.image.manifest.v1+json"
            return Answer(200, (("Content-Type", kind), ("Docker-Content-Digest", other)))
        return None

    world.faults.append(announces)
    report = world.passes()
    answer = verdict(report)
    assert isinstance(answer, Update), answer
    assert (answer.to.tag, answer.to.digest != other) == ("6.5.5", True)


def test_a_digest_that_nothing_settles_is_unknown(world: World) -> None:
    world.faults.append(lambda asked: GONE if "sha256" in asked.path else None)
    world.stage.publish("6.5.5")
    report = world.passes()
    assert isinstance(verdict(report), Unknown)
    assert_untouched(world, report)


def test_a_doubt_is_told_where_nothing_is_to_be_done_either(world: World) -> None:
    world.stage.publish("5.0.1", "5.0.2", "5.0.3", "5.0.4")
    world.stage.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "6.5.4")})
    world.passes()
    world.faults.append(listing("6.5.0", "6.5.3", "6.5.4"))
    answer = verdict(world.passes())
    assert isinstance(answer, UpToDate)
    assert "the list of tags shrank from 8 to 3, since 2026-01-01 12:00 UTC: registries leave things" in answer.because


def test_a_list_that_stays_cut_moves_no_pull_request_back_once_the_longer_one_is_forgotten(world: World) -> None:
    cut = Answer(200, (("Content-Type", "application/json"),), b'{"name": "acme/podinfo", "tags": ["6.5.3", "6.5.4"]}')
    world.stage.publish("6.5.5")
    world.passes()
    world.faults.append(lambda asked: cut if asked.path.endswith("/tags/list") else None)

    for days in (0.1, 2, 3):
        report = world.passes(days)

        assert "cut short: 6.5.5 is not on it, and the registry has it" in verdict(report).because
        assert [pull.title.rpartition(" ")[2] for pull in world.stage.pulls()] == ["6.5.5"]
    world.stage.unpublish("6.5.5")
    world.passes(4)
    assert [pull.title.rpartition(" ")[2] for pull in world.stage.pulls()] == ["6.5.4"], "withdrawn, and attested"
