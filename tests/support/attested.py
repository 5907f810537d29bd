"""What BuildKit hangs into an index: for an image in it, a manifest with a statement for each thing that is claimed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from typing import Any

from tests.support import oci_folder
from tests.support.web_function import Asked

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
IN_TOTO = "application/vnd.in-toto+json"
SPDX = "https://spdx.dev/Document"
V02 = "https://slsa.dev/provenance/v0.2"
V1 = "https://slsa.dev/provenance/v1"
COMMIT = "5" * 40
BUILDER = "https://github.com/acme/api/actions/runs/1"
PROVENANCE: Mapping[str, Any] = {
    "builder": {"id": BUILDER},
    "invocation": {"configSource": {"uri": "https://github.com/acme/api.git", "digest": {"sha1": COMMIT}}},
}


def attest(folder: Path, repository: str, tag: str, claims: Mapping[str, Any], subject: str = "") -> None:
    """Have the first image of this index claimed these predicates by type, or say them about another `subject`."""
    index = json.loads(_body(folder, repository, tag))
    first = index["manifests"][0]["digest"]
    algorithm, _, encoded = (subject or first).partition(":")
    blobs = [
        json.dumps(
            {
                "_type": "https://in-toto.io/Statement/v0.1",
                "predicateType": kind,
                "subject": [{"name": "pkg:docker/api", "digest": {algorithm: encoded}}],
                "predicate": predicate,
            }
        ).encode()
        for kind, predicate in claims.items()
    ]
    layers = [
        {**_descriptor(blob, IN_TOTO), "annotations": {"in-toto.io/predicate-type": kind}}
        for kind, blob in zip(claims, blobs, strict=True)
    ]
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "layers": layers}).encode()
    notes = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": first}
    nowhere = {"os": "unknown", "architecture": "unknown"}
    index["manifests"].append({**_descriptor(manifest, MANIFEST), "platform": nowhere, "annotations": notes})
    oci_folder.hang(folder, repository, hashed(manifest), manifest, blobs)
    oci_folder.hang(folder, repository, tag, json.dumps(index).encode(), [])


def _body(folder: Path, repository: str, tag: str) -> bytes:
    body = oci_folder.answer(folder, Asked("GET", f"/v2/{repository}/manifests/{tag}", Message())).body
    assert isinstance(body, bytes)
    return body


def _descriptor(content: bytes, kind: str) -> dict[str, Any]:
    return {"mediaType": kind, "digest": hashed(content), "size": len(content)}


def hashed(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
