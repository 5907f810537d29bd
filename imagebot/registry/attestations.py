"""What a build left in an image's own index: an SBOM, and a provenance that says who built it from which commit.

BuildKit hangs them in unsigned, so that they are claims of whoever pushed the image, and are shown as such; what is
signed stands beside an image, and is for `signatures.py`.
https://docs.docker.com/build/metadata/attestations/attestation-storage/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from imagebot.images.reference import is_digest
from imagebot.policy.key_grammar import ATTESTATIONS
from imagebot.registry.limits import ATTESTATION_BYTES
from imagebot.registry.manifest import mapping
from imagebot.registry.requests import Conversation
from imagebot.trust.attestation import Attestation, attestation_of
from imagebot.trust.statement import Statement, statement_of
from imagebot.trust.strict_json import BadJson

_KIND = "in-toto.io/predicate-type"
_MOST = 20
_READ = frozenset(ATTESTATIONS["provenance"])


def attestations_in(conversation: Conversation, held_by: str, subject: str) -> tuple[Attestation, ...]:
    """What the manifest `held_by` claims about the manifest `subject`; of an SBOM only that there is one.

    A provenance of something else, or that cannot be read, is left out. Raises every `WorldError`.
    """
    listed = conversation.document(conversation.manifest(held_by, "GET"), held_by).get("layers")
    layers = [mapping(layer) for layer in listed[:_MOST]] if isinstance(listed, list) else []
    found = (one for layer in layers for one in _claimed(conversation, layer, subject))
    return tuple(dict.fromkeys(found))


def _claimed(conversation: Conversation, layer: Mapping[str, Any], subject: str) -> Iterator[Attestation]:
    kind, digest, size = mapping(layer.get("annotations")).get(_KIND), layer.get("digest"), layer.get("size")
    if not isinstance(kind, str) or not isinstance(digest, str) or not is_digest(digest):
        return
    if kind not in _READ:
        yield attestation_of(Statement(kind, {}))
    elif type(size) is int and 0 <= size <= ATTESTATION_BYTES:
        try:
            statement = statement_of(conversation.raw_blob(digest, ATTESTATION_BYTES))
        except BadJson:
            return
        if subject in statement.subjects and statement.predicate_type == kind:
            yield attestation_of(statement)
