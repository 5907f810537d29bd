"""A fault stays where it is: a bug of ours costs what it was met in, and all else is carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from imagebot.cli.compose import load
from imagebot.cycle.report import Action, Report
from imagebot.cycle.run import preview, run
from imagebot.cycle.world import World
from imagebot.errors import BadInput, Bug, CannotEdit, ImagebotError
from imagebot.forge.local import Local, pulls_folder
from imagebot.forge.protocol import Forge, Listing, PullRequest
from imagebot.gitrepo.commits import Draft
from imagebot.gitrepo.mirror import Mirror
from imagebot.images.reference import ImageName
from imagebot.observe.events import BugMet
from imagebot.operations.base_history import BaseHistory, read_pasts
from imagebot.operations.simulate import Span, simulate
from imagebot.policyfiles import load_paths
from imagebot.registry.client import Registries, TagList
from imagebot.selection.verdict import Unknown
from imagebot.settings.resolve import Author, RepositorySettings
from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.support.stage import NOON, Stage, set_up

T = TypeVar("T")
HEALTHY = "imagebot/staging/podinfo"
ODD = "imagebot/staging/odd"
POLICY_OF_ODD = POLICY.replace("podinfo", "odd").replace("staging/", "odd/").replace("IMAGE", "IMAGE-odd")
COMMIT = POLICY_OF_ODD.replace("semver: ^6.5", "commit: {source: odd-source}")


@dataclass(frozen=True)
class Planted(World):
    """A world with a bug of ours in all that is done `within`."""

    within: str = ""

    def ask(self, task: str, question: Callable[[], T]) -> T | ImagebotError:
        def broken() -> T:
            raise ValueError(f"year 11476 is out of range, to {task}")

        return super().ask(task, broken if self.within in task else question)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Stage]:
    """Two apps that are one version behind, each with an image and a file of its own."""
    stage = set_up(tmp_path)
    for repository in ("acme/podinfo", "acme/podinfo-odd"):
        stage.publish("6.5.3", "6.5.4", repository=repository)
    stage.policy(POLICY)
    stage.policy(POLICY_OF_ODD, "odd.yaml")
    stage.commit({"staging/app.yaml": DEPLOYMENT, "odd/app.yaml": DEPLOYMENT.replace("IMAGE", "IMAGE-odd")})
    with stage.registry:
        yield stage


def apart(stage: Stage) -> None:
    """The odd app's files lie in a repository of their own."""
    odd = stage.folder / "odd.git"
    stage.git("clone", "--quiet", "--bare", str(stage.bare), str(odd))
    stage.policy(POLICY_OF_ODD.replace("repository: environments", "repository: odd"), "odd.yaml")
    stage.settings(repository=f"  odd:\n    url: {odd}\n    forge: local\n")


def planted(stage: Stage, within: str) -> World:
    world = stage.world()
    return Planted(**{each.name: getattr(world, each.name) for each in fields(world)}, within=within)


def assert_only_odd_failed(stage: Stage, report: Report) -> None:
    """The healthy app is delivered; the bug is in the report, in the exit code, and in the log with its trace."""
    pull = next(each for each in stage.pulls() if each.branch == HEALTHY)
    assert pull.state == "open"
    done = {outcome.branch: outcome.action for outcome in report.outcomes}
    assert done[HEALTHY] is Action.OPENED
    assert done.get(ODD, Action.FAILED) is Action.FAILED
    assert_told(stage, report)


def assert_told(stage: Stage, report: Report) -> None:
    assert report.exit_code == 3
    assert report.bugs
    met = [event for event in stage.events if isinstance(event, BugMet)]
    assert len(met) == len(report.bugs)
    assert all("Traceback" in event.trace and "ValueError" in event.because for event in met)


