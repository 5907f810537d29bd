"""What the build of an image claims in its own index: told as a claim, asked for once, in the way of nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from imagebot.cycle.report import Action
from tests.cycle.conftest import DEPLOYMENT, POLICY, actions, assert_quiet
from tests.support import oci_folder
from tests.support.attested import BUILDER, COMMIT, PROVENANCE, SPDX, V02, V1, attest
from tests.support.oci_folder import Build
from tests.support.stage import Stage, set_up
from tests.support.web_function import Answer, Asked, Raw, Served


@dataclass
class Scene:
    """6.5.3 runs, 6.5.4 is an index; what is asked for under `hidden` paths is not there."""

    stage: Stage
    hidden: list[str] = field(default_factory=list)

    def attest(self, claims: Mapping[str, Any], subject: str = "") -> None:
        attest(self.stage.folder / "registry", "acme/podinfo", "6.5.4", claims, subject)

    def told(self) -> str:
        """The row of the pull request that a pass opens; empty if there is none."""
        assert actions(self.stage.one_pass()) == [Action.OPENED]
        (pull,) = self.stage.pulls()
        return next((line for line in pull.body.splitlines() if line.startswith("| attested |")), "")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    hidden: list[str] = []

    def function(asked: Asked) -> Answer | Raw:
        if any(part in asked.path for part in hidden):
            return Answer(503)
        return oci_folder.answer(tmp_path / "registry", asked)

    with Served(function) as served:
        stage = set_up(tmp_path, served)
        stage.publish("6.5.3")
        labels = {"org.opencontainers.image.revision": COMMIT}
        build = Build(created="2026-01-01T12:00:00Z", labels=labels)
        oci_folder.publish_index(tmp_path / "registry", "acme/podinfo", "6.5.4", {"linux/amd64": build})
        stage.policy(POLICY)
        stage.commit({"staging/app.yaml": DEPLOYMENT})
        yield Scene(stage, hidden)


def test_an_sbom_and_a_provenance_are_told_as_claims(scene: Scene) -> None:
    scene.attest({SPDX: {"huge": "x" * 100_000}, V02: PROVENANCE})
    assert scene.told() == (
        f"| attested | – | SBOM (SPDX); provenance by `{BUILDER}` from `https://github.com/acme/api.git`"
        f" at `{COMMIT[:12]}`: so its build says, and nobody signed that |"
    )
    blobs = [asked.path for asked in scene.stage.registry.asked if "/blobs/" in asked.path]
    assert len(blobs) == 3  # a config of each image, and the provenance: what an SBOM says is not looked at
    assert_quiet(scene.stage)


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        pytest.param(
            {
                V1: {
                    "buildDefinition": {
                        "resolvedDependencies": [{"uri": "git+https://x.test/a", "digest": {"gitCommit": "7" * 40}}]
                    },
                    "runDetails": {"builder": {"id": "https://x.test/b"}},
                }
            },
            "provenance by `https://x.test/b` from `git+https://x.test/a` at `777777777777`"
            " (its label names `555555555555`)",
            id="another commit than its label",
        ),
        pytest.param({V1: {}}, "provenance: so its build says", id="says nothing"),
        pytest.param({"https://acme.test/`x`": {}}, "an attestation `https://acme.test/'x'`", id="of another kind"),
        pytest.param({V02: {"builder": {"id": "a` @team #1 | <b>"}}}, "by `a' @team #1 ¦ <b>`", id="hostile"),
    ],
)
def test_what_is_claimed_is_told_in_its_kind(scene: Scene, claims: Mapping[str, Any], told: str) -> None:
    scene.attest(claims)
    assert told in scene.told()


def test_a_provenance_of_another_image_is_none(scene: Scene) -> None:
    scene.attest({V02: PROVENANCE}, subject="sha256:" + "e" * 64)
    assert scene.told() == ""


def test_what_cannot_be_read_holds_nothing_up(scene: Scene) -> None:
    scene.hidden.append(attest_hidden(scene))
    assert scene.told() == ""


def attest_hidden(scene: Scene) -> str:
    """The digest of the manifest that holds the claims."""
    before = set(scene.stage.folder.glob("registry/**/blobs/sha256/*"))
    scene.attest({V02: PROVENANCE})
    new = {path for path in scene.stage.folder.glob("registry/**/blobs/sha256/*") if path not in before}
    return next(path.name for path in new if b"in-toto.io/predicate-type" in path.read_bytes())


def test_an_image_without_any_costs_no_question(scene: Scene) -> None:
    assert scene.told() == ""
    assert sum("/manifests/" in asked.path and asked.method == "GET" for asked in scene.stage.registry.asked) <= 4
