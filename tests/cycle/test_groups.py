"""Which updates travel together, in whole passes: what is on which branch, and what a broken app does to others."""

from __future__ import annotations

import pytest

from imagebot.cycle.report import Action, Report
from imagebot.pulls import block
from imagebot.selection.verdict import Unknown, Update
from tests.cycle.conftest import DEPLOYMENT, POLICY, assert_quiet
from tests.support.stage import Stage

SIDECAR = """\
spec:
  containers:
    - image: HOST/acme/sidecar:1.0.0
"""


def actions(report: Report) -> dict[str, Action]:
    return {outcome.branch.removeprefix("imagebot/staging/"): outcome.action for outcome in report.outcomes}


def policy(app: str, group: str = "", image: str = "IMAGE", semver: str = "^6.5") -> str:
    text = POLICY.replace("podinfo", app, 1).replace("staging/", f"{app}/").replace("IMAGE", image)
    return text.replace("^6.5", f'"{semver}"') + (f"pullRequest: {{group: {group}}}\n" if group else "")


@pytest.fixture
def apps(stage: Stage) -> Stage:
    """Three apps of one image in one environment, each with a file of its own."""
    stage.commit({f"{app}/app.yaml": DEPLOYMENT for app in ("blue", "green", "podinfo")})
    return stage


def group(stage: Stage, group: str, *members: str, semver: str = "^6.5") -> None:
    for app in ("blue", "green", "podinfo"):
        stage.policy(policy(app, group if app in members else "", semver=semver), f"{app}.yaml")


def proposed(stage: Stage, branch: str) -> list[tuple[str, str]]:
    (pull,) = [pull for pull in stage.pulls() if pull.branch == f"imagebot/staging/{branch}"]
    found = block.read(pull.body)
    assert found is not None
    return [(item.app, item.tag) for item in found.proposed]


def test_a_named_group_is_one_branch_one_commit_one_pull_request(apps: Stage) -> None:
    group(apps, "{name: platform}", "blue", "green")

    assert actions(apps.one_pass()) == {"+platform": Action.OPENED, "podinfo": Action.OPENED}

    for app in ("blue", "green"):
        assert apps.show(f"{app}/app.yaml", "imagebot/staging/+platform") == DEPLOYMENT.replace("6.5.3", "6.5.4")
    assert apps.show("podinfo/app.yaml", "imagebot/staging/+platform") == DEPLOYMENT
    assert proposed(apps, "+platform") == [("blue", "6.5.4"), ("green", "6.5.4")]
    commits = apps.git("-C", str(apps.bare), "rev-list", "main..imagebot/staging/+platform").splitlines()
    assert len(commits) == 1
    assert_quiet(apps)


@pytest.mark.parametrize(
    ("blue", "green", "merges"),
    [
        ("[patch]", "[patch]", True),
        ("[patch]", "[digest, patch]", True),
        ("[patch]", "[]", False),
        ("[]", "[patch]", False),
        ("[patch]", "[digest, minor]", False),
    ],
)
def test_one_app_without_auto_merge_is_enough_for_none_in_its_group(
    apps: Stage, blue: str, green: str, *, merges: bool
) -> None:
    for app, kinds in (("blue", blue), ("green", green), ("podinfo", "[patch]")):
        wishes = f"pullRequest: {{group: {{name: platform}}, autoMerge: {kinds}}}\n"
        apps.policy(policy(app) + wishes, f"{app}.yaml")

    apps.one_pass()

    (pull,) = apps.pulls()
    found = block.read(pull.body)
    assert found is not None
    assert (len(found.proposed), found.auto_merge) == (3, merges)


def test_by_image_apps_of_one_image_travel_together_and_images_of_one_app_apart(apps: Stage) -> None:
    apps.publish("1.0.0", "1.0.1", repository="acme/sidecar")
    apps.commit({"blue/sidecar.yaml": SIDECAR.replace("HOST", apps.registry.host)})
    group(apps, "{by: image}", "blue", "green")
    two = policy("blue", "{by: image}").replace(
        "images:\n", f"images:\n  - {{image: {apps.registry.host}/acme/sidecar, semver: ^1}}\n"
    )
    apps.policy(two, "blue.yaml")

    opened = actions(apps.one_pass())

    assert sorted(name.partition(".")[0] for name in opened) == ["+podinfo", "+sidecar", "podinfo"]
    assert proposed(apps, next(name for name in opened if name.startswith("+podinfo"))) == [
        ("blue", "6.5.4"),
        ("green", "6.5.4"),
    ]
    assert_quiet(apps)


