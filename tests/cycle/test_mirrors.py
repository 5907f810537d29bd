"""What is wrong with one repository, or with our copy of it, is said, and costs that one."""

from __future__ import annotations

from imagebot.cycle.report import Action
from imagebot.errors import NOT_ALL_DONE
from imagebot.observe.events import MirrorRemade
from imagebot.selection.verdict import Held, Unknown, Update
from tests.cycle.conftest import DEPLOYMENT, POLICY, actions, assert_quiet
from tests.support.git_odd import with_a_hostile_tree
from tests.support.stage import Stage


def test_a_mirror_that_was_damaged_is_made_anew_and_that_is_said(opened: Stage) -> None:
    objects = opened.folder / "state" / "mirrors" / "environments.git" / "objects"
    for file in [*objects.glob("[0-9a-f][0-9a-f]/*"), *objects.glob("pack/*.pack")]:
        file.chmod(0o600)
        file.write_bytes(file.read_bytes()[:10])
    opened.events.clear()

    assert actions(assert_quiet(opened)) == [Action.KEPT]

    (event,) = (event for event in opened.events if isinstance(event, MirrorRemade))
    assert (event.repository, event.level) == ("environments", "warning")
    assert event.because
    opened.events.clear()
    assert_quiet(opened)
    assert not any(isinstance(event, MirrorRemade) for event in opened.events)


def test_a_repository_with_a_hostile_object_costs_itself(stage: Stage) -> None:
    """Git itself refuses it; the app in the other repository is delivered."""
    odd = stage.folder / "odd.git"
    stage.git("clone", "--quiet", "--bare", str(stage.bare), str(odd))
    with_a_hostile_tree(odd, "main")
    stage.settings(repository=f"  odd:\n    url: {odd}\n    forge: local\n")
    stage.policy(POLICY.replace("app: podinfo", "app: odd").replace("environments\n", "odd\n", 1), "odd.yaml")

    report = stage.one_pass()

    assert actions(report) == [Action.OPENED]
    (unknown,) = (each.watches[0].verdict for each in report.decisions if each.policy.app == "odd")
    assert isinstance(unknown, Unknown)
    assert "takes for damaged or hostile" in unknown.because
    assert report.exit_code == NOT_ALL_DONE


def test_a_damaged_branch_of_the_bot_holds_its_app_and_nobody_elses(stage: Stage) -> None:
    stage.policy(POLICY.replace("app: podinfo", "app: other").replace("staging/", "other/"), "other.yaml")
    stage.commit({"other/app.yaml": DEPLOYMENT})
    stage.commit({"x": "y"}, branch="imagebot/staging/podinfo")
    with_a_hostile_tree(stage.bare, "imagebot/staging/podinfo")

    report = stage.one_pass()

    held, sound = sorted((each.watches[0].verdict for each in report.decisions), key=lambda one: type(one).__name__)
    assert isinstance(held, Held)
    assert held.because.startswith("the branch imagebot/staging/podinfo cannot be read: ")
    assert isinstance(sound, Update)
    assert actions(report) == [Action.OPENED]