@pytest.mark.parametrize(
    "within",
    [
        pytest.param("podinfo-odd", id="list the tags of an image"),
        pytest.param("for odd@staging", id="judge a watch"),
        pytest.param("find the images in odd/app.yaml", id="find the fields of a file"),
        pytest.param(f"arrange {ODD}", id="arrange a branch"),
        pytest.param(f"meanwhile {ODD}", id="ask what people refused"),
        pytest.param(f"describe the change on {ODD}", id="describe a change"),
        pytest.param(f"has what {ODD}", id="verify what a branch brings"),
        pytest.param(f"settle the pull request of {ODD}", id="settle a pull request"),
    ],
)
def test_a_bug_in_what_concerns_one_app_stops_no_other(two: Stage, within: str) -> None:
    within = within.replace("meanwhile ", "whether people refused ")

    report = two.one_pass(planted(two, within))

    assert_only_odd_failed(two, report)


@pytest.mark.parametrize(
    "within",
    [
        pytest.param("check out odd", id="check out"),
        pytest.param("whose in odd", id="claims"),
        pytest.param("pull requests of odd", id="list pull requests"),
        pytest.param("deliver to odd", id="deliver"),
        pytest.param("commit to odd", id="commit"),
        pytest.param("push to odd", id="push"),
    ],
)
def test_a_bug_in_what_concerns_one_repository_stops_no_other(two: Stage, within: str) -> None:
    apart(two)

    report = two.one_pass(planted(two, within))

    assert_only_odd_failed(two, report)


@pytest.mark.parametrize("within", ["count what was written to environments", "tidy the mirror of environments"])
def test_a_bug_after_the_work_is_told_and_undoes_nothing(two: Stage, within: str) -> None:
    report = two.one_pass(planted(two, within))

    assert [outcome.action for outcome in report.outcomes] == [Action.OPENED, Action.OPENED]
    assert_told(two, report)


def test_what_cannot_be_read_ahead_is_read_when_it_is_needed(two: Stage) -> None:
    report = two.one_pass(planted(two, "read files of environments"))

    assert [outcome.action for outcome in report.outcomes] == [Action.OPENED, Action.OPENED]
    assert_told(two, report)


def test_a_bug_in_one_open_pull_request_stops_no_other(two: Stage) -> None:
    two.one_pass()
    two.unpublish("6.5.4")
    two.unpublish("6.5.4", repository="acme/podinfo-odd")
    two.publish("6.5.3", repository="acme/podinfo")

    report = two.one_pass(planted(two, f"look after the pull request of {ODD}"))

    assert {outcome.branch: outcome.action for outcome in report.outcomes} == {
        HEALTHY: Action.CLOSED,
        ODD: Action.FAILED,
    }
    assert_told(two, report)


class OddRegistries(Registries):
    """Breaks over one image, as `read length must be non-negative` broke over an answer."""

    def tags(self, name: ImageName) -> TagList:
        if "odd" in str(name):
            raise ValueError("read length must be non-negative or -1")
        return super().tags(name)


def test_a_registry_whose_answer_breaks_us_stops_no_other(two: Stage) -> None:
    settings, _ = load(two.config)
    world = replace(two.world(), registries=OddRegistries(settings.registries, settings.credential_sources))

    assert_only_odd_failed(two, two.one_pass(world))


def test_a_repository_whose_history_breaks_us_stops_no_other(two: Stage) -> None:
    apart(two)
    world = two.world()

    def mirror(repository: RepositorySettings) -> Mirror:
        if repository.name == "odd":
            raise ValueError("year 11476 is out of range")
        return world.mirror(repository)

    report = two.one_pass(replace(world, mirror=mirror))

    assert_only_odd_failed(two, report)
    (unknown,) = [line for each in report.decisions for line in each.watches if isinstance(line.verdict, Unknown)]
    assert unknown.verdict.because == (
        "a bug of imagebot, met when it was to check out odd: ValueError; its trace is in the log"
    )


class OddForge(Local):
    """Breaks over one pull request of its listing."""

    def open_pulls(self, prefix: str) -> Listing[PullRequest]:
        raise AttributeError("'NoneType' object has no attribute 'login'")


