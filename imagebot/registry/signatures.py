"""What stands beside an image and may speak for it: cosign's tags, and referrers, with the tag that stands in for them.

https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md and
https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers. Anyone who may push may hang up
as much as he likes there: what is too much or broken is told in its place, and keeps nobody from looking at the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from imagebot.errors import BadResponse, NotFound
from imagebot.images.reference import is_digest
from imagebot.registry.failures import BadContent
from imagebot.registry.limits import ATTESTATION_BYTES, KIB, REFERRER_PAGES, SIGNATURES, SIGNATURES_BYTES
from imagebot.registry.manifest import mapping
from imagebot.registry.paging import linked_query
from imagebot.registry.requests import Conversation
from imagebot.registry.responses import manifest_object
from imagebot.trust.evidence import (
    BUNDLE,
    BrokenPiece,
    Evidence,
    LooseEnvelope,
    OtherSignature,
    SigstoreBundle,
    SimpleSigning,
    Untold,
)
from imagebot.trust.statement import SIGN

_MAY_HOLD_SIGNATURES = frozenset(
    {"application/vnd.dev.cosign.artifact.sig.v1+json", "application/vnd.oci.empty.v1+json", ""}
)
"""What cosign calls them besides: in the tag that stands in for the API it lists its bundles by their empty config."""
_OTHERS = {"application/vnd.cncf.notary.signature": "a Notation signature"}
_PREDICATE = "dev.sigstore.bundle.predicateType"
_NO_REFERRERS = frozenset({400, 404, 405, 501})  # of registries before the specification's 1.1

Look = Callable[[Evidence], bool]
"""Takes a piece, and says whether it has seen enough."""


class MediaType(StrEnum):
    """Of layers in cosign's first form."""

    SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
    DSSE = "application/vnd.dsse.envelope.v1+json"


@dataclass(slots=True)
class SignatureSearch:
    """One look beside the image of `digest`, for statements of these `predicate_types` alone.

    `asked` counts what was asked for, `size` the bytes that came of it. `cut`: why not all was looked at, in words.
    """

    conversation: Conversation
    registry: str
    digest: str
    predicate_types: frozenset[str]
    asked: int = 0
    size: int = 0
    cut: str = ""

    def run(self, look: Look) -> bool:
        """Have all of it looked at, until that is enough; whether it was. Raises every `WorldError`."""
        return any(map(look, self._all()))

    def _all(self) -> Iterator[Evidence]:
        """All of it, and at the end that it is not all, if so."""
        yield from self._beside()
        if self.cut:
            yield OtherSignature(self.cut)

    def _beside(self) -> Iterator[Evidence]:
        tag = self.digest.replace(":", "-")
        if SIGN in self.predicate_types:
            yield from self._held_by(f"{tag}.sig")
        if self.predicate_types - {SIGN}:
            yield from self._held_by(f"{tag}.att")
        yield from self._of_referrers(tag)

    def _of_referrers(self, fallback: str) -> Iterator[Evidence]:
        """By the API, or where the registry has none, by the tag that clients keep in its place."""
        query = ""
        for _ in range(REFERRER_PAGES):
            answer = self.conversation.referrers(self.digest, query)
            if answer.status in _NO_REFERRERS:
                yield from self._referred(self._manifest(fallback))
                return
            yield from self._referred(manifest_object(self.conversation.expect(answer), self.registry))
            link = self.conversation.next_link(answer)
            if link is None:
                return
            query = linked_query(link, self.registry)
        self.cut = f"beside it are more than {REFERRER_PAGES} pages of referrers"

    def _referred(self, index: Mapping[str, Any]) -> Iterator[Evidence]:
        for entry in _mappings(index.get("manifests")):
            kind = entry.get("artifactType", "")
            if not isinstance(kind, str) or not self._is_wanted(entry):
                continue
            if kind in _OTHERS:
                yield OtherSignature(_OTHERS[kind])
            elif kind.startswith(BUNDLE) or kind in _MAY_HOLD_SIGNATURES:
                yield from self._held_by(_digest(entry)) if self._may_ask() else ()

    def _is_wanted(self, described: Mapping[str, Any]) -> bool:
        """By what an annotation of a manifest, or of its entry, says; one that says nothing may be anything."""
        says = mapping(described.get("annotations")).get(_PREDICATE)
        return says is None or says in self.predicate_types

    def _held_by(self, reference: str) -> Iterator[Evidence]:
        """What a manifest holds, by tag or digest; one that cannot be read is told as such."""
        try:
            manifest = self._manifest(self._sound(reference))
        except BadResponse as error:
            yield _unusable(error)
            return
        for layer in _mappings(manifest.get("layers")) if self._is_wanted(manifest) else ():
            if self._holds_something(layer):
                yield from self._piece(layer) if self._may_ask() else ()

    def _manifest(self, reference: str) -> Mapping[str, Any]:
        """Empty where there is none."""
        answer = self.conversation.manifest(reference, "GET")
        return {} if answer.status == HTTPStatus.NOT_FOUND else self.conversation.document(answer, reference)

    def _sound(self, reference: str) -> str:
        if not reference:
            raise BadContent(f"{self.registry} names a signature by a digest that is none")
        return reference

    def _may_ask(self) -> bool:
        """Whether one more thing may be asked for."""
        if self.asked < SIGNATURES and self.size <= SIGNATURES_BYTES:
            self.asked += 1
            return True
        self.cut = "beside it are more signatures than are looked at, and those that were do not hold"
        return False

    def _holds_something(self, layer: Mapping[str, Any]) -> bool:
        kind = layer.get("mediaType", "")
        says = mapping(layer.get("annotations")).get("predicateType")
        wanted = kind != MediaType.DSSE or says is None or says in self.predicate_types
        return (
            isinstance(kind, str) and (kind in (MediaType.SIMPLE, MediaType.DSSE) or kind.startswith(BUNDLE)) and wanted
        )

    def _piece(self, layer: Mapping[str, Any]) -> Iterator[Evidence]:
        notes = {key: one for key, one in mapping(layer.get("annotations")).items() if isinstance(one, str)}
        try:
            data = self._blob(layer)
        except (BadResponse, NotFound) as error:
            yield _unusable(error)
            return
        match layer["mediaType"]:
            case MediaType.SIMPLE:
                yield SimpleSigning(data, notes)
            case MediaType.DSSE:
                yield LooseEnvelope(data, notes)
            case _:
                yield SigstoreBundle(data)

    def _blob(self, layer: Mapping[str, Any]) -> bytes:
        digest, size = self._sound(_digest(layer)), layer.get("size")
        if type(size) is not int or not 0 <= size <= ATTESTATION_BYTES:
            raise BadContent(f"a signature is larger than the {ATTESTATION_BYTES // KIB} KiB that are looked at")
        found = self.conversation.raw_blob(digest, ATTESTATION_BYTES)
        self.size += len(found)
        return found


def _unusable(error: BadResponse | NotFound) -> BrokenPiece | Untold:
    """Whoever pushed it made it so, or lost it; what nobody can push, such as a page, is the registry's."""
    return BrokenPiece(str(error)) if isinstance(error, BadContent | NotFound) else Untold(str(error))


def _digest(descriptor: Mapping[str, Any]) -> str:
    """What it says, if that is a digest, else nothing."""
    digest = descriptor.get("digest")
    return digest if isinstance(digest, str) and is_digest(digest) else ""


def _mappings(listed: object) -> Iterator[Mapping[str, Any]]:
    yield from (mapping(one) for one in listed if isinstance(one, dict)) if isinstance(listed, list) else ()
