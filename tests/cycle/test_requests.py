"""What a pass asks of registries: each manifest, config and failure once, and of what is known only a HEAD."""

from __future__ import annotations

from collections import Counter

import pytest

from imagebot.cycle.report import Action
from imagebot.selection.verdict import Unknown
from tests.cycle.conftest import DEPLOYMENT, GONE, POLICY, World, actions, verdict
from tests.support import oci_folder
from tests.support.stage import Stage
from tests.support.web_function import Answer

BOTH = {"linux/amd64": "2026-01-01T12:00:00Z", "linux/arm64": "2026-01-01T12:00:00Z"}


def requests(stage: Stage, since: int = 0) -> list[str]:
    """What was asked from the request of that number on: the kind, and the tag or what sort of digest."""
    told = []
    for asked in stage.registry.asked[since:]:
        last = asked.path.rpartition("/")[2]
        what = "a blob" if "/blobs/" in asked.path else "a digest" if last.startswith("sha256:") else last
        told.append(f"{asked.method} {what}")
    return told


def test_one_new_tag_costs_eight_requests(stage: Stage) -> None:
    """Of each image what its tag stands for, its manifest and its config; and before the push whether that holds."""
    assert actions(stage.one_pass()) == [Action.OPENED]
    assert requests(stage) == [
        "GET list",
        *("HEAD 6.5.4", "GET a digest", "GET a blob"),
        *("HEAD 6.5.3", "GET a digest", "GET a blob"),
        "HEAD 6.5.4",
    ]


def test_what_is_known_by_its_digest_is_not_fetched_again(opened: Stage) -> None:
    before = len(opened.registry.asked)
    assert actions(opened.one_pass()) == [Action.KEPT]
    assert requests(opened, before) == ["GET list", "HEAD 6.5.4", "HEAD 6.5.3"]
    opened.publish("6.5.5")
    before = len(opened.registry.asked)
    assert actions(opened.one_pass()) == [Action.UPDATED]
    assert requests(opened, before) == [
        *("GET list", "HEAD 6.5.5", "GET a digest", "GET a blob", "HEAD 6.5.3", "HEAD 6.5.5")
    ]


def test_before_a_branch_is_built_anew_the_registry_is_asked_whether_it_still_has_the_image(opened: Stage) -> None:
    opened.commit({"staging/app.yaml": DEPLOYMENT.replace("# the app", "# this app")})
    before = len(opened.registry.asked)
    assert actions(opened.one_pass()) == [Action.UPDATED]
    assert requests(opened, before) == ["GET list", "HEAD 6.5.4", "HEAD 6.5.3", "HEAD a digest", "HEAD 6.5.4"]


def test_each_part_of_an_index_is_fetched_once(stage: Stage) -> None:
    for tag in ("6.5.3", "6.5.4"):
        oci_folder.publish_index(stage.folder / "registry", "acme/podinfo", tag, BOTH)
    stage.one_pass()
    fetched = Counter(str(asked) for asked in stage.registry.asked if "sha256:" in asked.path)
    assert set(fetched.values()) == {1}
    assert len(fetched) == 2 * 3 + 1  # the index, one platform's manifest, its config; a HEAD of the new one's other
    before = len(stage.registry.asked)
    stage.one_pass()
    assert requests(stage, before) == ["GET list", "HEAD 6.5.4", "HEAD 6.5.3"]


def test_two_apps_of_one_image_cost_what_one_does(stage: Stage) -> None:
    stage.policy(POLICY.replace("app: podinfo", "app: other").replace("staging/", "other/"), "other.yaml")
    stage.commit({"other/app.yaml": DEPLOYMENT})
    stage.one_pass()
    assert len(requests(stage)) == 9  # each looks again at the tag before its push


@pytest.mark.parametrize("status", [404, 500])
def test_a_manifest_that_fails_is_asked_for_once_whoever_wants_it(world: World, status: int) -> None:
    stage = world.stage
    for name in ("one", "two", "three"):
        stage.policy(POLICY.replace("app: podinfo", f"app: {name}").replace("staging/", f"{name}/"), f"{name}.yaml")
    stage.commit({f"{name}/app.yaml": DEPLOYMENT for name in ("one", "two", "three")})
    stage.publish("6.5.5")
    fault = GONE if status == 404 else Answer(status)
    world.faults.append(lambda asked: fault if "/manifests/" in asked.path else None)
    before = len(stage.registry.asked)

    report = world.passes()

    assert all(isinstance(each.watches[0].verdict, Unknown) for each in report.decisions), verdict(report)
    asked = Counter(str(each) for each in stage.registry.asked[before:])
    assert all(count <= 2 for count in asked.values()), asked  # what fails is tried once more by the room itself
