"""One pass after another on a real repository: what people see happen to their pull requests."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from imagebot.cycle.report import Action
from imagebot.errors import FINE, NOT_ALL_DONE, WRONG_INPUT
from imagebot.observe.events import BranchDeleted
from imagebot.pulls import block
from imagebot.selection.verdict import Held, Hold, NoCandidate, Unknown, UpToDate
from tests.cycle.conftest import DEPLOYMENT, POLICY, actions, assert_quiet, verdict
from tests.support.stage import Stage

BRANCH = "imagebot/staging/podinfo"


def test_a_new_tag_becomes_a_pull_request_that_changes_one_value(stage: Stage) -> None:
    report = stage.one_pass()

    assert actions(report) == [Action.OPENED]
    assert report.exit_code == FINE
    (pull,) = stage.pulls()
    assert pull.title == "deps(staging): podinfo 6.5.3 → 6.5.4"
    assert stage.show("staging/app.yaml", BRANCH) == DEPLOYMENT.replace("6.5.3", "6.5.4")
    assert stage.show("staging/app.yaml") == DEPLOYMENT
    assert actions(assert_quiet(stage)) == [Action.KEPT]


def test_the_commit_says_what_and_why_in_trailers(opened: Stage) -> None:
    trailers = opened.git("-C", str(opened.bare), "log", "-1", "--format=%(trailers:unfold)", BRANCH).splitlines()

    assert trailers[0].startswith(f"Image-Update: {opened.image} 6.5.3 -> 6.5.4@sha256:")
    assert trailers[1] == "Image-Field: staging/app.yaml#spec.template.spec.containers[0].image"


def test_a_newer_tag_updates_the_same_pull_request(opened: Stage) -> None:
    (first,) = opened.pulls()
    opened.publish("6.6.0")

    report = opened.one_pass()

    assert actions(report) == [Action.UPDATED]
    (pull,) = opened.pulls()
    assert (pull.number, pull.title) == (first.number, "deps(staging): podinfo 6.5.3 → 6.6.0")
    assert opened.show("staging/app.yaml", BRANCH) == DEPLOYMENT.replace("6.5.3", "6.6.0")
    assert_quiet(opened)


def test_a_merged_pull_request_makes_room_for_the_next(opened: Stage) -> None:
    assert opened.imagebot("pr", "merge", "1").code == FINE
    assert verdict(assert_quiet(opened)) == UpToDate(verdict(opened.one_pass()).at, verdict(opened.one_pass()).because)  # type: ignore[union-attr]
    opened.publish("6.5.5")

    assert actions(opened.one_pass()) == [Action.OPENED]

    (pull,) = opened.pulls()
    assert (pull.number, pull.title) == (2, "deps(staging): podinfo 6.5.4 → 6.5.5")
    assert_quiet(opened)


def test_a_squash_merge_that_leaves_the_branch_is_a_merge_too(opened: Stage) -> None:
    """Forges can merge by a commit of their own and keep the branch: nothing is left to propose, and it goes."""
    opened.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "6.5.4")}, message="deps (#1)")
    opened.forge.close(opened.pulls()[0], "merged", block.stamped(opened.pulls()[0].body, closed_by_bot=True))

    assert actions(opened.one_pass()) == []
    assert BRANCH not in opened.heads()
    assert_quiet(opened)
    opened.publish("6.5.5")

    assert actions(opened.one_pass()) == [Action.OPENED]
    assert opened.show("staging/app.yaml", BRANCH) == DEPLOYMENT.replace("6.5.3", "6.5.5")


def test_what_a_person_closed_is_not_proposed_again_but_the_next_is(opened: Stage) -> None:
    assert opened.imagebot("pr", "close", "1").code == FINE

    held = verdict(assert_quiet(opened))

    assert isinstance(held, Held)
    assert held.hold is Hold.CLOSED
    assert "#1 was closed" in held.because
    assert opened.pulls() == ()
    opened.publish("6.5.5")
    assert actions(opened.one_pass()) == [Action.OPENED]
    assert_quiet(opened)


def test_a_persons_commit_freezes_the_branch(opened: Stage) -> None:
    theirs = opened.commit({"staging/extra.yaml": "a: 1\n"}, branch=BRANCH)
    opened.publish("6.5.5")

    assert opened.one_pass().costs.forge_writes == 2, "it is said once, and remembered in the body"
    held = verdict(assert_quiet(opened))

    assert isinstance(held, Held)
    assert held.hold is Hold.FROZEN
    assert "Ada committed" in held.because
    assert opened.heads()[BRANCH] == theirs
    (comment,) = opened.comments(1)
    assert theirs[:10] in comment


def test_the_update_branch_button_does_not_freeze(opened: Stage) -> None:
    opened.commit({"README.md": "news\n"})
    work = opened.clone(BRANCH)
    opened.git("-C", str(work), "merge", "--quiet", "--no-edit", "origin/main")
    opened.git("-C", str(work), "push", "--quiet", "origin", BRANCH)
    assert_quiet(opened)
    opened.publish("6.5.5")

    assert actions(opened.one_pass()) == [Action.UPDATED]
    assert_quiet(opened)


def test_tags_that_change_nothing_write_nothing(stage: Stage) -> None:
    """The body counts the tags that were let in; it is not rewritten because there is one more to count."""
    stage.publish("6.6.0")
    stage.one_pass()
    stage.publish("6.5.5")

    assert_quiet(stage)


def test_a_branch_is_not_rebuilt_because_others_merged(opened: Stage) -> None:
    opened.commit({"README.md": "news\n"})

    assert_quiet(opened)


def test_a_branch_that_conflicts_with_the_base_is_rebuilt(opened: Stage) -> None:
    moved = DEPLOYMENT.replace("6.5.3", "6.5.0")
    opened.commit({"staging/app.yaml": moved})

    assert actions(opened.one_pass()) == [Action.UPDATED]

    assert opened.show("staging/app.yaml", BRANCH) == moved.replace("6.5.0", "6.5.4")
    assert_quiet(opened)


def test_a_field_that_moved_is_followed(opened: Stage) -> None:
    opened.commit({"staging/app.yaml": None, "staging/deep/other.yaml": "# another file\n" * 30 + DEPLOYMENT})

    assert actions(opened.one_pass()) == [Action.UPDATED]

    assert "IMAGE:6.5.4" in opened.show("staging/deep/other.yaml", BRANCH)
    assert_quiet(opened)


def test_a_file_that_was_only_renamed_needs_no_new_branch(opened: Stage) -> None:
    """Git's own merge follows the rename, so the reviewer's work on the branch stays good."""
    commit = opened.heads()[BRANCH]
    opened.commit({"staging/app.yaml": None, "staging/deep/other.yaml": DEPLOYMENT})

    opened.one_pass()

    assert opened.heads()[BRANCH] == commit
    assert "staging/deep/other.yaml:8" in opened.pulls()[0].body
    assert_quiet(opened)
    opened.imagebot("pr", "merge", "1")

    assert opened.show("staging/deep/other.yaml") == DEPLOYMENT.replace("6.5.3", "6.5.4")


def test_what_a_person_did_by_hand_makes_the_pull_request_moot(opened: Stage) -> None:
    opened.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "6.5.4")})

    report = opened.one_pass()

    assert actions(report) == [Action.CLOSED]
    assert report.outcomes[0].because.startswith("main already has what this proposed: 6.5.4 is ")
    assert [event.because for event in opened.events if isinstance(event, BranchDeleted)] == [
        outcome.because for outcome in report.outcomes
    ]
    assert (opened.pulls(), list(opened.heads())) == ((), ["main"])
    assert_quiet(opened)


def test_what_the_bot_closed_itself_was_not_refused_by_anyone(opened: Stage) -> None:
    opened.unpublish("6.5.4")
    assert actions(opened.one_pass()) == [Action.CLOSED]
    opened.publish("6.5.4")

    assert actions(opened.one_pass()) == [Action.OPENED]


def test_a_bump_by_hand_that_was_taken_back_by_hand_is_held(opened: Stage) -> None:
    """The pull request for it was closed by the bot, and refused by nobody: what the field said tells."""
    opened.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "6.5.4")})
    opened.one_pass()
    opened.commit({"staging/app.yaml": DEPLOYMENT})

    held = verdict(opened.one_pass())

    assert isinstance(held, Held), held
    assert held.hold is Hold.ROLLED_BACK


def test_a_silent_registry_is_not_an_empty_one(stage: Stage) -> None:
    stage.one_pass()
    before = stage.pulls(), stage.heads()
    stage.registry.close()

    report = stage.one_pass()

    assert isinstance(verdict(report), Unknown)
    assert report.exit_code == NOT_ALL_DONE
    assert (stage.pulls(), stage.heads()) == before


def test_one_unknown_image_keeps_the_whole_change_back(stage: Stage) -> None:
    """Without the second image's answer the pull request would lose what it proposed for it."""
    stage.policy(POLICY + "  - image: IMAGE-missing\n    semver: ^1\n")

    report = stage.one_pass()

    assert (actions(report), report.exit_code) == ([], NOT_ALL_DONE)
    assert stage.pulls() == ()


