"""The life of a pull request: what is said on it, what people ask of it, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from imagebot.cycle.pass_store import PassStore
from imagebot.cycle.report import Action, Report
from imagebot.errors import Unavailable
from imagebot.forge.protocol import Forge, Listing, PullRequest
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.push import Pushed, PushUpdate, Rejected
from imagebot.images.reference import ImageName
from imagebot.pulls import block
from imagebot.registry.client import Registries
from imagebot.selection.verdict import Held, Hold
from imagebot.settings.resolve import RepositorySettings
from tests.cycle.conftest import DEPLOYMENT, POLICY, actions, assert_quiet, verdict
from tests.support.stage import NOON, Stage

BRANCH = "imagebot/staging/podinfo"
DAY = timedelta(days=1)


def tick(stage: Stage, wish: str) -> None:
    """A person ticks a box of the open pull request."""
    (pull,) = stage.pulls()
    box = f"- [ ] <!-- imagebot:{wish} -->"
    assert box in pull.body
    stage.edit(pull.number, body=pull.body.replace(box, box.replace("[ ]", "[x]")))


def test_a_newer_version_is_said_in_one_comment(opened: Stage) -> None:
    opened.publish("6.6.0")

    opened.one_pass()

    (comment,) = opened.comments(1)
    assert "6.5.4" in comment
    assert "6.6.0" in comment
    assert_quiet(opened)
    assert opened.comments(1) == (comment,)


def test_a_rebuilt_branch_is_nothing_to_say(opened: Stage) -> None:
    opened.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "6.5.0")})

    opened.one_pass()

    assert opened.comments(1) == ()


@pytest.mark.parametrize("way", ["box", "label"])
def test_people_can_have_the_branch_rebuilt_without_their_commits(opened: Stage, way: str) -> None:
    opened.commit({"staging/extra.yaml": "a: 1\n"}, branch=BRANCH)
    opened.one_pass()
    assert len(opened.comments(1)) == 1
    if way == "box":
        tick(opened, "rebuild")
    else:
        opened.edit(1, labels=("theirs", "imagebot/rebuild"))

    assert actions(opened.one_pass()) == [Action.UPDATED]

    assert "staging/extra.yaml" not in opened.git("-C", str(opened.bare), "ls-tree", "-r", "--name-only", BRANCH)
    (pull,) = opened.pulls()
    assert "[x]" not in pull.body
    assert pull.labels == (("theirs",) if way == "label" else ())
    assert_quiet(opened)


def test_a_second_commit_of_people_is_said_too(opened: Stage) -> None:
    for file in ("one", "two"):
        opened.commit({f"staging/{file}.yaml": "a: 1\n"}, branch=BRANCH)
        opened.one_pass()
        assert_quiet(opened)

    assert len(opened.comments(1)) == 2


def test_asking_for_a_rebuild_does_not_open_a_gate(opened: Stage) -> None:
    """Others let a click go round the minimum age."""
    opened.policy(POLICY + "    minimumAge: 3d\n")
    opened.publish("6.5.5")
    tick(opened, "rebuild")

    report = opened.one_pass(now=NOON + DAY)

    assert isinstance(verdict(report), Held)
    assert actions(report) == [Action.CLOSED]


def test_what_people_hold_stays_as_it_is_until_they_let_go(opened: Stage) -> None:
    tick(opened, "hold")
    opened.publish("6.6.0")
    held = verdict(assert_quiet(opened))
    assert isinstance(held, Held)
    assert held.hold is Hold.FROZEN
    assert "hold pull request #1" in held.because
    (pull,) = opened.pulls()
    opened.edit(1, body=pull.body.replace("[x]", "[ ]"))

    assert actions(opened.one_pass()) == [Action.UPDATED]

    assert "IMAGE:6.6.0" in opened.show("staging/app.yaml", BRANCH)


def test_trying_again_writes_the_words_anew_and_the_branch_not(stage: Stage) -> None:
    stage.policy(POLICY + "pullRequest: {labels: [image-update]}\n")
    stage.one_pass()
    body = stage.pulls()[0].body
    tick(stage, "retry")
    stage.edit(1, labels=())

    report = stage.one_pass()

    assert (actions(report), report.costs.git_pushes) == ([Action.UPDATED], 0)
    (pull,) = stage.pulls()
    assert (pull.body, pull.labels) == (body, ("image-update",))
    assert_quiet(stage)


def test_a_label_on_a_closed_pull_request_lifts_the_refusal(opened: Stage) -> None:
    opened.imagebot("pr", "close", "1")
    assert isinstance(verdict(opened.one_pass()), Held)
    opened.edit(1, labels=("imagebot/retry",))

    assert actions(opened.one_pass(now=NOON + timedelta(minutes=1))) == [Action.OPENED]


def hold(stage: Stage) -> None:
    assert stage.imagebot("hold", "podinfo@staging", "6.5.4", "--because", "leaks").code == 0


def bumped_beyond(stage: Stage) -> None:
    stage.publish("6.6.0")
    stage.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "6.6.0")})


def policy(old: str, new: str) -> Callable[[Stage], object]:
    return lambda stage: stage.policy(POLICY.replace(old, new))


REASONS: dict[str, tuple[Callable[[Stage], object], str]] = {
    "withdrawn": (
        lambda stage: stage.unpublish("6.5.4"),
        "the registry no longer has what this proposed. The registry does not list `6.5.4` any more.",
    ),
    "bumped by hand": (
        lambda stage: stage.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "6.5.4")}),
        "`main` already has what this proposed. `6.5.4` is the newest of 3 tags in `^6.5`.",
    ),
    "bumped by hand beyond it": (
        bumped_beyond,
        "`main` has moved on from what this proposed. `6.6.0` is the newest of 4 tags in `^6.5`.",
    ),
    "excluded": (policy("^6.5", "6.5.0 - 6.5.3"), "the policy does not let this version in any more. `6.5.4`"),
    "held": (hold, "this version is held by hand."),
    "soaking": (lambda stage: stage.policy(POLICY + "    minimumAge: 3d\n"), "for now."),
    "gone": (
        lambda stage: stage.policy(POLICY.replace("app: podinfo", "app: other").replace("staging/", "else/")),
        "no policy asks for this any more. No policy of podinfo in staging watches",
    ),
    "moved": (
        lambda stage: stage.policy(POLICY + "pullRequest: {group: {name: platform}}\n"),
        "this is proposed elsewhere now.",
    ),
}


@pytest.mark.parametrize("why", REASONS)
def test_the_reason_that_is_known_is_the_reason_that_is_given(opened: Stage, why: str) -> None:
    happens, words = REASONS[why]
    happens(opened)

    assert Action.CLOSED in actions(opened.one_pass())

    (comment,) = opened.comments(1)
    assert words in comment
    assert_quiet(opened)


def test_a_version_that_soaks_is_shown_as_a_draft_that_becomes_ready(stage: Stage) -> None:
    stage.policy(POLICY + "    minimumAge: 3d\npullRequest: {draftWhileSoaking: true}\n")

    report = stage.one_pass()

    assert isinstance(verdict(report), Held)
    assert actions(report) == [Action.OPENED]
    assert stage.pulls()[0].draft
    assert_quiet(stage)
    assert actions(stage.one_pass(now=NOON + 3 * DAY)) == [Action.UPDATED]
    (pull,) = stage.pulls()
    assert not pull.draft
    assert stage.comments(1) == ()


def test_a_draft_that_people_closed_stays_closed(stage: Stage) -> None:
    stage.policy(POLICY + "    minimumAge: 3d\npullRequest: {draftWhileSoaking: true}\n")
    stage.one_pass()
    stage.imagebot("pr", "close", "1")

    assert_quiet(stage)

    assert isinstance(verdict(stage.one_pass(now=NOON + 3 * DAY)), Held)


class Racing:
    """A mirror whose pushes somebody beats, the first `times` times."""

    def __init__(self, mirror: Mirror, stage: Stage, times: int) -> None:
        self._mirror = mirror
        self._stage = stage
        self.times = times

    def __getattr__(self, name: str) -> object:
        return getattr(self._mirror, name)

    def push(self, updates: list[PushUpdate]) -> dict[str, Pushed | Rejected]:
        if self.times:
            self.times -= 1
            tree = self._stage.git("-C", str(self._stage.bare), "rev-parse", "main^{tree}")
            other = self._stage.git("-C", str(self._stage.bare), "commit-tree", tree, "-m", f"theirs {self.times}")
            self._stage.git("-C", str(self._stage.bare), "update-ref", f"refs/heads/{updates[0].branch}", other)
        return self._mirror.push(updates)


def race(stage: Stage, times: int) -> Report:
    world = stage.world()
    left = [times]

    def mirror(settings: RepositorySettings) -> Mirror:
        racing = Racing(world.mirror(settings), stage, 1 if left[0] else 0)
        left[0] -= racing.times
        return racing  # type: ignore[return-value]

    return stage.one_pass(replace(world, mirror=mirror))


def test_a_push_that_others_beat_is_planned_anew_in_the_same_pass(stage: Stage) -> None:
    """Their commit freezes the branch: what was planned before it must not be forced over it."""
    report = race(stage, 1)

    held = verdict(report)
    assert isinstance(held, Held)
    assert held.hold is Hold.FROZEN
    assert stage.git("-C", str(stage.bare), "log", "-1", "--format=%s", BRANCH) == "theirs 0"
    assert (actions(report), report.costs.git_fetches) == ([], 2)


class Overtaken:
    """A mirror whose first push finds that somebody just made that branch, at the base; `before` is asked each time."""

    def __init__(self, mirror: Mirror, stage: Stage, before: Callable[[], int], seen: list[int]) -> None:
        self._mirror = mirror
        self._stage = stage
        self._before = before
        self._seen = seen

    def __getattr__(self, name: str) -> object:
        return getattr(self._mirror, name)

    def push(self, updates: list[PushUpdate]) -> dict[str, Pushed | Rejected]:
        self._seen.append(self._before())
        if len(self._seen) == 1:
            self._stage.git("-C", str(self._stage.bare), "branch", updates[0].branch, "main")
        return self._mirror.push(updates)


def test_what_the_first_look_opened_counts_in_the_second(stage: Stage) -> None:
    stage.policy(POLICY.replace("podinfo", "zebra").replace("staging/", "zoo/"), "zebra.yaml")
    stage.commit({"zoo/app.yaml": DEPLOYMENT})
    world, opened = stage.world(), list[int]()

    def before() -> int:
        return len(PassStore(world.store(), NOON).counted("opened", str(stage.bare)))

    def mirror(settings: RepositorySettings) -> Mirror:
        return Overtaken(world.mirror(settings), stage, before, opened)  # type: ignore[return-value]

    assert actions(stage.one_pass(replace(world, mirror=mirror))) == [Action.OPENED, Action.OPENED]

    assert opened == [0, 1]


class Flipping:
    """Registries in which a tag is pushed again as soon as somebody has asked for it once."""

    def __init__(self, stage: Stage, registries: Registries) -> None:
        self._stage = stage
        self._registries = registries
        self._asked = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._registries, name)

    def digest(self, name: ImageName, tag: str) -> str:
        digest = self._registries.digest(name, tag)
        if tag == "6.5.4" and not self._asked:
            self._asked = True
            self._stage.publish("6.5.4", created="2026-02-02T12:00:00Z")
        return digest


def test_a_tag_that_moves_while_it_is_looked_at_is_not_written(stage: Stage) -> None:
    """The digest was judged and the tag is written: they must still be one image right before the push."""
    world = stage.world()

    report = stage.one_pass(replace(world, registries=Flipping(stage, world.registries)))  # type: ignore[arg-type]

    assert actions(report) == [Action.FAILED]
    assert "pushed again while this pass looked" in report.outcomes[0].because
    assert list(stage.heads()) == ["main"]
    assert actions(stage.one_pass()) == [Action.OPENED]


def test_the_body_still_tells_what_was_proposed(opened: Stage) -> None:
    found = block.read(opened.pulls()[0].body)

    assert found is not None
    assert [(item.app, item.image, item.tag) for item in found.proposed] == [("podinfo", opened.image, "6.5.4")]
    assert (found.name, found.environment, found.draft, found.auto_merge) == ("podinfo", "staging", False, False)


def test_a_rollback_that_people_made_by_hand_meanwhile_is_closed(stage: Stage) -> None:
    stage.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "6.5.4")})
    stage.publish("6.5.5")
    assert stage.imagebot("rollback", "podinfo@staging").code == 0
    assert [pull.branch for pull in stage.pulls()] == [f"{BRANCH}+rollback"]
    stage.one_pass()
    assert sorted(pull.branch for pull in stage.pulls()) == [BRANCH, f"{BRANCH}+rollback"], "it is left alone"
    stage.commit({"staging/app.yaml": DEPLOYMENT})

    report = stage.one_pass()

    assert [one.branch for one in report.outcomes if one.action is Action.CLOSED] == [f"{BRANCH}+rollback"]
    assert f"{BRANCH}+rollback" not in stage.heads()
    assert_quiet(stage)


class Silent:
    """A forge that does not answer."""

    writes = 0
    hourly_writes = None

    def begin(self, remembers: object) -> None:
        """Nothing is remembered of it."""

    def open_pulls(self, prefix: str) -> Listing[PullRequest]:
        raise Unavailable("the forge does not answer")


def test_a_forge_that_is_silent_keeps_no_other_repository_waiting(opened: Stage) -> None:
    """Its open pull requests cannot be counted, and that once ended the whole pass."""
    other = opened.folder / "other.git"
    opened.git("clone", "--quiet", "--bare", str(opened.bare), str(other))
    opened.git("-C", str(other), "branch", "--quiet", "-D", BRANCH)
    more = f"  other:\n    url: {other}\n    forge: local\n"
    opened.settings(repository=more)
    opened.policy(POLICY.replace("app: podinfo", "app: other").replace("environments\n", "other\n", 1), "other.yaml")
    opened.publish("6.5.5")
    world = opened.world()

    def forge(settings: RepositorySettings) -> Forge:
        return Silent() if settings.name == "environments" else world.forge(settings)  # type: ignore[return-value]

    report = opened.one_pass(replace(world, forge=forge))

    assert {one.name: one.action for one in report.outcomes} == {"podinfo": Action.FAILED, "other": Action.OPENED}
