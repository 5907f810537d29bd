"""What every forge can do for us. A forge is one file that offers these; `forges.py` lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from imagebot.settings import TokenCredentials

State = Literal["open", "merged", "closed"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a pull request should say. `reviewers` may name teams as `team:NAME`."""

    branch: str
    base: str
    title: str
    body: str
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    draft: bool = False
    auto_merge: bool = False


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as the forge shows it now; `reviewers` are those whose review is still awaited.

    `opened_at` and `closed_at` are ISO 8601 times, the latter also of a merge. `closed_by` is a login where the forge
    tells it, else empty.
    """

    number: int
    url: str
    branch: str
    base: str
    title: str
    body: str
    state: State
    labels: tuple[str, ...] = ()
    closed_at: str = ""
    closed_by: str = ""
    reviewers: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    opened_at: str = ""
    draft: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """A pull request that was merged: when (ISO 8601), by whom, as which commit of the base branch, approved by whom.

    What the forge does not tell is empty.
    """

    pull: PullRequest
    at: str
    by: str
    commit: str
    approvers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A pull request after a write. `warnings` says what the forge would not add, and why: no reason to fail."""

    pull: PullRequest
    warnings: tuple[str, ...] = ()


class Forge(Protocol):
    """One repository on one forge, at one base branch. Every method raises only `WorldError`s."""

    @property
    def writes(self) -> int:
        """How many requests were sent to change something since this object was made."""

    def open_pulls(self, prefix: str) -> tuple[PullRequest, ...]:
        """The open ones into our base, from branches of this very repository that begin with `prefix`; one listing."""

    def closed_pulls(self, branch: str) -> tuple[PullRequest, ...]:
        """Those of this branch that were closed without a merge, newest first."""

    def create(self, proposal: Proposal) -> Written:
        """Open one; an open one of the same branch (another bot, a time-out after the effect) is returned instead."""

    def rewrite(self, pull: PullRequest, proposal: Proposal) -> Written:
        """Add the labels, reviewers and assignees that an open one lacks; then, last, give it the new title and body.

        Last, because the body's fingerprint is what tells the next pass that all before it was done.
        """

    def close(self, pull: PullRequest, comment: str, body: str) -> None:
        """Say why in a comment, set the body (which records that the bot closed it), and close it."""

    def git_credentials(self) -> TokenCredentials | None:
        """A short-lived token for git, where the forge makes them (a GitHub App); ask again in each pass."""