def test_a_file_that_does_not_parse_and_names_the_image_is_unknown(stage: Stage) -> None:
    stage.commit({"staging/broken.yaml": "image: IMAGE:6.5.3\n  bad: [\n"})

    unknown = verdict(assert_quiet(stage))

    assert isinstance(unknown, Unknown)
    assert "staging/broken.yaml:2" in unknown.because


def test_a_file_that_does_not_parse_and_does_not_name_the_image_is_passed_over(stage: Stage) -> None:
    stage.commit({"staging/broken.yaml": "podinfo: [\n"})

    assert actions(stage.one_pass()) == [Action.OPENED]


def test_no_field_with_the_image_is_unknown(stage: Stage) -> None:
    stage.commit({"staging/app.yaml": "a: 1\n"})

    report = assert_quiet(stage)

    assert isinstance(verdict(report), Unknown)
    assert report.exit_code == NOT_ALL_DONE


def test_a_field_that_two_policies_claim_is_unknown_to_both(stage: Stage) -> None:
    stage.policy(POLICY.replace("app: podinfo", "app: other"), "other.yaml")

    report = assert_quiet(stage)

    because = [line.verdict.because for decision in report.decisions for line in decision.watches]
    assert "claimed by podinfo@staging too" in because[0]
    assert "claimed by other@staging too" in because[1]