def test_a_forge_whose_listing_breaks_us_stops_no_other(two: Stage) -> None:
    apart(two)
    two.one_pass()
    for repository in ("acme/podinfo", "acme/podinfo-odd"):
        two.publish("6.5.5", repository=repository)
    world = two.world()

    def forge(repository: RepositorySettings) -> Forge:
        folder = pulls_folder(repository.url)
        return OddForge(folder, "main", lambda: NOON) if repository.name == "odd" else world.forge(repository)

    report = two.one_pass(replace(world, forge=forge))

    done = {outcome.branch: outcome.action for outcome in report.outcomes}
    assert done[HEALTHY] is Action.UPDATED
    assert done.get(ODD, Action.FAILED) is Action.FAILED
    assert report.exit_code == 3


def test_a_source_repository_that_breaks_us_stops_no_other(two: Stage) -> None:
    two.policy(COMMIT, "odd.yaml")
    two.settings(f"sources:\n  odd-source: {{url: {two.bare}}}\n")
    world = two.world()

    def source(name: str, branch: str | None) -> Mirror:
        raise ValueError(f"{name} at {branch} has no time")

    assert_only_odd_failed(two, two.one_pass(replace(world, source=source)))


class OddMirror(Mirror):
    """Breaks over one of the commits that are made together."""

    def commits(self, base: str, drafts: Sequence[Draft], author: Author) -> list[str | CannotEdit | BadInput]:
        if any("odd" in draft.message for draft in drafts):
            raise ValueError("surrogates not allowed")
        return super().commits(base, drafts, author)


def test_a_commit_that_breaks_us_is_made_apart_from_all_others(two: Stage) -> None:
    world = two.world()

    def mirror(repository: RepositorySettings) -> Mirror:
        known = world.mirror(repository)
        return OddMirror.open(world.settings.state / "mirrors" / "environments.git", known.remote)

    report = two.one_pass(replace(world, mirror=mirror))

    assert_only_odd_failed(two, report)


def test_a_bug_is_met_in_previews_too(two: Stage) -> None:
    _, policies = load(two.config)

    report = preview(planted(two, "podinfo-odd"), policies, NOON)

    assert [change.branch for change in report.changes] == [HEALTHY]
    assert_told(two, report)


def test_a_bug_in_one_policy_file_stops_no_other(two: Stage) -> None:
    world = planted(two, "odd.yaml")
    found = load_paths([two.folder / "policies"], None, ask=world.ask)

    assert [policy.app for policy in found.policies] == ["podinfo"]
    assert not found.whole
    assert "a bug of imagebot, met when it was to read the policy file" in found.problems[0].message
    report = run(two.world(), replace(found, bugs=tuple(world.bugs)), NOON)
    assert report.exit_code == 3
    assert [pull.branch for pull in two.pulls()] == [HEALTHY]


def test_a_bug_in_one_past_hides_no_other(two: Stage) -> None:
    apart(two)
    _, policies = load(two.config)
    world = planted(two, "the past of odd")

    pasts = read_pasts(world, policies.policies, NOON)

    assert isinstance(pasts["environments"], BaseHistory)
    assert isinstance(pasts["odd"], Bug)
    assert len(world.bugs) == 1


def test_a_bug_in_one_image_hides_no_other_from_a_simulation(two: Stage) -> None:
    two.policy(POLICY + POLICY_OF_ODD.partition("images:\n")[2])
    _, policies = load(two.config)
    mine = [policy for policy in policies.policies if policy.app == "podinfo"]

    found = simulate(planted(two, "look back on " + two.image + "-odd"), mine, Span(NOON - timedelta(days=9), NOON, 99))

    assert [str(left.image).endswith("-odd") for left in found.left if left.failed is not None] == [True]
    assert [left.claimed for left in found.left if left.failed is None] == [2]
