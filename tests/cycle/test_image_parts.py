"""What is proposed must be an image that runs where the deployed one does, and all there: in whole passes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from imagebot.cycle.report import Action
from imagebot.selection.verdict import NoCandidate, Unknown, Update, UpToDate
from tests.cycle.conftest import GONE, POLICY, World, actions, verdict
from tests.cycle.test_gates import proposed
from tests.support import oci_folder
from tests.support.oci_folder import INDEX, MANIFEST

BOTH = {"linux/amd64": "2026-01-01T12:00:00Z", "linux/arm64": "2026-01-01T12:00:00Z"}
SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+json"


def blobs(world: World) -> Path:
    return world.stage.folder / "registry" / "acme" / "podinfo" / "blobs" / "sha256"


def write(world: World, document: Any) -> dict[str, Any]:
    """A document of the registry; its descriptor."""
    body = json.dumps(document).encode()
    digest = hashlib.sha256(body).hexdigest()
    (blobs(world) / digest).write_bytes(body)
    return {"mediaType": document.get("mediaType", "application/json"), "digest": f"sha256:{digest}", "size": len(body)}


def publish(world: World, tag: str, document: Any) -> None:
    """Let a tag stand for this manifest."""
    file = blobs(world).parents[1] / "index.json"
    listed = json.loads(file.read_bytes())
    listed["manifests"].append({**write(world, document), "annotations": {oci_folder.TAG_NAME: tag}})
    file.write_text(json.dumps(listed))


def index(*children: dict[str, Any]) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(children)}


def manifest(config: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [], **more}


def no_image(world: World, kind: str) -> dict[str, Any]:
    match kind:
        case "an empty index":
            return index()
        case "attestations alone":
            attestation = write(world, {"schemaVersion": 2, "mediaType": MANIFEST, "layers": []})
            return index({**attestation, "platform": {"os": "unknown", "architecture": "unknown"}})
        case "an index of indexes":
            return index(write(world, index()))
        case "a chart":
            return manifest(
                {**write(world, {"name": "podinfo"}), "mediaType": "application/vnd.cncf.helm.config.v1+json"}
            )
        case "an artifact":
            empty = {**write(world, {}), "mediaType": "application/vnd.oci.empty.v1+json"}
            return manifest(empty, artifactType="application/spdx+json")
        case "wasm":
            says = {**write(world, {"os": "wasip1", "architecture": "wasm"}), "mediaType": oci_folder.CONFIG}
            return manifest(says)
        case "a config without a platform":
            return manifest({**write(world, {"config": {}}), "mediaType": oci_folder.CONFIG})
        case "children of malformed digests":
            amd64 = {"os": "linux", "architecture": "amd64"}
            return index({"mediaType": MANIFEST, "digest": "sha256:xyz", "size": 1, "platform": amd64})
        case _:
            return {"schemaVersion": 1, "mediaType": SCHEMA_1, "name": "acme/podinfo", "architecture": "amd64"}


@pytest.mark.parametrize(
    "kind",
    [
        "an empty index",
        "attestations alone",
        "an index of indexes",
        "a chart",
        "an artifact",
        "wasm",
        "a config without a platform",
        "children of malformed digests",
        "schema 1",
    ],
)
@pytest.mark.parametrize("keys", ["", "    platforms: [linux/amd64]\n"], ids=["", "platforms in the policy"])
def test_what_is_no_image_for_where_the_deployed_one_runs_is_not_proposed(world: World, kind: str, keys: str) -> None:
    world.stage.policy(POLICY + keys)
    publish(world, "6.5.5", no_image(world, kind))

    report = world.passes()

    answer = verdict(report)
    assert isinstance(answer, Update), answer
    assert (answer.to.tag, actions(report), proposed(world.stage)) == ("6.5.4", [Action.KEPT], ["6.5.4"])
    assert "6.5.5 has no image for linux/amd64, which the " in answer.because


def test_a_chart_that_follows_a_chart_needs_no_platform(world: World) -> None:
    for tag in ("6.5.3", "6.5.4"):
        world.stage.unpublish(tag)
        publish(world, tag, no_image(world, "a chart") | {"annotations": {"version": tag}})
    assert isinstance(verdict(world.passes()), Update)


def test_an_artifact_is_not_proposed_where_the_deployed_tag_is_gone(world: World) -> None:
    world.stage.unpublish("6.5.3", "6.5.4", "6.5.0")
    publish(world, "6.5.5", no_image(world, "a chart"))
    report = world.passes()
    assert isinstance(verdict(report), NoCandidate)
    assert "6.5.5 is for no platform at all, so it is no image that runs" in verdict(report).because


def broken(world: World, platform: str, *, config: bool = False) -> None:
    """6.5.5 for two platforms, as 6.5.3 is; what is for one of them is deleted."""
    folder = world.stage.folder / "registry"
    for tag in ("6.5.3", "6.5.4"):
        oci_folder.publish_index(folder, "acme/podinfo", tag, BOTH)
    digest = oci_folder.publish_index(folder, "acme/podinfo", "6.5.5", BOTH)
    children = json.loads((blobs(world) / digest.removeprefix("sha256:")).read_bytes())["manifests"]
    child = next(each for each in children if each["platform"]["architecture"] == platform.partition("/")[2])
    file = blobs(world) / child["digest"].removeprefix("sha256:")
    if config:
        file = blobs(world) / json.loads(file.read_bytes())["config"]["digest"].removeprefix("sha256:")
    file.unlink()


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/arm64"])
def test_an_index_whose_manifest_was_deleted_is_not_proposed(world: World, platform: str) -> None:
    broken(world, platform)

    report = world.passes()

    answer = verdict(report)
    assert isinstance(answer, Update), answer
    assert "6.5.5 is listed, and the registry has no manifest of its image for " + platform in answer.because
    assert proposed(world.stage) == ["6.5.4"]


def test_a_platform_that_runs_nowhere_may_be_missing(world: World) -> None:
    broken(world, "linux/arm64")
    world.stage.policy(POLICY + "    platforms: [linux/amd64]\n")
    assert actions(world.passes()) == [Action.UPDATED]


def test_a_manifest_named_by_another_algorithm_that_nobody_has_is_missed(world: World) -> None:
    amd64 = {"os": "linux", "architecture": "amd64"}
    publish(
        world, "6.5.5", index({"mediaType": MANIFEST, "digest": f"sha512:{'a' * 128}", "size": 1, "platform": amd64})
    )
    world.passes()
    assert proposed(world.stage) == ["6.5.4"]


@pytest.mark.parametrize("single", [False, True], ids=["in an index", "a single image"])
def test_a_config_that_is_not_there_is_in_doubt_for_a_day(world: World, single: bool) -> None:
    if single:
        digest = oci_folder.publish(world.stage.folder / "registry", "acme/podinfo", "6.5.5")
        told = json.loads((blobs(world) / digest.removeprefix("sha256:")).read_bytes())
        (blobs(world) / told["config"]["digest"].removeprefix("sha256:")).unlink()
    else:
        broken(world, "linux/amd64", config=True)

    report = world.passes()

    answer = verdict(report)
    assert isinstance(answer, Unknown), answer
    assert "6.5.5 is listed, and not all of its image is shown: " in answer.because
    assert proposed(world.stage) == ["6.5.4"]
    assert isinstance(verdict(world.passes(1.1)), Update | UpToDate)
    assert "6.5.5 is listed, and the registry has not all of its image, since" in verdict(world.passes(1.1)).because


def test_an_image_that_is_gone_but_for_its_index_closes_nothing(world: World) -> None:
    """Storage behind the index that lost everything is an outage."""
    folder = world.stage.folder / "registry"
    for tag in ("6.5.0", "6.5.3"):
        world.stage.unpublish(tag)
    oci_folder.publish_index(folder, "acme/podinfo", "6.5.4", BOTH)
    world.faults.append(lambda asked: GONE if "sha256:" in asked.path else None)
    report = world.passes()
    assert isinstance(verdict(report), Unknown)
    assert proposed(world.stage) == ["6.5.4"]


def test_words_about_the_old_image_tell_what_is_not_there(world: World) -> None:
    """Its tag is there; its config is not."""
    stage = world.stage
    digest = oci_folder.publish(stage.folder / "registry", "acme/podinfo", "6.5.3", created="2026-01-03T12:00:00Z")
    told = json.loads((blobs(world) / digest.removeprefix("sha256:")).read_bytes())
    stage.publish("6.5.5")
    world.passes()
    config = told["config"]["digest"]
    stage.folder.joinpath("state", "state.db").unlink()
    stage.publish("6.5.6")
    stage.policy(POLICY + "    platforms: [linux/amd64]\n")
    (blobs(world) / config.removeprefix("sha256:")).unlink()
    world.passes()
    assert "any more" not in stage.pulls()[0].body
