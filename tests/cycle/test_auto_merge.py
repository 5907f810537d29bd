"""What may merge by itself: only what was looked at, and only if nothing stood out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imagebot.pulls import block
from tests.cycle.conftest import POLICY
from tests.support import oci_folder
from tests.support.oci_folder import Build
from tests.support.stage import Stage


@pytest.fixture
def inner(stage: Stage) -> Path:
    """What is deployed and what is newer are indexes of images that say nothing odd; the newer one's inner manifest."""
    stage.policy(POLICY + "pullRequest: {autoMerge: [patch]}\n")
    for tag in ("6.5.3", "6.5.4"):
        digest = oci_folder.publish_index(
            stage.folder / "registry", "acme/podinfo", tag, {"linux/amd64": Build(config={"User": "1000"})}
        )
    blobs = stage.folder / "registry" / "acme" / "podinfo" / "blobs" / "sha256"
    index = json.loads((blobs / digest.removeprefix("sha256:")).read_bytes())
    return blobs / str(index["manifests"][0]["digest"]).removeprefix("sha256:")


def merges_by_itself(stage: Stage) -> bool:
    """Whether the only pull request is told to."""
    stage.one_pass()
    (pull,) = stage.pulls()
    told = block.read(pull.body)
    assert told is not None
    return told.auto_merge


def test_what_was_looked_at_and_is_sound_merges_by_itself(stage: Stage, inner: Path) -> None:
    assert inner.exists()
    assert merges_by_itself(stage)


def test_an_image_of_which_a_part_is_gone_is_not_even_proposed(stage: Stage, inner: Path) -> None:
    inner.unlink()
    stage.one_pass()
    assert stage.pulls() == ()


def test_an_image_whose_registry_sends_nonsense_does_not_merge_by_itself(stage: Stage, inner: Path) -> None:
    inner.write_bytes(b"{}")
    assert not merges_by_itself(stage)
