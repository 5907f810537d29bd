"""Whenever a tag is pushed again while a pass looks at it, all that is judged, said and written is about one image.

Facts about it come by several questions, each of which a registry may answer about another image than the one before.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import eq, ge
from pathlib import Path

import pytest

from imagebot.cycle.report import Action
from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.support import oci_folder
from tests.support.git_repos import a_repository
from tests.support.signed_images import tagged
from tests.support.signing import key, payload, pem, simple
from tests.support.stage import Stage
from tests.support.web_function import Answer, Asked, Served

KEY = key("release")


@dataclass
class Flipping:
    """A registry whose 6.5.4 is another image in those questions that `moved` says."""

    folder: Path
    images: tuple[str, str] = ("", "")
    moved: Callable[[int], bool] = bool
    questions: int = field(default=-1)

    def publish(self) -> None:
        times = ("2026-01-01T12:00:00Z", "2026-02-02T12:00:00Z")
        one, two = (oci_folder.publish(self.folder, "acme/podinfo", "6.5.4", created=at) for at in times)
        self.images = (one, two)
        oci_folder.publish(self.folder, "acme/podinfo", "6.5.3")
        for image in self.images:
            signed = tagged(image, [simple(KEY, payload(image))])
            oci_folder.hang(self.folder, "acme/podinfo", signed.reference, signed.manifest, signed.blobs)

    def __call__(self, asked: Asked) -> Answer:
        self.questions += 1
        if not asked.target.endswith("/manifests/6.5.4"):
            return oci_folder.answer(self.folder, asked)
        digest = self.images[self.moved(self.questions)]
        return oci_folder.answer(self.folder, Asked(asked.method, asked.path.replace("6.5.4", digest), asked.headers))


def hidden(body: str) -> str:
    """A pull request's words, and what stands encoded in them."""
    parts = re.findall(r"[A-Za-z0-9_=-]{200,}", body)
    return "\n".join([body, *(base64.urlsafe_b64decode(part).decode() for part in parts)])


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[tuple[Flipping, Served]]:
    made = Flipping(tmp_path / "registry")
    made.publish()
    with Served(made) as served:
        yield made, served


@pytest.mark.parametrize(
    ("pin", "moves"),
    [pytest.param("none", ge, id="from some question on"), pytest.param("digest", eq, id="in one question")],
)
def test_all_that_is_said_and_written_is_one_image(
    tmp_path: Path, registry: tuple[Flipping, Served], pin: str, moves: Callable[[int, int], bool]
) -> None:
    flipping, served = registry

    def proposed(name: str, moved: Callable[[int], bool]) -> str | None:
        """The digest of the image that one pass proposed, if it did."""
        flipping.moved, flipping.questions = moved, -1
        (tmp_path / name).mkdir()
        (tmp_path / name / "release.pub").write_text(pem(KEY))
        stage = Stage(tmp_path / name, served)
        a_repository(stage.bare, {"staging/app.yaml": DEPLOYMENT.replace("IMAGE", stage.image)})
        stage.settings("trust: {keys: {release: release.pub}}\n")
        stage.policy(f"{POLICY}    pin: {pin}\n    verify: [{{keys: [release]}}]\n")
        report = stage.one_pass()
        assert [one.action for one in report.outcomes] in ([Action.OPENED], [Action.FAILED], [])
        if not stage.pulls():
            assert report.exit_code == 1, "it is told that it was moved"
            return None
        [pull] = stage.pulls()
        everything = hidden(pull.body) + stage.show("staging/app.yaml", pull.branch)
        (digest,) = {one for one in flipping.images if one[7:19] in everything}
        assert "| signature | – | verified" in pull.body
        return digest

    one, two = flipping.images
    assert proposed("never", lambda _: False) == one
    asked = flipping.questions + 1
    assert asked > 5
    found = {proposed(str(n), lambda now, n=n: moves(now, n)) for n in range(asked)}  # type: ignore[misc]
    assert None in found
    assert found - {None} <= {one, two}
    assert len(found) > 1