def test_an_app_that_is_unknown_does_not_keep_its_group_back(apps: Stage) -> None:
    group(apps, "{name: platform}", "blue", "green")
    apps.commit({"green/app.yaml": DEPLOYMENT + "\t: broken\n"})

    report = apps.one_pass()

    assert actions(report) == {"+platform": Action.OPENED, "podinfo": Action.OPENED}
    assert proposed(apps, "+platform") == [("blue", "6.5.4")]
    assert {str(one.policy): type(one.watches[0].verdict) for one in report.decisions} == {
        "blue@staging": Update,
        "green@staging": Unknown,
        "podinfo@staging": Update,
    }
    assert_quiet(apps)


def test_what_is_open_stays_while_an_app_in_it_is_unknown(apps: Stage) -> None:
    """Dropping the app from the proposal would say that its update is not wanted, and nobody knows that."""
    group(apps, "{name: platform}", "blue", "green")
    apps.one_pass()
    head = apps.heads()["imagebot/staging/+platform"]
    apps.commit({"green/app.yaml": DEPLOYMENT + "\t: broken\n"})
    apps.publish("6.5.5")

    apps.one_pass()

    assert apps.heads()["imagebot/staging/+platform"] == head
    assert proposed(apps, "+platform") == [("blue", "6.5.4"), ("green", "6.5.4")]


def test_a_change_of_group_moves_the_updates_and_closes_what_they_leave(apps: Stage) -> None:
    group(apps, "{by: app}")
    apps.one_pass()
    group(apps, "{name: platform}", "blue", "green")

    assert actions(apps.one_pass()) == {
        "+platform": Action.OPENED,
        "blue": Action.CLOSED,
        "green": Action.CLOSED,
        "podinfo": Action.KEPT,
    }

    assert [pull.branch.rpartition("/")[2] for pull in apps.pulls()] == ["podinfo", "+platform"]
    assert "+platform" in apps.comments(1)[0]
    assert_quiet(apps)


def test_a_closed_group_refuses_its_versions_for_each_of_its_apps(apps: Stage) -> None:
    group(apps, "{name: platform}", "blue", "green")
    apps.one_pass()
    number = next(pull.number for pull in apps.pulls() if pull.branch.endswith("+platform"))
    apps.imagebot("pr", "close", str(number))

    assert actions(assert_quiet(apps)) == {"podinfo": Action.KEPT}

    apps.publish("6.5.5")
    assert actions(apps.one_pass()) == {"+platform": Action.OPENED, "podinfo": Action.UPDATED}


def test_a_major_version_goes_apart_beside_the_one_within_the_old(apps: Stage) -> None:
    group(apps, "{by: app, separateMajor: true}", "blue", semver=">=6.5")

    apps.one_pass()

    assert proposed(apps, "blue") == [("blue", "6.5.4")]
    assert proposed(apps, "blue+major") == [("blue", "7.0.0")]
    assert proposed(apps, "green") == [("green", "7.0.0")]
    assert_quiet(apps)
    number = next(pull.number for pull in apps.pulls() if pull.branch.endswith("+major"))
    assert apps.imagebot("pr", "merge", str(number)).code == 0

    assert actions(apps.one_pass())["blue"] is Action.CLOSED
    assert "IMAGE:7.0.0" in apps.show("blue/app.yaml")
    assert_quiet(apps)


def test_no_new_major_version_is_nothing_to_tell(apps: Stage) -> None:
    group(apps, "{by: app, separateMajor: true}", "blue")

    said = apps.imagebot("status", "blue")

    assert said.out.count("blue") == 1 + said.out.count("blue/")
    assert said.code == 0


def test_a_major_version_that_is_withdrawn_leaves_the_other_alone(apps: Stage) -> None:
    group(apps, "{by: app, separateMajor: true}", "blue", semver=">=6.5")
    apps.one_pass()
    apps.unpublish("7.0.0")

    done = actions(apps.one_pass())

    assert (done["blue"], done["blue+major"]) == (Action.KEPT, Action.CLOSED)
    assert_quiet(apps)


def test_a_policy_that_is_gone_takes_its_pull_request_along(apps: Stage) -> None:
    group(apps, "{by: app}")
    apps.one_pass()
    (apps.folder / "policies" / "blue.yaml").unlink()

    assert actions(apps.one_pass())["blue"] is Action.CLOSED

    assert_quiet(apps)


def test_a_policy_is_not_taken_for_gone_while_any_file_is_wrong(apps: Stage) -> None:
    """The file that does not load may be the very one."""
    group(apps, "{by: app}")
    apps.one_pass()
    apps.policy("app: [\n", "blue.yaml")

    assert "blue" not in actions(apps.one_pass())

    assert len(apps.pulls()) == 3


def test_a_pass_over_some_apps_takes_no_other_for_gone(apps: Stage) -> None:
    group(apps, "{by: app}")
    apps.one_pass()

    said = apps.imagebot("once", "blue")

    assert said.code == 0
    assert len(apps.pulls()) == 3
