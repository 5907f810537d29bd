"""An OCI registry over HTTP, in this process, read-only, over a folder of image layouts.

`<folder>/<repository>/` is an OCI image layout (`oci-layout`, `index.json`, `blobs/sha256/…`); its tags are the
`org.opencontainers.image.ref.name` annotations of the index. The folder is read at each request, so that `publish` and
`skopeo copy` show at once. The parts of the distribution specification that a reader needs are all there: tags with
`n`, `last` and `Link`, manifests by tag and by digest, blobs, HEAD for both, errors in the OCI form.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.support.web_function import Answer, Asked, Served

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
_DOCKER = {
    INDEX: "application/vnd.docker.distribution.manifest.list.v2+json",
    MANIFEST: "application/vnd.docker.distribution.manifest.v2+json",
    CONFIG: "application/vnd.docker.container.image.v1+json",
    f"{LAYER}+gzip": "application/vnd.docker.image.rootfs.diff.tar.gzip",
}
TAG_NAME = "org.opencontainers.image.ref.name"

_NAME = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
_TAGS = re.compile(rf"/v2/({_NAME})/tags/list", re.ASCII)
_MANIFEST = re.compile(
    rf"/v2/({_NAME})/manifests/([A-Za-z0-9_][A-Za-z0-9._-]{{0,127}}|sha256:[a-f0-9]{{64}})", re.ASCII
)
_BLOB = re.compile(rf"/v2/({_NAME})/blobs/(sha256:[a-f0-9]{{64}})", re.ASCII)


class _NoSuch(Exception):
    """What was asked for is not in the folder; carries the OCI error code."""


def serve(folder: Path, port: int = 0) -> Served:
    """Serve every layout below `folder` until closed, on a random port if none is given; `.host` names the images."""
    return Served(lambda asked: answer(folder, asked), port=port)


@dataclass(frozen=True, slots=True)
class Build:
    """An image for one platform. The same fields give the same digest.

    `config` is how it is run, as in the OCI specification: `{"User": "1000", "ExposedPorts": {"8080/tcp": {}}}`.
    `layers` are sizes in bytes; two images share those of equal size. There are no bytes behind them: nobody who asks
    for a description pulls them. Without any there is one small layer, which is there.
    `entry` are annotations of its entry in an index. `docker` writes the media types of Docker's schema 2.
    """

    created: str = "2026-01-01T12:00:00Z"
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    entry: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    layers: Sequence[int] = ()
    docker: bool = False

    def type(self, oci: str) -> str:
        """The media type of what OCI calls `oci`."""
        return _DOCKER[oci] if self.docker else oci


def publish(folder: Path, repository: str, tag: str, **build: Any) -> str:
    """Write an image for linux/amd64 and let `tag` point at it; returns the manifest's digest. `build`: see `Build`."""
    layout = _layout(folder, repository)
    descriptor = _image(layout, f"{repository}:{tag}", "linux/amd64", Build(**build))
    _point(layout, tag, descriptor)
    return str(descriptor["digest"])


def publish_index(
    folder: Path,
    repository: str,
    tag: str,
    builds: Mapping[str, Build | str],
    attestations: Sequence[str] = (),
    annotations: Mapping[str, str] | None = None,
) -> str:
    """Let `tag` point at an index of an image for each platform in `builds`; returns the index's digest.

    In place of a `Build` its time of creation will do. `attestations` are hung in as BuildKit does, for no platform.
    """
    layout = _layout(folder, repository)
    children = []
    media_type = INDEX
    for name, given in builds.items():
        build = Build(created=given) if isinstance(given, str) else given
        media_type = build.type(INDEX)
        image = _image(layout, f"{repository}:{tag}", name, build)
        children.append({**image, "platform": _platform(name), **_annotated(build.entry)})
    for text in attestations:
        children.append(
            {
                **_write(layout, _encode({"schemaVersion": 2, "mediaType": MANIFEST, "says": text}), MANIFEST),
                "platform": {"os": "unknown", "architecture": "unknown"},
                "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
            }
        )
    index = {"schemaVersion": 2, "mediaType": media_type, "manifests": children}
    descriptor = _write(layout, _encode(index | _annotated(annotations)), media_type)
    _point(layout, tag, descriptor)
    return str(descriptor["digest"])


def hang(folder: Path, repository: str, reference: str, manifest: bytes, blobs: Sequence[bytes]) -> None:
    """Let the registry have a manifest and its blobs: under a tag, or by its digest alone."""
    layout = _layout(folder, repository)
    for blob in blobs:
        _write(layout, blob, "application/octet-stream")
    descriptor = _write(layout, manifest, json.loads(manifest)["mediaType"])
    if ":" not in reference:
        _point(layout, reference, descriptor)


def withdraw(folder: Path, repository: str, tag: str) -> None:
    """Let there be no such tag any more."""
    file = folder / repository / "index.json"
    index = json.loads(file.read_bytes())
    index["manifests"] = [each for each in index["manifests"] if each["annotations"][TAG_NAME] != tag]
    draft = file.with_name("index.json.new")
    draft.write_bytes(_encode(index))
    draft.replace(file)


