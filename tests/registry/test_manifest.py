"""Which platforms an image runs on and when it was made, by digest: every answer is checked by its bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imagebot.errors import BadResponse, NotFound
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.registry.manifest import created_of, manifest_of, platform_of
from imagebot.settings.resolve import RegistrySettings
from tests.support import oci_folder
from tests.support.web_function import Answer, Asked, Served, serving

BUILT = {"linux/amd64": "2026-01-01T12:00:00Z", "linux/arm64/v8": "2026-01-01T12:05:00.123456789+01:00"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with oci_folder.serve(tmp_path) as served:
        yield served


def registries(served: Served) -> tuple[Registries, ImageName]:
    return Registries({served.host: RegistrySettings(plain_http=True)}), ImageName(served.host, "acme/api")


def test_an_index_names_its_platforms_and_no_attestation(served: Served, tmp_path: Path) -> None:
    digest = oci_folder.publish_index(tmp_path, "acme/api", "1.0.0", BUILT, ["provenance", "sbom"])
    ask, name = registries(served)

    platforms = ask.platforms(name, digest)

    assert sorted(platforms) == ["linux/amd64", "linux/arm64"]
    assert len({digest, *platforms.values()}) == 3
    assert len(served.asked) == 1


def test_a_single_image_says_its_platform_in_its_config(served: Served, tmp_path: Path) -> None:
    digest = oci_folder.publish(tmp_path, "acme/api", "1.0.0")
    ask, name = registries(served)
    assert ask.platforms(name, digest) == {"linux/amd64": digest}
    assert [asked.path.rsplit("/", 2)[1] for asked in served.asked] == ["manifests", "blobs"]


def test_an_index_was_made_when_its_image_for_amd64_was(served: Served, tmp_path: Path) -> None:
    digest = oci_folder.publish_index(tmp_path, "acme/api", "1.0.0", {"linux/386": "2020-01-01T12:00:00Z", **BUILT})
    ask, name = registries(served)
    assert ask.created(name, digest) == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert ask.created(name, oci_folder.publish(tmp_path, "acme/api", "x", created="yesterday")) is None


def test_a_config_whose_type_is_a_list_stopped_the_pass() -> None:
    """Found by `make fuzz-answers`: a list cannot be looked up in a set."""
    assert manifest_of({"config": {"mediaType": [], "digest": f"sha256:{'1' * 64}"}}).config is None


def test_a_chart_runs_nowhere_and_was_made_at_no_time() -> None:
    chart = {"config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": f"sha256:{'a' * 64}"}}
    body = json.dumps({"schemaVersion": 2, "mediaType": oci_folder.MANIFEST, **chart}).encode()
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    with serving(lambda _: Answer(200, (("Content-Type", oci_folder.MANIFEST),), body)) as served:
        ask, name = registries(served)
        assert ask.platforms(name, digest) == {}
        assert ask.created(name, digest) is None
        assert len(served.asked) == 1


def test_what_is_not_there_is_not_found(served: Served) -> None:
    ask, name = registries(served)
    with pytest.raises(NotFound, match="show acme/api@sha256:0000"):
        ask.platforms(name, f"sha256:{'0' * 64}")


def test_another_config_than_the_manifest_names_is_refused(tmp_path: Path) -> None:
    digest = oci_folder.publish(tmp_path, "acme/api", "1.0.0")

    def lying(asked: Asked) -> Answer:
        if "/blobs/" in asked.path:
            return Answer(200, (), b'{"os": "linux", "architecture": "amd64"}')
        return oci_folder.answer(tmp_path, asked)

    with serving(lying) as served:
        ask, name = registries(served)
        with pytest.raises(BadResponse, match="sent another blob than acme/api@sha256:"):
            ask.platforms(name, digest)


def test_a_config_has_a_limit(tmp_path: Path) -> None:
    digest = oci_folder.publish(tmp_path, "acme/api", "1.0.0")

    def endless(asked: Asked) -> Answer:
        return Answer(200, (), b" " * (9 << 20)) if "/blobs/" in asked.path else oci_folder.answer(tmp_path, asked)

    with serving(endless) as served:
        ask, name = registries(served)
        with pytest.raises(BadResponse, match="more than the 8192 KiB"):
            ask.platforms(name, digest)


@pytest.mark.parametrize(
    ("says", "platform"),
    [
        ({"os": "linux", "architecture": "amd64"}, "linux/amd64"),
        ({"os": "linux", "architecture": "arm", "variant": "v6"}, "linux/arm/v6"),
        ({"os": "linux", "architecture": "arm"}, "linux/arm/v7"),
        ({"os": "linux", "architecture": "arm64", "variant": "v8"}, "linux/arm64"),
        ({"os": "windows", "architecture": "amd64", "os.version": "10.0.20348"}, "windows/amd64"),
        ({"os": "unknown", "architecture": "unknown"}, None),
        ({"os": "linux"}, None),
        ({"os": "linux", "architecture": "a/b/c/d"}, None),
        ({"os": ["linux"], "architecture": "amd64"}, None),
        ({}, None),
    ],
)
def test_platforms(says: dict[str, Any], platform: str | None) -> None:
    assert platform_of(says) == platform


@pytest.mark.parametrize("manifests", [None, "x", [1], [{}], [{"platform": 1}], [{"platform": {}, "digest": "x"}]])
def test_nonsense_in_an_index_is_no_platform(manifests: object) -> None:
    assert manifest_of({"manifests": manifests}).platforms == {}


@pytest.mark.parametrize(
    ("created", "moment"),
    [
        ("2026-01-01T12:00:00Z", datetime(2026, 1, 1, 12, tzinfo=UTC)),
        ("2026-01-01T13:00:00+01:00", datetime(2026, 1, 1, 12, tzinfo=UTC)),
        ("2026-01-01T12:00:00", datetime(2026, 1, 1, 12, tzinfo=UTC)),
        ("0001-01-01T00:00:00+09:00", None),
        ("", None),
        (0, None),
    ],
)
def test_creation_times(created: object, moment: datetime | None) -> None:
    assert created_of({"created": created}) == moment
