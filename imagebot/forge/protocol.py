"""What every forge can do for us. A forge is one file that offers these; `forges.py` lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, Self, TypeVar, runtime_checkable

from imagebot.bans import Ban, Remembers
from imagebot.settings.resolve import TokenCredentials
from imagebot.yamledit.prove import Proved

State = Literal["open", "merged", "closed"]
MOST_MERGED = 500
"""How many merged pull requests are read at most: on some forges each costs a request of its own."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a pull request should say. `reviewers` may name teams as `team:NAME`.

    `head` is the commit that is proposed, where it is known: auto-merge is switched on for that one and no other.
    A draft is not merged by itself: `auto_merge` waits until it is none. `message` is that commit's: where the forge
    squashes, it is what the commit on the base branch says, so that its trailers are not lost.
    """

    branch: str
    base: str
    title: str
    body: str
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    draft: bool = False
    auto_merge: bool = False
    head: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as the forge shows it now; `reviewers` are those whose review is still awaited.

    `title` is all of it: GitLab and Gitea know a draft by how its title begins.

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


@dataclass(frozen=True, slots=True)
class Unread:
    """A pull request that is there and lacks what the bot cannot do without. `branch` is empty where it is not told."""

    branch: str
    because: str
    number: int | None = None


_Entry = TypeVar("_Entry")


class Listing(tuple[_Entry, ...]):  # noqa: SLOT001 a tuple has no room for slots
    """What could be read of a list, and `unread`: what could not, and may be ours.

    What is not in it is known to be absent only where `doubt` says nothing.
    """

    unread: tuple[Unread, ...]

    def __new__(cls, entries: Iterable[_Entry] = (), unread: Iterable[Unread] = ()) -> Self:
        made = super().__new__(cls, entries)
        made.unread = tuple(unread)
        return made

    def doubt(self, branch: str) -> str:
        """Why it cannot be said that this branch has no more of them than are listed; empty if it can."""
        return next((one.because for one in self.unread if one.branch in ("", branch)), "")


@dataclass(frozen=True, slots=True)
class Access:
    """`may` is what is known to be allowed, in a few words; `lacks` what a person must change; `odd` what one should
    look at. `expires` is when the credentials end, `date` the forge's clock; None where it does not tell.
    """

    may: str
    lacks: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()
    expires: datetime | None = None
    date: datetime | None = None


class Forge(Protocol):
    """One repository on one forge, at one base branch. Every method raises only `WorldError`s.

    Told to wait, it raises `bans.ToldToWait`, and from then on asks and sends nothing until the ban is over.
    """

    def begin(self, remembers: Remembers) -> None:
        """A pass begins: heed the ban that is remembered, have those to come remembered, list labels anew."""

    @property
    def ban(self) -> Ban | None:
        """The one in force: nothing is asked or sent before it is over, so nothing need be planned."""

    @property
    def writes(self) -> int:
        """How many requests were sent to change something since this object was made."""

    @property
    def hourly_writes(self) -> int | None:
        """How many writes may be planned in an hour, well below what the forge documents; None where it names none."""

    def open_pulls(self, prefix: str) -> Listing[PullRequest]:
        """The open ones into our base, from branches of this very repository that begin with `prefix`; one listing.

        All of them, by number: some forges let two be opened for one branch.
        """

    def closed_pulls(self, branch: str) -> tuple[PullRequest, ...]:
        """Those of this branch that were closed without a merge, newest first.

        Raises `BadResponse` where one that may be among them cannot be read: people may have said no by it.
        """

    def closed_since(self, prefix: str, since: datetime) -> Listing[PullRequest]:
        """Those closed without a merge that changed in any way `since` then, of all branches that begin with `prefix`.

        One request where nothing did. By it the bot learns what people wish of one that is closed: a label put on it,
        a box ticked. Who closed it is not told.
        """

    def merged_pulls(self, prefix: str, since: datetime | None) -> Listing[Merged]:
        """Those into our base that were merged, `since` then, newest first; the newest `MOST_MERGED` at most.

        Only from branches of this very repository that begin with `prefix`.
        """

    def create(self, proposal: Proposal) -> Written:
        """Open one; an open one of the same branch (another bot, a time-out after the effect) is returned instead.

        What the forge takes only of an open one is left to `rewrite`; the body then tells that it is unfinished.
        """

    def rewrite(self, pull: PullRequest, proposal: Proposal) -> Written:
        """Make an open one say it: add the labels, reviewers and assignees that it lacks, switch draft and auto-merge.

        Then, last, comes the new title and body: its fingerprint tells the next pass that all before it was done. Where
        the forge cannot say yet whether it will merge by itself, the body stays unfinished: the next pass asks again.
        A draft that people made stays one, one that they lifted is made none again; what auto-merge merges is waited
        for, and nothing is ever merged at once. Auto-merge that is refused is a warning; one that cannot be switched
        off again is an error.
        """

    def add(self, pull: PullRequest, proposal: Proposal) -> Written:
        """Put labels, reviewers and assignees of a proposal on an open one that lacks them, and change nothing else.

        Writes nothing where that is known to be in vain.
        """

    def stop_auto_merge(self, pull: PullRequest) -> None:
        """See to it that this one is not merged by itself; it need not have been going to.

        For before its branch moves to something that a person should look at.
        """

    def say(self, pull: PullRequest, comment: str, body: str) -> PullRequest:
        """Comment, unless just this was said before, and then give it this body, which should record that it was.

        An empty comment is none.
        """

    def remove_labels(self, pull: PullRequest, labels: tuple[str, ...]) -> PullRequest:
        """Take these labels off; one that is not there is fine."""

    def close(self, pull: PullRequest, comment: str, body: str) -> None:
        """Say why in a comment, set the body (which records that the bot closed it), and close it."""

    def access(self) -> Access:
        """What the forge tells about what our credentials may do here; a request or two, and nothing changes."""

    def git_credentials(self) -> TokenCredentials | None:
        """A short-lived token for git, where the forge makes them (a GitHub App); ask again in each pass."""


@dataclass(frozen=True, slots=True)
class Blob:
    """What a path should hold; `mode` is git's: `100644`, `100755`, `120000`."""

    mode: str
    content: Proved


@dataclass(frozen=True, slots=True)
class SignedCommit:
    """A commit that the forge made, on no branch yet: whoever pushes it makes the same one again.

    `payload` is what was signed: the commit object without its `gpgsig` header, in which `signature` stands. Both are
    empty if the forge did not sign: then git may just as well make a commit of its own. `id` and `tree` are to be
    compared with what comes out.
    """

    id: str
    tree: str
    payload: str
    signature: str
    warnings: tuple[str, ...] = ()


@runtime_checkable
class Signs(Protocol):
    """A forge that makes commits itself, signed in the name of the credentials' owner."""

    def sign(self, base: str, files: Mapping[str, Blob], message: str) -> SignedCommit:
        """The commit on `base` in which these paths hold this; no branch is touched."""

    def identity(self) -> tuple[str, str]:
        """Name and address of the author of what it signs, which tell it from other people's commits.

        The committer of such commits is the forge itself.
        """
