"""A forge that is told no secret: what a pull request says passes here, whichever forge it is on.

A registry may write what it was sent into an image's labels, a server into its refusal, and both into a page that all
the world reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Generic, Protocol, TypeVar, cast

from imagebot.bans import Ban, Remembers
from imagebot.forge.protocol import (
    Access,
    Blob,
    Forge,
    Listing,
    Merged,
    Proposal,
    PullRequest,
    SignedCommit,
    Signs,
    Written,
)
from imagebot.outgoing import masked
from imagebot.settings.resolve import TokenCredentials

F = TypeVar("F", bound=Forge)


class Discreet(Generic[F]):
    """Masks the words of proposals and comments; asks and answers everything else as the forge does."""

    def __init__(self, forge: F) -> None:
        self._forge = forge

    def begin(self, remembers: Remembers) -> None:
        self._forge.begin(remembers)

    @property
    def ban(self) -> Ban | None:
        return self._forge.ban

    @property
    def writes(self) -> int:
        return self._forge.writes

    @property
    def hourly_writes(self) -> int | None:
        return self._forge.hourly_writes

    def open_pulls(self, prefix: str) -> Listing[PullRequest]:
        return self._forge.open_pulls(prefix)

    def closed_pulls(self, branch: str) -> tuple[PullRequest, ...]:
        return self._forge.closed_pulls(branch)

    def closed_since(self, prefix: str, since: datetime) -> Listing[PullRequest]:
        return self._forge.closed_since(prefix, since)

    def merged_pulls(self, prefix: str, since: datetime | None) -> Listing[Merged]:
        return self._forge.merged_pulls(prefix, since)

    def create(self, proposal: Proposal) -> Written:
        return self._forge.create(_masked(proposal))

    def rewrite(self, pull: PullRequest, proposal: Proposal) -> Written:
        return self._forge.rewrite(pull, _masked(proposal))

    def add(self, pull: PullRequest, proposal: Proposal) -> Written:
        return self._forge.add(pull, _masked(proposal))

    def stop_auto_merge(self, pull: PullRequest) -> None:
        self._forge.stop_auto_merge(pull)

    def say(self, pull: PullRequest, comment: str, body: str) -> PullRequest:
        return self._forge.say(pull, masked(comment), masked(body))

    def remove_labels(self, pull: PullRequest, labels: tuple[str, ...]) -> PullRequest:
        return self._forge.remove_labels(pull, labels)

    def close(self, pull: PullRequest, comment: str, body: str) -> None:
        self._forge.close(pull, masked(comment), masked(body))

    def access(self) -> Access:
        return self._forge.access()

    def git_credentials(self) -> TokenCredentials | None:
        return self._forge.git_credentials()


class SigningForge(Forge, Signs, Protocol):
    """A forge that makes commits, too."""


class DiscreetSigner(Discreet[SigningForge]):
    """The same for a forge that makes commits: files and messages are what was proved, and stay."""

    def sign(self, base: str, files: Mapping[str, Blob], message: str) -> SignedCommit:
        return self._forge.sign(base, files, message)

    def identity(self) -> tuple[str, str]:
        return self._forge.identity()


def discreet(forge: Forge) -> Forge:
    """The forge behind this mask, making commits if it does."""
    return DiscreetSigner(cast("SigningForge", forge)) if isinstance(forge, Signs) else Discreet(forge)


def _masked(proposal: Proposal) -> Proposal:
    return replace(proposal, title=masked(proposal.title), body=masked(proposal.body))
