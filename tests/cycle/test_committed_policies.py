"""Policies in git: the tip of a branch counts, an outage withdraws none, and what is gone there is told."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imagebot.cli.compose import load, read_policies
from imagebot.cycle.report import Action
from imagebot.errors import FINE, WRONG_INPUT
from imagebot.observe.events import Event, PoliciesKept
from imagebot.policy.model import Policy
from imagebot.policy.read import PolicySet
from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.support.git_repos import BareRepository, a_repository
from tests.support.stage import Stage, run_imagebot, set_up

OTHER = POLICY.replace("app: podinfo", "app: other").replace("staging/", "other/")
RULES = "policies:\n  - {repository: rules, path: bot}\n"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")
    stage.commit({"staging/app.yaml": DEPLOYMENT})
    a_repository(rules(stage).folder)
    write(stage, {"bot/podinfo.yaml": POLICY, "README.md": "rules\n", "bot/.hidden.yaml": "x: ["})
    told(stage, RULES)
    with stage.registry:
        yield stage


def rules(stage: Stage) -> BareRepository:
    return BareRepository(stage.folder / "rules.git")


def write(stage: Stage, files: dict[str, str | None], branch: str = "main") -> None:
    content = {path: None if text is None else text.replace("IMAGE", stage.image) for path, text in files.items()}
    rules(stage).commit(branch, content)


def told(stage: Stage, policies: str, log: str = "{level: error}") -> None:
    stage.settings(f"sources:\n  rules: {{url: {rules(stage).folder}}}\n", log=log)
    stage.config.write_text(stage.config.read_text().replace("policies: [policies/]\n", policies))


def names(policies: PolicySet) -> list[str]:
    return [str(policy) for policy in policies.policies]


def labels(policy: Policy) -> list[str]:
    return [label.text for label in policy.pull_request.labels]


def problems(stage: Stage) -> list[str]:
    return [str(problem).partition("\n")[0] for problem in load(stage.config)[1].problems]


def test_policies_of_a_branch_are_followed_from_commit_to_commit(stage: Stage) -> None:
    assert [one.action for one in stage.one_pass().outcomes] == [Action.OPENED]
    assert [one.action for one in stage.one_pass().outcomes] == [Action.KEPT]

    write(stage, {"bot/podinfo.yaml": POLICY.replace("^6.5", "6.5.3")})

    assert [one.action for one in stage.one_pass().outcomes] == [Action.CLOSED]


def test_what_is_on_another_branch_holds_nowhere(stage: Stage) -> None:
    write(stage, {"bot/other.yaml": OTHER}, "proposal")
    assert names(load(stage.config)[1]) == ["podinfo@staging"]


def test_they_stand_beside_those_on_disk_and_clash_with_them_in_words(stage: Stage) -> None:
    stage.policy(OTHER, "other.yaml")
    told(stage, f"{RULES}  - policies/\n")
    assert names(load(stage.config)[1]) == ["other@staging", "podinfo@staging"]
    stage.policy(POLICY)
    assert any("rules:/bot/podinfo.yaml" in one and "podinfo@staging is also in" in one for one in problems(stage))


def test_defaults_and_fences_hold_in_git_as_on_disk(stage: Stage) -> None:
    write(stage, {"bot/team/_defaults.yaml": "pullRequest: {labels: [ours]}\n", "bot/team/other.yaml": OTHER})
    told(stage, "policies:\n  - {repository: rules, path: bot, may: {apps: [podinfo, oth*]}}\n")
    by_name = {str(policy): policy for policy in load(stage.config)[1].policies}
    assert labels(by_name["other@staging"]) == ["ours"]
    assert labels(by_name["podinfo@staging"]) != ["ours"]
    told(stage, "policies:\n  - {repository: rules, path: bot, may: {apps: [oth*]}}\n")
    policies = load(stage.config)[1]
    assert names(policies) == ["other@staging"]
    assert "rules:/bot" in str(policies.problems[0])


def test_one_file_of_a_repository_brings_the_defaults_beside_it(stage: Stage) -> None:
    write(stage, {"bot/_defaults.yaml": "pullRequest: {labels: [ours]}\n", "bot/other.yaml": OTHER})
    told(stage, "policies:\n  - {repository: rules, path: bot/other.yaml}\n")
    [policy] = load(stage.config)[1].policies
    assert (str(policy), labels(policy)) == ("other@staging", ["ours"])


def test_the_environment_repository_may_hold_them_too(stage: Stage) -> None:
    stage.commit({".github/x.yaml": "x: 1\n", "policies/podinfo.yaml": POLICY})
    told(stage, "policies:\n  - {repository: environments, path: policies/}\n")
    assert [one.action for one in stage.one_pass().outcomes] == [Action.OPENED]


def test_an_outage_of_their_repository_withdraws_none(stage: Stage) -> None:
    stage.one_pass()
    rules(stage).folder.rename(stage.folder / "away")
    heard: list[Event] = []
    world = stage.world(heard.append)
    policies = read_policies(world.settings, heard.append, world)
    assert (names(policies), policies.whole) == (["podinfo@staging"], True)
    [kept] = [event for event in heard if isinstance(event, PoliciesKept)]
    assert kept.repository == "rules"
    assert [one.action for one in stage.one_pass().outcomes] == [Action.KEPT]


def test_a_repository_that_was_never_reached_is_told_and_closes_nothing(stage: Stage) -> None:
    stage.policy(OTHER, "other.yaml")
    stage.commit({"other/app.yaml": DEPLOYMENT})
    told(stage, f"{RULES}  - policies/\n")
    stage.one_pass()
    rules(stage).folder.rename(stage.folder / "away")
    (mirror,) = (stage.folder / "state" / "mirrors" / "sources").glob("*.git")
    mirror.rename(stage.folder / "mirror")

    report = stage.one_pass()

    assert report.exit_code == WRONG_INPUT
    assert [one.action for one in report.outcomes] == [Action.KEPT]
    assert len(stage.pulls()) == 2


@pytest.mark.parametrize(
    ("files", "said"),
    [
        pytest.param(
            {"bot/podinfo.yaml": None},
            r"^rules:/bot:1:1: there is no policy file \(\*\.yaml, \*\.yml\) here at [0-9a-f]{12}$",
            id="all are gone",
        ),
        pytest.param(
            {"bot/podinfo.yaml": None, "bot/_defaults.yaml": "every: 1h\n"},
            "there is no policy file",
            id="only defaults are left",
        ),
        pytest.param(
            {"bot/podinfo.yaml": POLICY.replace("^6.5", "^6.x.y")}, "rules:/bot/podinfo.yaml:7:13: ", id="a wrong one"
        ),
        pytest.param(
            {"bot/large.yaml": "#" * (9 << 20)}, "rules:/bot/large.yaml:1:1: is larger than 256 KiB", id="a large one"
        ),
    ],
)
def test_what_is_wrong_there_is_told_with_its_place(stage: Stage, files: dict[str, str | None], said: str) -> None:
    write(stage, files)
    assert any(re.search(said, one) for one in problems(stage))


def link(work: Path) -> None:
    (work / "bot" / "podinfo.yaml").unlink()
    (work / "bot" / "podinfo.yaml").symlink_to("/etc/passwd")


def folder_link(work: Path) -> None:
    (work / "bot" / "team").rename(work / "elsewhere")
    (work / "bot" / "team").symlink_to("../elsewhere")


def whole_link(work: Path) -> None:
    (work / "bot").rename(work / "elsewhere")
    (work / "bot").symlink_to("elsewhere")


def no_utf8(work: Path) -> None:
    (work / "bot" / "podinfo.yaml").rename(work / "bot" / os.fsdecode(b"p\xf6dinfo.yaml"))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        pytest.param(link, "rules:/bot/podinfo.yaml", id="a link"),
        pytest.param(folder_link, "rules:/bot/team", id="a folder that is a link"),
        pytest.param(whole_link, "rules:/bot", id="all of it is a link"),
        pytest.param(no_utf8, "rules:/bot/p", id="a name that is no UTF-8"),
    ],
)
def test_what_is_no_file_any_more_was_not_withdrawn(stage: Stage, change: Callable[[Path], None], where: str) -> None:
    if change is folder_link:
        write(stage, {"bot/podinfo.yaml": None, "bot/team/podinfo.yaml": POLICY})
    stage.one_pass()
    work = stage.folder / "rules-work"
    stage.git("clone", "--quiet", str(rules(stage).folder), str(work))
    (work / "bot" / "other.yaml").write_text(OTHER.replace("IMAGE", stage.image))
    change(work)
    stage.git("-C", str(work), "add", "--all")
    stage.git("-C", str(work), "commit", "--quiet", "--message", "a change")
    stage.git("-C", str(work), "push", "--quiet", "origin", "HEAD:main")

    report = stage.one_pass()

    assert any(one.startswith(where) and "is not withdrawn by that" in one for one in problems(stage))
    assert Action.CLOSED not in [one.action for one in report.outcomes]
    assert len(stage.pulls()) == 1


FENCED = "policies:\n  - {repository: rules, path: %s}\n  - {from: team, may: {registries: ['**']}}\n"


@pytest.mark.parametrize("path", ["bot", "gone", "bot/large.yaml"])
def test_nobody_behind_a_fence_takes_an_app_of_a_place_that_cannot_be_read(stage: Stage, path: str) -> None:
    """Who has no fence goes before them; while nobody can tell what he has, it may be that."""
    if path != "bot":
        write(stage, {"bot/large.yaml": "#" * (1 << 20)})
    (stage.folder / "team").mkdir()
    (stage.folder / "team" / "mine.yaml").write_text(POLICY.replace("IMAGE", stage.image).replace("^6.5", "6.5.3"))
    told(stage, FENCED % path)
    found = load(stage.config)[1]
    assert names(found) == (["podinfo@staging"] if path == "bot" else [])
    assert all(policy.file.startswith("rules:") for policy in found.policies)


def test_no_folder_of_this_machine_is_around_policies_in_git(stage: Stage) -> None:
    """Whatever folder the bot is started in."""
    stage.policy(OTHER, "other.yaml")
    (stage.folder / "policies" / "_defaults.yaml").write_text("pullRequest: {labels: [ours]}\n")
    told(stage, f"{RULES}  - {{from: policies/, may: {{apps: [oth*]}}}}\n")
    for folder in (stage.folder, stage.folder / "policies"):
        done = run_imagebot(folder, ["lint", "--inherited", "--config", str(stage.config)], {})
        assert (done.code, "rules:/bot" in done.out) == (FINE, False)


def test_one_place_fills_no_memory(stage: Stage) -> None:
    """Many names of one large file cost who pushes them nothing."""
    write(stage, {f"bot/{number}.yaml": "#" * (8 << 20) for number in range(5)})
    assert problems(stage) == ["rules:/bot:1:1: holds more than 32 MiB of policy files"]


@pytest.mark.parametrize(
    ("policies", "said"),
    [
        pytest.param("policies:\n  - {repository: nobody}\n", "nobody", id="no such repository"),
        pytest.param("policies:\n  - {repository: rules, path: ../x}\n", "without a leading", id="a path outside"),
        pytest.param("policies:\n  - {repository: rules, branch: x}\n", "branch", id="an unknown key"),
        pytest.param(
            "policies:\n  - {repository: rules, may: {apps: [a]}}\n  - {repository: rules}\n", "twice", id="twice"
        ),
    ],
)
def test_what_could_not_be_read_is_wrong_settings(stage: Stage, policies: str, said: str) -> None:
    told(stage, policies)
    done = stage.imagebot("lint")
    assert done.code == WRONG_INPUT
    assert "imagebot.yaml:" in done.out + done.err
    assert said in done.out + done.err


def test_lint_reads_them_too(stage: Stage) -> None:
    assert stage.imagebot("lint").code == FINE
    write(stage, {"bot/other.yaml": "app: [\n"})
    done = stage.imagebot("lint")
    assert done.code == WRONG_INPUT
    assert "rules:/bot/other.yaml:" in done.out
