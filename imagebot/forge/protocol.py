"""What every forge can do for us. A forge is one file that offers these; `forges.py` lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

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


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as the forge shows it now. `closed_by` is a login where the forge tells it, else empty."""

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


class Forge(Protocol):
    """One repository on one forge. Every method raises only `WorldError`s.

    `writes` counts the requests that changed something since this object was made.
    """

    writes: int

    def open_pulls(self, prefix: str) -> tuple[PullRequest, ...]:
        """The open ones whose head is a branch of this repository that begins with `prefix`; one listing."""

    def closed_pulls(self, branch: str) -> tuple[PullRequest, ...]:
        """Those of this branch that were closed without a merge, newest first."""

    def create(self, proposal: Proposal) -> PullRequest:
        """Open one; an open one of the same branch (another bot, a time-out after the effect) is returned instead."""

    def rewrite(self, pull: PullRequest, proposal: Proposal) -> PullRequest:
        """Give an open one a new title and body and add the labels, reviewers, assignees it lacks."""

    def close(self, pull: PullRequest, comment: str, body: str) -> None:
        """Say why in a comment, set the body (which records that the bot closed it), and close it."""
