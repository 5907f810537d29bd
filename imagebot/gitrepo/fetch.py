"""Branches brought from the remote: one that is damaged costs itself, and so does an odd commit.

Git fetches all that it is asked for or nothing. Where it gives up over what the remote sent, the base branch is fetched
by itself, and then the others in halves, down to each that cannot be had.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path

from imagebot.gitnames import HEADS
from imagebot.gitrepo.failures import failed
from imagebot.gitrepo.git_env import with_setting
from imagebot.gitrepo.names import is_branch
from imagebot.gitrepo.process import Git, GitOutput, Terms
from imagebot.gitrepo.push import remote_heads
from imagebot.gitrepo.remote import Remote

# Not under refs/heads: git keeps commits alone there, and one branch that is none would stop the whole fetch.
SEEN = "refs/remotes/origin/"
MOST_FETCHES = 32
"""How often one call may ask: enough to find a few bad branches of a hundred."""

_OPTIONS = ("--quiet", "--no-tags", "--prune", "--no-write-fetch-head", "--no-recurse-submodules", "--end-of-options")
# A NUL in a header: git itself makes no such commit, and shows it without an author. Its fsck lets that be said of
# single objects alone (git-config(1), `fetch.fsck.skipList`); a tree or a blob may harm, and is never let through.
_ODD_COMMIT = re.compile(
    r"^error: object ([0-9a-f]{40,64}): (?:nulInHeader|unterminatedHeader): ", re.ASCII | re.MULTILINE
)
_ODD_COMMITS = "imagebot-odd-commits"
_OF_WHAT_IS_SENT = re.compile(
    r"not our ref|bad (?:tree |)object|\bfsck\b|bad pack header|hung up|early EOF|missing|unable to (?:read|parse)"
    r"|did not send all|corrupt|invalid|protocol error",
    re.ASCII | re.IGNORECASE,
)


@dataclass
class Fetch:
    """One fetch into one mirror. `asked` counts how often the remote was; `unreadable` tells why, by branch."""

    git: Git
    remote: Remote
    terms: Terms
    asked: int = field(default=0, init=False)
    unreadable: dict[str, str] = field(default_factory=dict, init=False)

    def bring(self, prefix: str | None) -> GitOutput:
        """The base branch and those under `prefix`; what git said in the end, of the base branch where that failed."""
        base = self.remote.branch
        answer = self._ask(base, *([] if prefix is None else [f"{prefix}*"]))
        if answer.code == 0 or prefix is None or not _OF_WHAT_IS_SENT.search(answer.err):
            return answer
        alone = self._ask(base)
        if alone.code == 0:
            self._bring_others(prefix)
        return alone

    def _bring_others(self, prefix: str) -> None:
        heads = remote_heads(self.git, self.remote, self.terms)
        there = [name for name in heads if name.startswith(prefix) and is_branch(name)]
        for name in self._known(prefix) - set(there):
            self._drop(name)
        groups = deque([there[: len(there) // 2], there[len(there) // 2 :]])
        while groups:
            group = groups.popleft()
            answer = self._ask(*group) if group and self.asked < MOST_FETCHES else None
            if answer is not None and answer.code == 0:
                continue
            if len(group) > 1 and answer is not None:
                groups += [group[: len(group) // 2], group[len(group) // 2 :]]
                continue
            for name in group:
                self._leave_out(name, answer)

    def _leave_out(self, name: str, answer: GitOutput | None) -> None:
        """What was there before is not what is there now."""
        self._drop(name)
        why = "it was not asked for any more, after so many that failed"
        if answer is not None:
            about = replace(self.remote, branch=name)
            why = str(failed("fetch from", about, answer, self.terms.environment))
        self.unreadable[name] = f"the branch {name} cannot be read: {why}; delete it, or push it again"

    def _known(self, prefix: str) -> set[str]:
        names = self.git.out("for-each-ref", "--format=%(refname)", SEEN).decode(errors="replace").split("\n")
        return {name for ref in names if (name := ref.removeprefix(SEEN)).startswith(prefix)}

    def _drop(self, name: str) -> None:
        self.git.ask("update-ref", "-d", f"{SEEN}{name}", terms=self.terms)

    def _ask(self, *names: str) -> GitOutput:
        """Fetch these, and once more without a check of each commit that is only odd."""
        refspecs = [f"+{HEADS}{name}:{SEEN}{name}" for name in names]
        while True:
            self.asked += 1
            answer = self.git.ask("fetch", *_OPTIONS, self.remote.url, *refspecs, terms=self._skipping())
            fresh = set(_ODD_COMMIT.findall(answer.err)) - self._odd_commits()
            if answer.code == 0 or not fresh or self.asked >= MOST_FETCHES:
                return answer
            with self._list.open("a", encoding="ascii") as file:
                file.writelines(f"{commit}\n" for commit in sorted(fresh))

    @property
    def _list(self) -> Path:
        return self.git.folder / _ODD_COMMITS

    def _odd_commits(self) -> set[str]:
        return set(self._list.read_text("ascii").split()) if self._list.exists() else set()

    def _skipping(self) -> Terms:
        if not self._list.exists():
            return self.terms
        return replace(
            self.terms, environment=with_setting(self.terms.environment, "fetch.fsck.skipList", str(self._list))
        )