def test_no_tag_that_fits(stage: Stage) -> None:
    stage.policy(POLICY.replace("^6.5", "^8"))

    report = assert_quiet(stage)

    assert isinstance(verdict(report), NoCandidate)
    assert report.exit_code == FINE


def test_what_is_deployed_by_hand_above_the_range_is_not_taken_back(stage: Stage) -> None:
    stage.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "7.0.0")})

    held = verdict(assert_quiet(stage))

    assert isinstance(held, Held)
    assert held.hold is Hold.DOWNGRADE


def test_a_digest_is_written_where_the_policy_pins(stage: Stage) -> None:
    stage.policy(POLICY + "    pin: digest\n")

    stage.one_pass()

    (line,) = [line for line in stage.show("staging/app.yaml", BRANCH).splitlines() if "image:" in line]
    assert line.startswith('          image:   "IMAGE:6.5.4@sha256:')
    assert_quiet(stage)


def test_a_pull_request_over_the_limit_waits_for_one_to_be_settled(stage: Stage) -> None:
    stage.policy(POLICY.replace("app: podinfo", "app: other").replace("staging", "production"), "other.yaml")
    stage.commit({"production/app.yaml": DEPLOYMENT})
    stage.settings("limits: {openPullRequests: 1}\n")

    assert sorted(actions(stage.one_pass())) == [Action.OPENED, Action.WAITING]
    assert sorted(actions(assert_quiet(stage))) == [Action.KEPT, Action.WAITING]
    stage.imagebot("pr", "merge", "1")

    assert actions(stage.one_pass()) == [Action.OPENED]


def test_a_bad_policy_file_stops_one_app(stage: Stage) -> None:
    stage.policy("app: [", "bad.yaml")

    report = stage.one_pass()

    assert actions(report) == [Action.OPENED]
    assert report.exit_code == WRONG_INPUT


def test_all_state_lost_changes_nothing(opened: Stage) -> None:
    shutil.rmtree(opened.folder / "state")

    assert_quiet(opened)


def test_a_second_bot_with_a_state_of_its_own_finds_the_work_done(opened: Stage) -> None:
    world = opened.world()
    other = replace(world, settings=world.settings.model_copy(update={"state": opened.folder / "other"}))

    report = opened.one_pass(other)

    assert (report.costs.git_pushes, report.costs.forge_writes) == (0, 0)


def test_the_same_change_is_the_same_commit_wherever_it_is_made(opened: Stage) -> None:
    commit = opened.heads()[BRANCH]
    opened.git("-C", str(opened.bare), "update-ref", "-d", f"refs/heads/{BRANCH}")
    shutil.rmtree(opened.folder / "state")
    shutil.rmtree(opened.folder / "environments.pulls")

    opened.one_pass()

    assert opened.heads()[BRANCH] == commit


def test_a_quiet_pass_parses_nothing_and_asks_for_each_image_once(stage: Stage) -> None:
    world = stage.world()
    stage.one_pass(world)
    stage.imagebot("pr", "merge", "1")
    stage.one_pass(world)
    parsed = world.index.parsed

    report = stage.one_pass(world)

    assert world.index.parsed == parsed
    assert (report.costs.registry_requests, report.costs.git_fetches) == (1, 1)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_line_ends_and_a_missing_last_one_stay(stage: Stage, line_end: str) -> None:
    text = DEPLOYMENT.rstrip("\n").replace("\n", line_end)
    stage.commit({"staging/app.yaml": text})

    stage.one_pass()

    assert stage.show("staging/app.yaml", BRANCH) == text.replace("6.5.3", "6.5.4")


def test_a_field_that_no_shape_reaches_is_named_by_its_path(stage: Stage) -> None:
    stage.commit(
        {"staging/app.yaml": None, "staging/version.yaml": "image_tag: 6.5.3   # promoted by hand\nready: yes\n"}
    )
    stage.policy(POLICY + "    fields: [{file: staging/version.yaml, path: image_tag}]\n")

    assert actions(stage.one_pass()) == [Action.OPENED]

    changed = "image_tag: 6.5.4   # promoted by hand\nready: yes\n"
    assert stage.show("staging/version.yaml", BRANCH) == changed
    assert_quiet(stage)


def test_paths_keep_a_pass_out_of_other_folders(stage: Stage) -> None:
    stage.commit({"production/app.yaml": DEPLOYMENT, "staging/charts/app.yaml": DEPLOYMENT})
    stage.policy(POLICY.replace('["staging/"]', '["staging/", "!**/charts/"]'))

    stage.one_pass()

    work = ["-C", str(stage.bare), "diff", "--name-only", "main", BRANCH]
    assert stage.git(*work).splitlines() == ["staging/app.yaml"]
