"""Whole passes by the orders that ask more than a list of tags: a branch's history, creation times, a digest."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagebot.cycle.report import Action, Report
from imagebot.errors import NOT_ALL_DONE
from imagebot.selection.verdict import Held, Unknown, Update, UpToDate, Verdict
from tests.support.git_repos import BareRepository, a_repository, merge_branch
from tests.support.stage import Stage

FIELD = "image: IMAGE:{}\n"
POLICY = """\
app: podinfo
repository: environments
environments: {staging: {paths: ["staging/"]}}
images:
- image: IMAGE
"""


def deploy(stage: Stage, rule: str, tag: str) -> None:
    """The policy with this rule, and a deployment of this tag."""
    stage.policy(POLICY + f"  {rule}\n")
    stage.commit({"staging/app.yaml": f"kind: Deployment\nspec: {{containers: [{{name: a, image: 'IMAGE:{tag}'}}]}}\n"})


def verdict(report: Report) -> Verdict:
    return report.decisions[0].watches[0].verdict


@pytest.fixture
def source(stage: Stage, tmp_path: Path) -> BareRepository:
    """The source repository, called `api` in imagebot.yaml."""
    source = a_repository(tmp_path / "api.git", {"README.md": "hello\n"})
    stage.settings(f"sources: {{api: {{url: {source.folder}}}}}\n")
    return source


def test_the_newest_commit_with_an_image_is_proposed(stage: Stage, source: BareRepository) -> None:
    first, second, third = (source.commit("main", {"a": str(number)}) for number in range(3))
    stage.publish(first[:7], second[:7])
    deploy(stage, "commit: {source: api}", first[:7])

    report = stage.one_pass()

    answer = verdict(report)
    assert isinstance(answer, Update)
    assert answer.to.tag == second[:7]
    assert f"the newest of 2 commits of main with an image; 1 newer commit has none yet: {third[:7]}" in answer.because
    assert [outcome.action for outcome in report.outcomes] == [Action.OPENED]
    (pull,) = stage.pulls()
    assert "`commit: api`" in pull.body

    stage.publish(third[:7])
    assert [outcome.action for outcome in stage.one_pass().outcomes] == [Action.UPDATED]


def test_what_a_merge_brought_waits_for_the_merge(stage: Stage, source: BareRepository) -> None:
    base = source.commit("main", {"a": "1"})
    side = source.commit("feature", {"b": "1"}, on=base)
    stage.publish(base[:7], side[:7])
    deploy(stage, "commit: {source: api}", base[:7])
    assert isinstance(verdict(stage.one_pass()), UpToDate)

    merge = merge_branch(source, "main", side)
    assert isinstance(verdict(stage.one_pass()), UpToDate)

    stage.publish(merge[:7])
    answer = verdict(stage.one_pass())
    assert isinstance(answer, Update)
    assert answer.to.tag == merge[:7]


def test_from_a_merged_commit_nothing_goes_back(stage: Stage, source: BareRepository) -> None:
    base = source.commit("main", {"a": "1"})
    side = source.commit("feature", {"b": "1"}, on=base)
    merge_branch(source, "main", side)
    stage.publish(base[:7], side[:7])
    deploy(stage, "commit: {source: api}", side[:7])
    assert isinstance(verdict(stage.one_pass()), Held)


def test_a_source_that_cannot_be_reached_leaves_its_apps_unknown(stage: Stage, source: BareRepository) -> None:
    commit = source.commit("main", {"a": "1"})
    stage.publish(commit[:7])
    deploy(stage, "commit: {source: api}", commit[:7])
    source.folder.rename(source.folder.with_name("gone.git"))

    report = stage.one_pass()

    answer = verdict(report)
    assert isinstance(answer, Unknown)
    assert str(source.folder) in answer.because
    assert report.exit_code == NOT_ALL_DONE
    assert stage.pulls() == ()


def test_a_branch_that_a_policy_names(stage: Stage, source: BareRepository) -> None:
    main = source.commit("main", {"a": "1"})
    release = source.commit("release/1.x", {"a": "2"}, on=main)
    newer = source.commit("main", {"a": "3"})
    stage.publish(main[:7], release[:7], newer[:7])
    deploy(stage, "commit: {source: api, branch: release/1.x}", main[:7])
    answer = verdict(stage.one_pass())
    assert isinstance(answer, Update)
    assert answer.to.tag == release[:7]


def test_the_image_that_was_made_last(stage: Stage) -> None:
    stage.publish("blue", created="2026-01-01T10:00:00Z")
    stage.publish("green", created="2026-01-01T11:00:00Z")
    stage.publish("epoch", created="1970-01-01T00:00:00Z")
    deploy(
        stage, "{created: newest, tags: {match: '^(blue|green|epoch)$'}}"[1:-1].replace(", tags", "\n  tags"), "blue"
    )
    report = stage.one_pass()
    answer = verdict(report)
    assert isinstance(answer, Update), answer
    assert answer.to.tag == "green"
    assert "the newest of 2 images, made on 2026-01-01 11:00 UTC" in answer.because


def test_a_tag_that_moves_is_followed_by_its_digest(stage: Stage) -> None:
    stage.publish("edge", created="2026-01-01T10:00:00Z")
    deploy(stage, "digest: edge", "edge")
    first = verdict(stage.one_pass())
    assert isinstance(first, Update)
    stage.publish("edge", created="2026-01-01T11:00:00Z")
    second = verdict(stage.one_pass())
    assert isinstance(second, Update)
    assert first.to.tag == second.to.tag == "edge"
    assert first.to.digest != second.to.digest
    assert "edge is the tag to follow" in second.because
