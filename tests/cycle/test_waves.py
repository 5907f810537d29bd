"""A slow party costs itself: what is decided is delivered while others are still waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import pytest

from imagebot.cycle.report import Action, Report
from imagebot.cycle.side_by_side import Budgets
from imagebot.cycle.world import World
from imagebot.errors import Unavailable
from imagebot.forge.local import Local, pulls_folder
from imagebot.forge.protocol import Forge, Listing, Proposal, PullRequest, Written
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.observe.events import AnswerMissed, BranchPushed, Event, PullRequestSettled
from imagebot.selection.verdict import Unknown
from imagebot.settings.resolve import RepositorySettings
from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.support import oci_folder
from tests.support.stage import NOON, Stage, set_up
from tests.support.web_function import Answer, Asked, Raw, Served

LONG = 120.0
PROMPT = Budgets(prompt=0.0, patience=0.0)
"""Nobody who has something to be done waits for anybody."""
GIVES_UP = Budgets(judging=5.0, prompt=0.0, patience=0.0)
HEALTHY = "imagebot/staging/podinfo"
SLOW = "imagebot/staging/slow"
SLOW_POLICY = POLICY.replace("podinfo", "slow").replace("staging/", "slow/")


@dataclass
class Gate:
    """Closed until somebody opens it; whoever comes waits. `events` are what a pass told."""

    opened: threading.Event = field(default_factory=threading.Event)
    came: threading.Event = field(default_factory=threading.Event)
    delivered: threading.Event = field(default_factory=threading.Event)
    events: list[Event] = field(default_factory=list)

    def pass_through(self) -> None:
        self.came.set()
        assert self.opened.wait(LONG)

    def tell(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, PullRequestSettled) and event.app == "podinfo":
            self.delivered.set()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


@pytest.fixture
def two(tmp_path: Path, gate: Gate) -> Iterator[Stage]:
    """A healthy app, and one on a registry whose manifests nobody gets before the gate is open."""
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")

    def slow(asked: Asked) -> Answer | Raw:
        if "/manifests/" in asked.path:
            gate.pass_through()
        return oci_folder.answer(tmp_path / "registry", asked)

    with stage.registry, Served(slow) as registry:
        stage.policy(POLICY)
        stage.policy(SLOW_POLICY.replace("IMAGE", f"{registry.host}/acme/podinfo") + "    pin: digest\n", "slow.yaml")
        files = {
            "staging/app.yaml": DEPLOYMENT,
            "slow/app.yaml": DEPLOYMENT.replace("IMAGE", f"{registry.host}/acme/podinfo"),
        }
        stage.commit(files)
        stage.settings()
        config = stage.config.read_text()
        stage.config.write_text(
            config.replace("registries:\n", f"registries:\n  {registry.host}: {{plainHttp: true}}\n")
        )
        yield stage


@contextmanager
def passing(stage: Stage, world: World) -> Iterator[list[Report]]:
    """A pass in a thread; what it came to is in the list once this ends."""
    found: list[Report] = []
    thread = threading.Thread(target=lambda: found.append(stage.one_pass(world)))
    thread.start()
    try:
        yield found
    finally:
        thread.join(LONG)
        assert not thread.is_alive()


def actions(report: Report) -> dict[str, Action]:
    return {outcome.branch: outcome.action for outcome in report.outcomes}


@pytest.mark.parametrize(
    "budgets",
    [
        pytest.param(PROMPT, id="nobody is waited for"),
        pytest.param(Budgets(prompt=0.0, patience=LONG), id="the prompt are waited for"),
    ],
)
def test_a_slow_registry_keeps_no_other_app_waiting(two: Stage, gate: Gate, budgets: Budgets) -> None:
    world = replace(two.world(gate.tell), budgets=budgets)
    with passing(two, world) as reports:
        assert gate.came.wait(LONG)
        assert gate.delivered.wait(LONG)
        assert [pull.branch for pull in two.pulls()] == [HEALTHY]
        assert reports == []
        gate.opened.set()

    (report,) = reports
    assert actions(report) == {HEALTHY: Action.OPENED, SLOW: Action.OPENED}
    assert report.exit_code == 0
    assert len(two.pulls()) == 2


def test_a_registry_that_never_answers_is_given_up_and_told(two: Stage, gate: Gate) -> None:
    report = two.one_pass(replace(two.world(gate.tell), budgets=GIVES_UP))

    assert actions(report) == {HEALTHY: Action.OPENED}
    unknown = [line for each in report.decisions for line in each.watches if isinstance(line.verdict, Unknown)]
    assert ["did not answer within 5 s" in line.verdict.because for line in unknown] == [True]
    assert report.exit_code == 1
    assert any(isinstance(event, AnswerMissed) for event in gate.events)


def apart(stage: Stage) -> None:
    """The slow app's files lie in a repository of their own, and its registry is as fast as any."""
    slow = stage.folder / "slow.git"
    stage.git("clone", "--quiet", "--bare", str(stage.bare), str(slow))
    policy = SLOW_POLICY.replace("repository: environments", "repository: slow")
    stage.policy(policy.replace("slow/", "staging/"), "slow.yaml")
    stage.settings(repository=f"  slow:\n    url: {slow}\n    forge: local\n")


class SlowMirror(Mirror):
    """Stands before the gate when it is to fetch."""

    gate: ClassVar[Gate]

    def fetch(self, prefix: str | None) -> Heads:
        self.gate.pass_through()
        return super().fetch(prefix)


class SlowForge(Local):
    """Stands before the gate with each question."""

    gate: Gate

    def open_pulls(self, prefix: str) -> Listing[PullRequest]:
        self.gate.pass_through()
        return super().open_pulls(prefix)

    def create(self, proposal: Proposal) -> Written:
        self.gate.pass_through()
        return super().create(proposal)


