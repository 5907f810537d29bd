"""What signatures are held against: keys by the names that requirements have for them, and Sigstore's roots."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from imagebot.policy.verify import NO_ROOT, Requirement
from imagebot.publickey import BEGINS, PublicKey


@dataclass(frozen=True, slots=True)
class Anchors:
    """Keys by name, and `root`: a `trusted_root.json`. What could not be read is why not, in words.

    Without a root there is nothing to hold a keyless signature against.
    """

    keys: Mapping[str, PublicKey | str] = field(default_factory=dict)
    root: bytes | str = NO_ROOT

    def key(self, name: str) -> PublicKey | str:
        """A key by its name, or one that is written out."""
        if name.startswith(BEGINS):
            return PublicKey.parse(name)
        return self.keys.get(name, f"imagebot.yaml has no key {name!r} under `trust`")

    def lacks(self, requirement: Requirement) -> str:
        """What lacks to be held against it, in words: who is not verified may be by that. Empty if nothing lacks."""
        return next((one for one in self._against(requirement) if isinstance(one, str)), "")

    def is_blind(self, requirement: Requirement) -> bool:
        """Whether there is nothing at all to hold against it."""
        return all(isinstance(one, str) for one in self._against(requirement))

    def _against(self, requirement: Requirement) -> Sequence[PublicKey | bytes | str]:
        return [self.root] if requirement.keyless is not None else [*map(self.key, requirement.keys)]

    def rule(self, requirements: Sequence[Requirement]) -> str:
        """A fingerprint of what is required and what that is held against: with another one nothing is verified yet."""
        parts = [repr(one) for one in requirements]
        for one in requirements:
            parts += [f"{name} {self._fingerprint(name)}" for name in one.keys]
        if any(one.keyless is not None for one in requirements) and isinstance(self.root, bytes):
            parts.append(hashlib.sha256(self.root).hexdigest())
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]

    def _fingerprint(self, name: str) -> str:
        found = self.key(name)
        return found if isinstance(found, str) else found.fingerprint