def answer(folder: Path, asked: Asked) -> Answer:
    """What a registry over `folder` says to one request."""
    if asked.method not in ("GET", "HEAD"):
        return _error(405, "UNSUPPORTED")
    try:
        if asked.path.rstrip("/") == "/v2":
            return Answer(200, (("Content-Type", "application/json"),), b"{}")
        if match := _TAGS.fullmatch(asked.path):
            return _tags(folder / match[1], match[1], asked.query)
        if match := _MANIFEST.fullmatch(asked.path):
            return _manifest(folder / match[1], match[2])
        if match := _BLOB.fullmatch(asked.path):
            return _content(_read(folder / match[1], match[2], "BLOB_UNKNOWN"), "application/octet-stream", match[2])
    except _NoSuch as missing:
        return _error(404, str(missing))
    return _error(404, "NAME_INVALID")


def _layout(folder: Path, repository: str) -> Path:
    layout = folder / repository
    (layout / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return layout


def _image(layout: Path, name: str, platform: str, build: Build) -> dict[str, Any]:
    """Write an image; returns its descriptor."""
    sized = [_layer(size, build) for size in build.layers]
    layers = sized or [_write(layout, _archive(f"{name}\n".encode()), LAYER)]
    config = {
        "created": build.created,
        **_platform(platform),
        "config": {**build.config, "Labels": dict(build.labels)},
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": build.type(MANIFEST),
        "config": _write(layout, _encode(config), build.type(CONFIG)),
        "layers": layers,
        **_annotated(build.annotations),
    }
    return _write(layout, _encode(manifest), build.type(MANIFEST))


def _layer(size: int, build: Build) -> dict[str, Any]:
    encoded = hashlib.sha256(f"{size} bytes".encode()).hexdigest()
    return {"mediaType": build.type(f"{LAYER}+gzip"), "digest": f"sha256:{encoded}", "size": size}


def _platform(name: str) -> dict[str, str]:
    system, architecture, *variant = name.split("/")
    return {"architecture": architecture, "os": system, **({"variant": variant[0]} if variant else {})}


def _annotated(annotations: Mapping[str, str] | None) -> dict[str, Any]:
    return {"annotations": dict(annotations)} if annotations else {}


def _tags(layout: Path, repository: str, query: Mapping[str, str]) -> Answer:
    tags = sorted(_pointers(layout))
    after = [tag for tag in tags if tag > query.get("last", "")]
    if "n" in query and not query["n"].isdecimal():
        return _error(400, "PAGINATION_NUMBER_INVALID")
    size = int(query.get("n", len(after)))
    page = after[:size]
    headers = [("Content-Type", "application/json")]
    if page and len(page) < len(after):
        headers.append(("Link", f'</v2/{repository}/tags/list?last={quote(page[-1])}&n={size}>; rel="next"'))
    return Answer(200, tuple(headers), _encode({"name": repository, "tags": page}))


def _manifest(layout: Path, reference: str) -> Answer:
    pointers = _pointers(layout)
    digest = reference
    if not reference.startswith("sha256:"):
        if reference not in pointers:
            raise _NoSuch("MANIFEST_UNKNOWN")
        digest = pointers[reference]["digest"]
    body = _read(layout, digest, "MANIFEST_UNKNOWN")
    listed = next((each["mediaType"] for each in pointers.values() if each["digest"] == digest), None)
    return _content(body, listed or json.loads(body).get("mediaType", MANIFEST), digest)


def _content(body: bytes, media_type: str, digest: str) -> Answer:
    headers = (("Content-Type", media_type), ("Docker-Content-Digest", digest), ("ETag", f'"{digest}"'))
    return Answer(200, headers, body)


def _error(status: int, code: str) -> Answer:
    body = _encode({"errors": [{"code": code, "message": code.lower().replace("_", " ")}]})
    return Answer(status, (("Content-Type", "application/json"),), body)


def _pointers(layout: Path) -> dict[str, dict[str, Any]]:
    """Tag → descriptor, as the layout's index says."""
    try:
        index = json.loads((layout / "index.json").read_bytes())
    except FileNotFoundError:
        raise _NoSuch("NAME_UNKNOWN") from None
    named = ((each.get("annotations", {}).get(TAG_NAME), each) for each in index["manifests"])
    return {tag: each for tag, each in named if tag}


def _point(layout: Path, tag: str, descriptor: dict[str, Any]) -> None:
    """Let `tag` stand for `descriptor`; whoever reads at the same moment sees the old index or the new one."""
    file = layout / "index.json"
    index: dict[str, Any] = {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}
    if file.exists():
        index = json.loads(file.read_bytes())
    others = [each for each in index["manifests"] if each.get("annotations", {}).get(TAG_NAME) != tag]
    index["manifests"] = [*others, {**descriptor, "annotations": {TAG_NAME: tag}}]
    draft = layout / "index.json.new"
    draft.write_bytes(_encode(index))
    draft.replace(file)


def _read(layout: Path, digest: str, missing: str) -> bytes:
    try:
        return (layout / "blobs" / "sha256" / digest.removeprefix("sha256:")).read_bytes()
    except FileNotFoundError:
        raise _NoSuch(missing) from None


def _write(layout: Path, content: bytes, media_type: str) -> dict[str, Any]:
    encoded = hashlib.sha256(content).hexdigest()
    (layout / "blobs" / "sha256" / encoded).write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{encoded}", "size": len(content)}


def _archive(content: bytes) -> bytes:
    """A tar archive of one file, the same bytes each time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("app")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _encode(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def main() -> None:
    """`python -m tests.support.oci_folder FOLDER` serves until it is interrupted."""
    with serve(Path(sys.argv[1])) as served:
        print(served.host, flush=True)
        served.wait()


if __name__ == "__main__":
    main()