def slow_git(stage: Stage, world: World, gate: Gate) -> World:
    def mirror(repository: RepositorySettings) -> Mirror:
        known = world.mirror(repository)
        if repository.name != "slow":
            return known
        SlowMirror.gate = gate
        return SlowMirror.open(world.settings.state / "mirrors" / "slow.git", known.remote)

    return replace(world, mirror=mirror)


def slow_forge(stage: Stage, world: World, gate: Gate) -> World:
    def forge(repository: RepositorySettings) -> Forge:
        if repository.name != "slow":
            return world.forge(repository)
        slow = SlowForge(pulls_folder(repository.url), "main", lambda: NOON)
        slow.gate = gate
        return slow

    return replace(world, forge=forge)


@pytest.mark.parametrize("slow", [slow_git, slow_forge])
def test_a_slow_repository_keeps_no_other_waiting(
    two: Stage, gate: Gate, slow: Callable[[Stage, World, Gate], World]
) -> None:
    apart(two)
    world = slow(two, replace(two.world(gate.tell), budgets=PROMPT), gate)
    with passing(two, world) as reports:
        assert gate.came.wait(LONG)
        assert gate.delivered.wait(LONG)
        assert reports == []
        gate.opened.set()

    assert actions(reports[0]) == {HEALTHY: Action.OPENED, SLOW: Action.OPENED}


def test_a_forge_that_lists_slowly_keeps_no_other_waiting(two: Stage, gate: Gate) -> None:
    apart(two)
    two.git("-C", str(two.folder / "slow.git"), "branch", SLOW, "main")
    world = slow_forge(two, replace(two.world(gate.tell), budgets=PROMPT), gate)
    with passing(two, world) as reports:
        assert gate.came.wait(LONG)
        assert gate.delivered.wait(LONG)
        gate.opened.set()

    assert actions(reports[0]) == {HEALTHY: Action.OPENED, SLOW: Action.OPENED}


def test_a_group_waits_for_all_its_members(two: Stage, gate: Gate) -> None:
    group = "pullRequest: {group: {name: all}}\n"
    for name in ("podinfo.yaml", "slow.yaml"):
        file = two.folder / "policies" / name
        file.write_text(file.read_text() + group)
    two.publish("6.5.4", repository="acme/alone")
    two.policy(
        POLICY.replace("app: podinfo", "app: alone").replace("IMAGE", "IMAGE-alone").replace("staging/", "alone/"),
        "alone.yaml",
    )
    two.publish("6.5.3", "6.5.4", repository="acme/podinfo-alone")
    two.commit({"alone/app.yaml": DEPLOYMENT.replace("IMAGE", "IMAGE-alone")})
    pushed = threading.Event()

    def tell(event: Event) -> None:
        gate.events.append(event)
        if isinstance(event, BranchPushed):
            pushed.set()

    with passing(two, replace(two.world(tell), budgets=PROMPT)) as reports:
        assert gate.came.wait(LONG)
        assert pushed.wait(LONG)
        assert [branch for branch in two.heads() if branch != "main"] == ["imagebot/staging/alone"]
        gate.opened.set()

    (report,) = reports
    assert actions(report) == {"imagebot/staging/alone": Action.OPENED, "imagebot/staging/+all": Action.OPENED}
    group_of = next(outcome for outcome in report.outcomes if outcome.name == "all")
    assert len([pull for pull in two.pulls() if pull.branch == group_of.branch]) == 1


def test_limits_count_over_all_waves(two: Stage, gate: Gate) -> None:
    two.config.write_text(two.config.read_text() + "limits: {openPullRequests: 1}\n")
    with passing(two, replace(two.world(gate.tell), budgets=PROMPT)) as reports:
        assert gate.came.wait(LONG)
        assert gate.delivered.wait(LONG)
        gate.opened.set()

    assert actions(reports[0]) == {HEALTHY: Action.OPENED, SLOW: Action.WAITING}
    assert len(two.pulls()) == 1


def test_the_report_is_in_the_same_order_whoever_is_slow(two: Stage, gate: Gate) -> None:
    with passing(two, replace(two.world(gate.tell), budgets=PROMPT)) as slow:
        assert gate.delivered.wait(LONG)
        gate.opened.set()
    again = two.one_pass()

    names = [decision.policy.app for decision in slow[0].decisions]
    assert names == [decision.policy.app for decision in again.decisions] == ["podinfo", "slow"]


class MuteForge(Local):
    """Does not answer whoever wants to open something; `asked` counts them."""

    asked: ClassVar[list[str]] = []

    def create(self, proposal: Proposal) -> Written:
        self.asked.append(proposal.branch)
        raise Unavailable("127.0.0.1 does not answer")


def test_a_forge_that_does_not_answer_is_asked_no_more_by_this_pass(tmp_path: Path) -> None:
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")
    apps = [f"app{number}" for number in range(6)]
    for app in apps:
        stage.policy(POLICY.replace("app: podinfo", f"app: {app}").replace("staging/", f"{app}/"), f"{app}.yaml")
    stage.commit({f"{app}/app.yaml": DEPLOYMENT for app in apps})
    world = stage.world()
    MuteForge.asked.clear()
    with stage.registry:
        report = stage.one_pass(
            replace(world, forge=lambda settings: MuteForge(pulls_folder(settings.url), "main", lambda: NOON))
        )

    assert len(MuteForge.asked) == 3
    assert [outcome.action for outcome in report.outcomes] == [Action.FAILED] * 6
    last = {outcome.because for outcome in report.outcomes[3:]}
    assert last == {"environments did not answer 3 times in a row; the next pass asks it again"}
