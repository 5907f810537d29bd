"""Branches sent to the remote, each on condition that it is still where it was last seen.

All go in one push. One that is refused costs itself: those that did not pass are sent again in halves, down to each by
itself, so that the remote's words are about it alone. A few are sent by themselves first: where none of these passes
either, the remote takes nothing, and no more is sent. Where it does not say what became of a branch, it is looked at:
nothing is guessed.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from imagebot.errors import BadInput, NotFound, Refused, Unavailable, WorldError, printable
from imagebot.gitnames import HEADS
from imagebot.gitrepo.failures import explain, failed, remote_words, unexplained
from imagebot.gitrepo.names import branch_name, commit_id
from imagebot.gitrepo.process import Git, GitOutput, Terms
from imagebot.gitrepo.remote import Remote

MOST_PUSHES = 32
"""How often one call may push: enough to find a few bad ones of a hundred, or all bad ones of sixteen."""

_SAMPLE = 4
"""How many are sent by themselves to tell a remote that takes nothing from one that minds a few."""

_LEASE_LOST = ("stale info", "fetch first")
# Somebody was there first, or another name is in the way, or a lock was left: the remote's words do not tell which.
_NOT_LOCKED = ("cannot lock ref", "failed to update ref", "incorrect old value", "reference already exists")
_NOT_TOLD = "remote failure"
_MOVED_MEANWHILE = "the branch was moved by somebody else meanwhile"


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


@dataclass(frozen=True, slots=True)
class _Unclear:
    """Nothing that settles it was said; whoever looks at the remote knows. `again`: it might pass in other company."""

    because: str
    again: bool


Result = Pushed | Rejected
_Said = Pushed | Rejected | _Unclear


@dataclass
class Sender:
    """Pushes from `git` to `remote`; `pushes` counts how often. `seconds` bound the first push, and all after it."""

    git: Git
    remote: Remote
    seconds: float
    pushes: int = field(default=0, init=False)

    def send(self, updates: Sequence[PushUpdate]) -> dict[str, Result]:
        """What becomes of each, by name. Raises `WorldError`s where nothing can be pushed at all, or nobody knows."""
        found: dict[str, Result] = {}
        ends = time.monotonic() + 2 * self.seconds
        rest = self._send(updates, self.seconds, found)
        # By their ids, which change with the base: nobody stays out of the sample for ever.
        sample = sorted(rest, key=lambda update: update.new or "")[:_SAMPLE] if len(rest) > _SAMPLE else []
        for one in sample:
            self._send([one], self._left(ends), found)
        if sample and not any(isinstance(found[one.branch], Pushed) for one in sample):
            return found
        groups = deque([[update for update in rest if update not in sample]] if sample else _halves(rest))
        while groups and self.pushes < MOST_PUSHES and self._left(ends) > 0:
            groups += _halves(self._send(groups.popleft(), self._left(ends), found))
        return found

    def _left(self, ends: float) -> float:
        return min(self.seconds, (ends - time.monotonic()) / 4)

    def _send(self, group: Sequence[PushUpdate], seconds: float, found: dict[str, Result]) -> list[PushUpdate]:
        """Push once; those that might pass in other company. Raises what says of all that nothing can be pushed."""
        try:
            results, again = self._try(group, seconds)
        except WorldError as error:
            if not found:
                raise
            results, again = {update.branch: Rejected(str(error), moved=False) for update in group}, []
        found |= results
        return again

    def _try(self, updates: Sequence[PushUpdate], seconds: float) -> tuple[dict[str, Result], list[PushUpdate]]:
        """What became of each in one push, and those that might pass in other company."""
        terms = Terms(self.remote.environment(), self.remote.url, seconds)
        said = self._said(updates, terms)
        unclear = [update for update in updates if isinstance(said[update.branch], _Unclear)]
        heads = remote_heads(self.git, self.remote, terms) if unclear else {}
        results = {update.branch: _settled(update, said[update.branch], heads) for update in updates}
        return results, [update for update in updates if _may_pass(said[update.branch], results[update.branch])]

    def _said(self, updates: Sequence[PushUpdate], terms: Terms) -> dict[str, _Said]:
        self.pushes += 1
        silence = f"{self.remote.url} did not say what became of it"
        try:
            answer = self.git.ask("push", *arguments(updates, self.remote.url), terms=terms)
        except Unavailable as error:
            answer, silence = GitOutput(-1, b"", ""), str(error)
        summaries = summaries_of(answer.out)
        if answer.err and not summaries:
            why = explain("push to", self.remote, answer, terms.environment)
            if isinstance(why, Refused | NotFound):
                raise why
            silence = str(why or unexplained("push to", self.remote, answer, terms.environment))
        words = remote_words(answer.err, terms.environment)
        return {update.branch: _said(summaries.get(update.branch), words, silence) for update in updates}


def _halves(group: Sequence[PushUpdate]) -> list[Sequence[PushUpdate]]:
    """None of one alone: it has been by itself already."""
    return [group[: len(group) // 2], group[len(group) // 2 :]] if len(group) > 1 else []


def arguments(updates: Sequence[PushUpdate], url: str) -> list[str]:
    """What follows `git push`. Raises `BadInput` for an update that git cannot be told."""
    for update in updates:
        if update.new is None and update.expected is None:
            raise BadInput(f"{update.branch}: there is neither a commit to push nor one to delete")
    leases = [f"--force-with-lease={HEADS}{branch_name(update.branch)}:{_id(update.expected)}" for update in updates]
    refspecs = [f"{_id(update.new)}:{HEADS}{update.branch}" for update in updates]
    plain = ["--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "--recurse-submodules=no"]
    return [*plain, *leases, "--end-of-options", url, *refspecs]


def summaries_of(out: bytes) -> dict[str, str]:
    """What git reports per branch, empty for one that passed: `FLAG TAB FROM:TO TAB SUMMARY` (git-push(1), OUTPUT)."""
    found: dict[str, str] = {}
    for line in out.decode(errors="replace").split("\n"):
        flag, _, rest = line.partition("\t")
        refs, tab, summary = rest.partition("\t")
        branch = refs.rpartition(":")[2].removeprefix(HEADS)
        if tab and branch:
            found[branch] = summary if flag == "!" else ""
    return found


def in_the_way(branch: str, heads: Collection[str]) -> str | None:
    """Why a remote with these branches cannot have this one, if a name is the reason."""
    advice = "rename or delete it, or set branchPrefix"
    for other in sorted(heads):
        if branch.startswith(f"{other}/") or other.startswith(f"{branch}/"):
            return f"the branch {other} is in the way of {branch}: {advice}"
    for other in sorted(heads):
        if other != branch and other.casefold() == branch.casefold():
            return f"the branch {other} is in the way of {branch}, which only letter case tells from it: {advice}"
    return None


def _said(summary: str | None, words: str, silence: str) -> _Said:
    if summary == "":
        return Pushed()
    if summary is None or _NOT_TOLD in summary:
        return _Unclear(silence, again=True)
    if any(lost in summary for lost in _LEASE_LOST):
        return Rejected(_MOVED_MEANWHILE, moved=True)
    reason = printable(summary.rpartition("(")[2].rstrip(")") or summary)
    because = f"the remote rejects it: {f'{words} ({reason})' if words else reason}"
    return _Unclear(because, again=False) if any(each in summary for each in _NOT_LOCKED) else Rejected(because, False)


def _settled(update: PushUpdate, said: _Said, heads: Mapping[str, str]) -> Result:
    """What was said, or else what the remote has now."""
    if not isinstance(said, _Unclear):
        return said
    there = heads.get(update.branch)
    if there == update.new:
        return Pushed()
    if there != update.expected:
        return Rejected(_MOVED_MEANWHILE, moved=True)
    way = in_the_way(update.branch, heads.keys()) if there is None else None
    return Rejected(way or said.because, moved=False)


def _may_pass(said: _Said, result: Result) -> bool:
    if isinstance(result, Pushed) or result.moved:
        return False
    return said.again if isinstance(said, _Unclear) else True


def remote_heads(git: Git, remote: Remote, terms: Terms) -> dict[str, str]:
    """Where the branches of the remote are now. Raises `WorldError`s."""
    answer = git.ask("ls-remote", "--heads", "--end-of-options", remote.url, terms=terms)
    if answer.code != 0:
        raise failed("ask", remote, answer, terms.environment)
    lines = (line.partition(f"\t{HEADS}") for line in answer.out.decode(errors="replace").split("\n"))
    return {name: commit for commit, tab, name in lines if tab}


def _id(commit: str | None) -> str:
    return "" if commit is None else commit_id(commit)
