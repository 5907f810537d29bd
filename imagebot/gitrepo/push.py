"""Branches sent to the remote, each on condition that it is still where it was last seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imagebot.errors import BadInput, printable
from imagebot.gitrepo.names import branch_name, commit_id

_HEADS = "refs/heads/"
_LEASE_LOST = (
    "stale info",
    "fetch first",
    "cannot lock ref",
    "failed to update ref",
    "incorrect old value",
    "reference already exists",
)


@dataclass(frozen=True, slots=True)
class PushUpdate:
    """Move `branch` from `expected` to `new`. No `expected`: it must not exist yet. No `new`: delete it."""

    branch: str
    new: str | None
    expected: str | None


@dataclass(frozen=True, slots=True)
class Pushed:
    """The branch is where it should be."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The branch was left as it was. `moved`: somebody else was there first: look again; else the remote forbids it."""

    because: str
    moved: bool


def arguments(updates: Sequence[PushUpdate], url: str) -> list[str]:
    """What follows `git push`. Raises `BadInput` for an update that git cannot be told."""
    for update in updates:
        if update.new is None and update.expected is None:
            raise BadInput(f"{update.branch}: there is neither a commit to push nor one to delete")
    leases = [f"--force-with-lease={_HEADS}{branch_name(update.branch)}:{_id(update.expected)}" for update in updates]
    refspecs = [f"{_id(update.new)}:{_HEADS}{update.branch}" for update in updates]
    plain = ["--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "--recurse-submodules=no"]
    return [*plain, *leases, "--end-of-options", url, *refspecs]


def results(out: bytes) -> dict[str, Pushed | Rejected]:
    """What git reports per branch: `FLAG TAB FROM:TO TAB SUMMARY` (git-push(1), OUTPUT)."""
    found: dict[str, Pushed | Rejected] = {}
    for line in out.decode(errors="replace").split("\n"):
        flag, _, rest = line.partition("\t")
        refs, tab, summary = rest.partition("\t")
        branch = refs.rpartition(":")[2].removeprefix(_HEADS)
        if not tab or not branch:
            continue
        found[branch] = _rejected(summary) if flag == "!" else Pushed()
    return found


def _rejected(summary: str) -> Rejected:
    reason = printable(summary.rpartition("(")[2].rstrip(")") or summary)
    if any(words in summary for words in _LEASE_LOST):
        return Rejected("the branch was moved by somebody else meanwhile", moved=True)
    return Rejected(f"the remote rejects it: {reason}", moved=False)


def _id(commit: str | None) -> str:
    return "" if commit is None else commit_id(commit)
