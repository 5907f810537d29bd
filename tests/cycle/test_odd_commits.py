"""Commits of environment repositories are anybody's bytes: an odd one stops nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from imagebot.cycle.report import Action
from imagebot.selection.verdict import Held, Hold
from tests.cycle.conftest import DEPLOYMENT, actions, verdict
from tests.cycle.test_promotion import DAY, POLICY, held_until, production
from tests.support.git_odd import BODIES, GOOD, TIMELESS, TIMELY, WHO, odd_commit
from tests.support.stage import NOON, Stage, set_up

BESIDE = """\
app: beside
repository: environments
environments:
  staging: {paths: ["beside/"]}
images:
  - image: IMAGE
    semver: ^6.5
"""


@pytest.fixture
def two_apps(tmp_path: Path) -> Iterator[Stage]:
    """One app whose version was taken back and is due in production, and one beside it that is a version behind."""
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")
    stage.policy(POLICY)
    stage.policy(BESIDE, "beside.yaml")
    files = {"staging/app.yaml": DEPLOYMENT, "production/app.yaml": DEPLOYMENT, "beside/app.yaml": DEPLOYMENT}
    stage.commit(files, at=NOON - 100 * DAY)
    with stage.registry:
        yield stage


def tree_with(stage: Stage, path: str, old: str, new: str) -> str:
    """The tree of the base with a file changed."""
    commit = stage.commit({path: stage.show(path).replace(old, new)}, branch="scratch")
    return stage.git("-C", str(stage.bare), "rev-parse", f"{commit}^{{tree}}")


@pytest.mark.parametrize("committer", TIMELESS.values(), ids=TIMELESS)
def test_one_commit_without_a_time_stops_nobody_else(two_apps: Stage, committer: str) -> None:
    """What it brought to staging is there since the bot saw it, as git does not tell."""
    stage = two_apps
    tree = tree_with(stage, "staging/app.yaml", "6.5.3", "6.5.4")
    odd_commit(stage.bare, "main", author=committer, committer=committer, tree=tree)

    report = stage.one_pass()

    assert report.exit_code == 0
    assert [pull.branch for pull in stage.pulls()] == ["imagebot/staging/beside"]
    assert held_until(report) == NOON + 2 * DAY
    assert "git has no usable date for it" in production(report).because
    later = stage.one_pass(now=NOON + 2 * DAY)
    assert later.exit_code == 0
    assert "imagebot/production/podinfo" in {pull.branch for pull in stage.pulls()}


@pytest.mark.parametrize("committer", [f"{WHO} 300000000000 +0000", f"{WHO} 4102444800 +0000"], ids=["never", "2100"])
def test_what_was_taken_back_without_a_time_is_held_and_can_be_lifted(two_apps: Stage, committer: str) -> None:
    stage = two_apps
    stage.one_pass()
    stage.merge("imagebot/staging/podinfo", NOON)
    tree = tree_with(stage, "staging/app.yaml", "6.5.4", "6.5.3")
    odd_commit(stage.bare, "main", committer=committer, tree=tree)

    report = stage.one_pass(now=NOON + DAY)

    held = next(each for each in report.decisions if str(each.policy) == "podinfo@staging").watches[0].verdict
    assert isinstance(held, Held)
    assert held.hold is Hold.ROLLED_BACK
    assert "git has no usable date for it" in held.because
    stage.imagebot("unhold", "podinfo@staging", "6.5.4")
    assert "imagebot/staging/podinfo" in {
        one.branch for one in stage.one_pass(now=NOON + timedelta(days=20_000)).outcomes if one.action is Action.OPENED
    }


@pytest.mark.parametrize("who", TIMELY.values(), ids=TIMELY)
def test_one_odd_name_stops_nobody(two_apps: Stage, who: str) -> None:
    odd_commit(two_apps.bare, "main", author=who, committer=who)
    report = two_apps.one_pass()
    assert (report.exit_code, len(two_apps.pulls())) == (0, 2)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_one_odd_message_stops_nobody(two_apps: Stage, body: bytes) -> None:
    odd_commit(two_apps.bare, "main", body=body)
    report = two_apps.one_pass()
    assert (report.exit_code, len(two_apps.pulls())) == (0, 2)
    assert two_apps.imagebot("history", "podinfo").code == 0


@pytest.mark.parametrize(
    "name", ["imagebot/a\u2028b", "imagebot/a\x85b/c", "imagebot/\u202ex", "imagebot/" + "x" * 200]
)
def test_one_odd_branch_name_stops_nobody(stage: Stage, name: str) -> None:
    """What looks like the end of a line to Python is none to git."""
    stage.git("-C", str(stage.bare), "update-ref", f"refs/heads/{name}", stage.heads()["main"])
    report = stage.one_pass()
    assert (report.exit_code, actions(report)) == (0, [Action.OPENED])


@pytest.mark.parametrize("kind", ["blob", "tag", "tree"])
def test_a_branch_that_is_no_commit_stops_nobody(stage: Stage, kind: str) -> None:
    bare = str(stage.bare)
    tag = f"object {stage.heads()['main']}\ntype commit\ntag v1\ntagger {GOOD}\n\nm\n"
    stage.git("-C", bare, "symbolic-ref", "HEAD", "refs/heads/main")
    (stage.folder / "tag").write_text(tag)
    (stage.folder / "blob").write_text("x")
    made = {
        "blob": lambda: stage.git("-C", bare, "hash-object", "-w", str(stage.folder / "blob")),
        "tag": lambda: stage.git("-C", bare, "hash-object", "-t", "tag", "-w", str(stage.folder / "tag")),
        "tree": lambda: stage.git("-C", bare, "rev-parse", "main^{tree}"),
    }[kind]()
    (stage.bare / "refs" / "heads" / "imagebot").mkdir(parents=True, exist_ok=True)
    (stage.bare / "refs" / "heads" / "imagebot" / "odd").write_text(made + "\n")

    report = stage.one_pass()

    assert (report.exit_code, actions(report)) == (0, [Action.OPENED])
    assert verdict(report).because
