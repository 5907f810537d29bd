"""Registries as one pass sees them: each question is asked once, so that every policy is told the same.

What a digest stands for never changes, so that is asked once for ever. Good for several threads at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from imagebot.cycle.ask_once import AskOnce
from imagebot.cycle.pass_store import PassStore
from imagebot.errors import NotFound, Unavailable
from imagebot.images.about import About
from imagebot.images.reference import ImageName, is_digest, is_tag
from imagebot.registry.client import Registries, TagList
from imagebot.trust.attestation import Attestation
from imagebot.trust.evidence import Evidence
from imagebot.trust.examine import Finding, Question, examine, state_of
from imagebot.trust.state import SignatureState, Verified


class RegistryCache:
    """Remembers answers and failures; made anew for each pass. Raises what `Registries` raises.

    What is asked for may be what a field says: a text that no tag or digest can be is `NotFound` without a question.
    """

    def __init__(self, registries: Registries, memory: PassStore) -> None:
        registries.new_pass(memory)
        self._registries = registries
        self._memory = memory
        self._before = registries.requests
        self._answers_before = registries.answers
        self._tags = AskOnce(registries.tags)
        self._digests = AskOnce(self._digest)
        self._shown_digests = AskOnce(self._ask_shown)
        self._verified = AskOnce(self._verify)
        self._platforms = AskOnce(self._ask_platforms)
        self._abouts = AskOnce(self._ask_about)
        self._attestations = AskOnce(self._ask_attestations)
        self._created = AskOnce(self._ask_created)
        self._exists = AskOnce(self._ask_exists)
        self._signatures = AskOnce(self._ask_signatures)
        self._fetched: set[tuple[ImageName, str]] = set()
        self._shown: dict[ImageName, str] = {}

    @property
    def requests(self) -> int:
        """HTTP requests sent since this pass began."""
        return self._registries.requests - self._before

    @property
    def answers(self) -> Counter[tuple[str, str]]:
        """What became of requests since this pass began, as `Registries.answers`."""
        return self._registries.answers - self._answers_before

    def tags(self, name: ImageName) -> TagList:
        """Every tag of an image."""
        return self._tags(name)

    def digest(self, name: ImageName, tag: str) -> str:
        """What a tag stands for in this pass."""
        return self._digests((name, _sound_tag(tag)))

    def unmoved(self, name: ImageName, tag: str) -> None:
        """Ask again what a tag stands for that this pass asked about. Raises `Unavailable` if that is another image."""
        known = self._digests.known((name, tag))
        if known is not None and self._digest((name, tag)) != known:
            raise Unavailable(
                f"{name.familiar}:{tag} was pushed again while this pass looked at it; the next one looks again"
            )

    def verify(self, name: ImageName, digest: str) -> None:
        """Raise `BadResponse` unless the manifest of this digest is there and is what it says."""
        self._verified((name, _sound_digest(digest)))

    def exists(self, name: ImageName, reference: str) -> bool:
        """Whether there is a manifest for this tag or digest: a control question, asked once in this pass."""
        return (is_tag(reference) or is_digest(reference)) and self._exists((name, reference))

    def is_there(self, name: ImageName, digest: str) -> bool:
        """Whether there is a manifest of this digest, or was in an earlier pass: so much is remembered."""
        if self._memory.was_there(name, digest):
            return True
        there = self.exists(name, digest)
        if there:
            self._memory.is_there(name, digest)
        return there

    def shows(self, name: ImageName, references: Iterable[str]) -> str | None:
        """The first of these that the registry shows, where something else is not shown; one does for the pass."""
        for reference in references if name not in self._shown else ():
            if self.exists(name, reference):
                self._shown[name] = reference
                break
        return self._shown.get(name)

    def shown(self, name: ImageName, tag: str) -> str:
        """The digest of the very bytes that a tag shows, where what it was said to stand for leads nowhere."""
        return self._shown_digests((name, _sound_tag(tag)))

    def platforms(self, name: ImageName, digest: str) -> Mapping[str, str]:
        """The platforms of an image, each with the digest of the manifest for it."""
        return self._platforms((name, _sound_digest(digest)))

    def about(self, name: ImageName, digest: str, platform: str | None) -> About:
        """What an image says about itself, on one platform."""
        return self._abouts((name, _sound_digest(digest), platform))

    def attestations(self, name: ImageName, digest: str, platform: str | None) -> tuple[Attestation, ...]:
        """What the build of an image claims, unsigned, for one platform."""
        return self._attestations((name, _sound_digest(digest), platform))

    def created(self, name: ImageName, digest: str) -> datetime | None:
        """When an image says that it was made; not remembered here for other passes."""
        return self._created((name, _sound_digest(digest)))

    def signatures(self, name: ImageName, question: Question) -> SignatureState:
        """What is known about the signatures of a digest, held against what is required of them."""
        return self._signatures((name, question))

    def _ask_signatures(self, asked: tuple[ImageName, Question]) -> SignatureState:
        name, question = asked
        findings: list[Finding] = []

        def look(piece: Evidence) -> bool:
            findings.append(examine(question, piece))
            return isinstance(state_of(question, findings), Verified)

        self._registries.signatures(name, _sound_digest(question.digest), question.predicate_types, look)
        return state_of(question, findings)

    def _digest(self, asked: tuple[ImageName, str]) -> str:
        digest = self._registries.digest(*asked)
        self._memory.noticed(*asked, digest)
        return digest

    def _ask_shown(self, asked: tuple[ImageName, str]) -> str:
        digest = self._registries.shown(*asked)
        self._memory.noticed(*asked, digest)
        return digest

    def _ask_exists(self, asked: tuple[ImageName, str]) -> bool:
        return self._registries.exists(*asked)

    def _verify(self, asked: tuple[ImageName, str]) -> None:
        """What was hashed in an earlier pass needs no second look: only whether it is still there."""
        name, digest = asked
        if asked in self._fetched or self._memory.platforms(*asked) is None:
            self._registries.verify(name, digest)
        elif not self._registries.exists(name, digest):
            raise NotFound(f"{name.registry} has no {name.repository}@{digest} any more", absent="manifest")

    def _ask_platforms(self, asked: tuple[ImageName, str]) -> Mapping[str, str]:
        known = self._memory.platforms(*asked)
        if known is None:
            known = self._registries.platforms(*asked)
            self._fetched.add(asked)
            self._memory.has_platforms(*asked, known)
        return known

    def _ask_about(self, asked: tuple[ImageName, str, str | None]) -> About:
        known = self._memory.about(*asked)
        if known is None:
            known = self._registries.about(*asked)
            self._memory.is_about(*asked, known)
        return known

    def _ask_attestations(self, asked: tuple[ImageName, str, str | None]) -> tuple[Attestation, ...]:
        known = self._memory.attestations(*asked)
        if known is None:
            known = self._registries.attestations(*asked)
            self._memory.are_attestations(*asked, known)
        return known

    def _ask_created(self, asked: tuple[ImageName, str]) -> datetime | None:
        return self._registries.created(*asked)


def _sound_tag(text: str) -> str:
    if not is_tag(text):
        raise NotFound(f"{text!r} is no tag" if text else "there is no tag to ask about")
    return text


def _sound_digest(text: str) -> str:
    if not is_digest(text):
        raise NotFound(f"{text!r} is no digest")
    return text
