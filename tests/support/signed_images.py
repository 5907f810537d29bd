"""What cosign hangs up beside an image, as manifests and blobs: for any registry that takes those."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from imagebot.trust.evidence import LooseEnvelope, SigstoreBundle, SimpleSigning
from imagebot.trust.statement import SIGN
from tests.support.fake_registry import oci_error
from tests.support.signing import BUNDLE_TYPE, DSSE_TYPE, SIMPLE_TYPE
from tests.support.web_function import Answer, Asked

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
EMPTY = b"{}"
_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
Piece = SimpleSigning | LooseEnvelope | SigstoreBundle


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Laid:
    """One manifest, the reference that it is put under, and the blobs that it names."""

    reference: str
    manifest: bytes
    blobs: tuple[bytes, ...] = ()
    type: str = MANIFEST


def tagged(digest: str, pieces: Sequence[SimpleSigning | LooseEnvelope]) -> Laid:
    """Cosign's first form: all signatures, or all attestations, of an image in one manifest under a tag."""
    suffix = "sig" if isinstance(pieces[0], SimpleSigning) else "att"
    layers, blobs = [], []
    for piece in pieces:
        data, kind = (piece.payload, SIMPLE_TYPE) if isinstance(piece, SimpleSigning) else (piece.data, DSSE_TYPE)
        layers.append({**_descriptor(data, kind), "annotations": dict(piece.annotations)})
        blobs.append(data)
    return Laid(f"{digest.replace(':', '-')}.{suffix}", _manifest(layers), (*blobs, EMPTY))


def referred(digest: str, pieces: Sequence[SigstoreBundle], kind: str = SIGN) -> tuple[Laid, ...]:
    """Bundles as referrers, and the index of them under the tag that stands in for the API, as cosign 3 writes it."""
    found = [_referrer(digest, piece, kind) for piece in pieces]
    entries = [{**_descriptor(one.manifest, MANIFEST), "artifactType": _EMPTY_TYPE} for one in found]
    return (*found, Laid(digest.replace(":", "-"), index(entries), type=INDEX))


def index(entries: Sequence[dict[str, Any]]) -> bytes:
    """A list of referrers."""
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries)}).encode()


def _referrer(digest: str, piece: SigstoreBundle, kind: str) -> Laid:
    said = {
        "artifactType": BUNDLE_TYPE,
        "subject": {"mediaType": MANIFEST, "digest": digest, "size": 1},
        "annotations": {"dev.sigstore.bundle.predicateType": kind},
    }
    manifest = _manifest([_descriptor(piece.data, BUNDLE_TYPE)], **said)
    return Laid(digest_of(manifest), manifest, (piece.data, EMPTY))


def _manifest(layers: Sequence[dict[str, Any]], **more: Any) -> bytes:
    config = _descriptor(EMPTY, _EMPTY_TYPE)
    said = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": list(layers), **more}
    return json.dumps(said).encode()


def _descriptor(data: bytes, kind: str) -> dict[str, Any]:
    return {"mediaType": kind, "digest": digest_of(data), "size": len(data)}


@dataclass
class Shelf:
    """A registry's function over what is laid into it. With `api` it lists referrers itself."""

    api: bool = False
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def lay(self, laid: Iterable[Laid]) -> None:
        for one in laid:
            self.manifests[one.reference] = (one.type, one.manifest)
            self.blobs |= {digest_of(blob): blob for blob in one.blobs}

    def _referring(self, digest: str) -> list[dict[str, Any]]:
        """As the specification wants it: with what each manifest says of itself."""
        found = []
        for _, manifest in self.manifests.values():
            said = json.loads(manifest)
            if isinstance(said, dict) and said.get("subject", {}).get("digest") == digest:
                told = {key: said[key] for key in ("artifactType", "annotations")}
                found.append({**_descriptor(manifest, MANIFEST), **told})
        return found

    def __call__(self, asked: Asked) -> Answer:
        self.asked.append(asked.path)
        *_, kind, reference = asked.path.split("/")
        if kind == "blobs" and reference in self.blobs:
            return Answer(200, (("Content-Type", "application/octet-stream"),), self.blobs[reference])
        if kind == "referrers" and self.api:
            return Answer(200, (("Content-Type", INDEX),), index(self._referring(reference)))
        stands_in = reference.startswith("sha256-") and "." not in reference
        if kind == "manifests" and reference in self.manifests and not (self.api and stands_in):
            media_type, found = self.manifests[reference]
            return Answer(200, (("Content-Type", media_type),), found)
        return oci_error(404, "MANIFEST_UNKNOWN")
