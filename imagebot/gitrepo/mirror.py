"""A bare mirror of one environment repository: the base branch and the bot's own branches, fetched once a pass."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from imagebot.errors import BadInput, BadResponse, CannotEdit, NotFound, Unavailable, WorldError, printable
from imagebot.gitnames import STATE
from imagebot.gitrepo import ancestry, commits, history, log, objects
from imagebot.gitrepo.commits import Draft, ForgeSignature
from imagebot.gitrepo.failures import explain, unexplained
from imagebot.gitrepo.fetch import SEEN, Fetch
from imagebot.gitrepo.fresh import OtherHash, begin, other_hash
from imagebot.gitrepo.lock import locked
from imagebot.gitrepo.merge_check import Bringing, brings_each
from imagebot.gitrepo.names import branch_prefix, is_branch
from imagebot.gitrepo.objects import Differences, FileEntry, Files
from imagebot.gitrepo.process import DAMAGED_MARK, Damaged, Git, GitOutput, Terms
from imagebot.gitrepo.pull_refs import pull_refs
from imagebot.gitrepo.push import Pushed, PushUpdate, Rejected, Sender, remote_heads
from imagebot.gitrepo.remote import Remote
from imagebot.history.commits import Commit, FileChange
from imagebot.private import FULL, make_private
from imagebot.settings.resolve import Author
from imagebot.versions.commit import History
from imagebot.yamledit.prove import Proved

NETWORK_SECONDS = 120.0
_FIRST_FETCH = 10  # times as long: the whole history travels, and a fetch that is cut off starts from nothing again
_TIDY_SECONDS = 1800.0
_MANY_PACKS = 50
_MANY_LOOSE = 6700  # git's own measure, gc.auto
# Where the base branch was before it was written anew, kept so that what people did to it is not taken for the bot's.
_FORMER = "refs/imagebot/former/"
_MOST_FORMER = 100
# Where it was when it was looked at last: a fetch that ended with its process is followed all the same.
_LOOKED_AT = "refs/imagebot/looked-at/"
_LEFT_BY_THE_KILLED = (
    "*.lock",
    "refs/**/*.lock",
    "objects/pack/tmp_*",
    "objects/*.lock",
    "objects/info/*.lock",
    "gc.pid",
)


@dataclass(frozen=True, slots=True)
class Heads:
    """Where the branches are: the base, and by name those that begin with the prefix and propose a change.

    `unreadable` tells of those of them that are there and cannot be had, why.
    """

    base: str
    branches: Mapping[str, str]
    unreadable: Mapping[str, str] = field(default_factory=dict)


class Mirror:
    """A cache of one remote: it may be deleted at any time, and whatever breaks it is mended by the next fetch.

    Commits are named by full ids, as `fetch` and `commit` give them. Several threads and processes may have mirrors of
    one folder open. `fetches` and `pushes` count the times that the remote was asked since this object was made;
    `remade` says what was wrong with a mirror that the last fetch threw away for a new one.
    """

    def __init__(self, folder: Path, remote: Remote, network_seconds: float) -> None:
        self.remote = remote
        self.remade = ""
        self.fetches = 0
        self.pushes = 0
        self._folder = folder
        self._git = Git(folder)
        self._network_seconds = network_seconds

    @classmethod
    def open(cls, folder: Path, remote: Remote, network_seconds: float = NETWORK_SECONDS) -> Mirror:
        """The mirror in `folder`, made by the first fetch. `network_seconds` bound each exchange with the remote."""
        return cls(folder.absolute(), remote, network_seconds)

    def fetch(self, prefix: str | None) -> Heads:
        """Bring the base branch and those under `prefix` (`None`: no others) up to date.

        Raises `Unavailable`, `Refused`, `NotFound` (no such repository or base branch), `BadResponse`, `BadInput`.
        """
        if prefix is not None:
            branch_prefix(prefix)
        with self._alone() as lock:
            damage = ""
            if (self._folder / DAMAGED_MARK).exists():
                damage = "it was found damaged before"
            elif self._folder.is_dir():
                try:
                    return self._fetched(self._git, prefix, self._terms(self._network_seconds, lock))
                except Damaged as error:
                    damage = str(error)
            heads = self._made_anew(prefix, self._terms(self._network_seconds * _FIRST_FETCH, lock))
            self.remade = damage
            return heads

    def last_heads(self, prefix: str | None) -> Heads | None:
        """Where the branches were at the last fetch; None where that is not known. Nothing is written."""
        if not self._folder.is_dir():
            return None
        with suppress(WorldError):
            return self._heads(self._git, _refs(self._git), prefix)
        return None

    def files(self, commit: str) -> Files:
        """Every regular file of `commit`."""
        return objects.files(self._git, commit)

    def entries(self, commit: str, paths: Sequence[str]) -> Mapping[str, FileEntry]:
        """Those of these paths that are regular files of `commit`."""
        return objects.entries(self._git, commit, paths)

    def differences(self, old: str, new: str) -> Differences | None:
        """What one commit has otherwise than another; None where one of both is not here."""
        return objects.differences(self._git, old, new)

    def blobs(self, ids: Sequence[str]) -> Generator[bytes | None]:
        """The content of each blob in the order asked; None where it is larger than 8 MiB."""
        return objects.blobs(self._git, ids)

    def read(self, commit: str, path: str) -> bytes:
        """One file of a commit. Raises `NotFound`."""
        return objects.read(self._git, commit, path)

    def commit(self, base: str, files: Mapping[str, Proved], message: str, author: Author) -> str:
        """The id of a commit on `base` with new content for `files`; the same input gives the same id.

        Raises `CannotEdit` for a path that is no regular file of `base`, `BadInput` as `commits` does.
        """
        (made,) = self.commits(base, [Draft(files, message)], author)
        if isinstance(made, str):
            return made
        raise made

    def commits(self, base: str, drafts: Sequence[Draft], author: Author) -> list[str | CannotEdit | BadInput]:
        """The id of a commit on `base` for each draft, or why that one cannot be made; written all together.

        Raises `BadInput` for an author whose name or key cannot be used.
        """
        return commits.commits(self._git, base, drafts, author)

    def tree(self, base: str, files: Mapping[str, Proved]) -> str:
        """The id of the tree of `base` with new content for `files`. Raises `CannotEdit`."""
        return commits.tree(self._git, base, files)

    def adopt(self, base: str, tree: str, commit: ForgeSignature) -> str:
        """Have here, byte for byte, a commit of `tree` on `base` that a forge made and signed; its id.

        Raises `BadResponse` where it is another commit than that, or what the forge shows does not make up its id.
        """
        return commits.adopt(self._git, base, tree, commit)

    def push(self, updates: Sequence[PushUpdate]) -> dict[str, Pushed | Rejected]:
        """Move branches of the remote, in one push if it takes them all; what becomes of each, by name.

        Raises `Refused` if the remote does not let us push at all, `Unavailable`, `NotFound`, `BadResponse`.
        """
        if not updates:
            return {}
        sender = Sender(self._git, self.remote, self._network_seconds)
        try:
            return sender.send(updates)
        finally:
            self.pushes += sender.pushes

    def pull_refs(self) -> Mapping[str, tuple[int, ...]]:
        """The numbers of the pull requests that have each commit for their head, by the remote's refs.

        Empty where its forge keeps none. Raises `WorldError`s.
        """
        return pull_refs(self._git, self.remote, self._terms(self._network_seconds))

    def commits_between(self, base: str, tip: str) -> tuple[Commit, ...]:
        """The commits of `tip` that `base` has not, newest first; of more than 1 000 the newest."""
        return history.commits_between(self._git, base, tip)

    def commits_of_each(self, base: str, tips: Collection[str]) -> dict[str, tuple[Commit, ...]]:
        """`commits_between` for many tips at the price of one."""
        return history.commits_of_each(self._git, base, tips)

    def line(self, tip: str, paths: Collection[str], most: int) -> tuple[Commit, ...]:
        """The newest `most` commits that changed one of these files (none: any), as the branch itself saw them."""
        return history.line(self._git, tip, paths, most)

    def changes(self, commit: str) -> tuple[FileChange, ...]:
        """All that a commit changed against its first parent, with what was renamed."""
        return history.changes(self._git, commit)

    def annals(self, tip: str, wanted: Callable[[str], bool]) -> tuple[Commit, ...]:
        """The newest 100 000 commits of `tip`, newest first, with what each changed of the files that are `wanted`."""
        return log.annals(self._git, tip, wanted)

    def adds_nothing(self, commit: Commit) -> bool:
        """Whether `commit` is a merge of two that holds just what git makes of them."""
        return history.adds_nothing(self._git, commit)

    def former(self, base: str) -> frozenset[str]:
        """The commits that the base branch had when it was seen before, and that are not in `base`."""
        return history.former(self._git, base, _FORMER)

    def history(self, tip: str, paths: tuple[str, ...] = ()) -> History:
        """What the base branch was at up to `tip`; with `paths`, which of its commits change one of these."""
        return ancestry.history(self._git, self.remote.branch, tip, paths)

    def merge_base(self, one: str, other: str) -> str | None:
        """The newest commit that both have, or None."""
        return history.merge_base(self._git, one, other)

    def diff(self, old: str, new: str) -> str:
        """The unified diff from `old` to `new`, at most 1 MiB of it."""
        return history.diff(self._git, old, new)

    def changed_paths(self, old: str, new: str) -> tuple[str, ...]:
        """The paths of everything that differs."""
        return history.changed_paths(self._git, old, new)

    def conflicts(self, base: str, tip: str) -> bool:
        """Whether a merge of `tip` into `base` needs a person."""
        return history.conflicts(self._git, base, tip)

    def brings(self, base: str, tip: str, files: Mapping[str, bytes]) -> bool:
        """Whether merging `tip` into `base` would change just `files`, to just these contents."""
        (answer,) = self.brings_each(base, [Bringing(tip, files)])
        return answer

    def brings_each(self, base: str, wanted: Sequence[Bringing]) -> list[bool]:
        """`brings` for many branches at the price of one."""
        return brings_each(self._git, base, wanted)

    def merge(self, base: str, tip: str, message: str, author: Author, at: datetime) -> str:
        """The id of a commit that merges `tip` into `base`. Raises `BadInput` if they conflict."""
        return history.merge(self._git, base, tip, message, author, at)

    def tidy(self) -> bool:
        """Pack what months of fetches have left, if it is much; whether it was. Costs nothing when there is little."""
        with self._alone() as lock:
            if not self._is_untidy():
                return False
            terms = Terms(seconds=_TIDY_SECONDS, inherit=(lock,))
            self._forget(terms)
            self._git.out("gc", "--quiet", "--force", terms=terms)
            return True

    def _forget(self, terms: Terms) -> None:
        """Let go of where the base branch was long ago."""
        old = self._git.out("for-each-ref", "--sort=-committerdate", "--format=%(refname)", _FORMER, terms=terms)
        gone = old.decode().split()[_MOST_FORMER:]
        self._git.out("update-ref", "--stdin", stdin="".join(f"delete {name}\n" for name in gone).encode(), terms=terms)

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """The lock on the mirror, without what writers that were killed left behind."""
        try:
            make_private(self._folder.parent)
            if self._folder.is_dir():
                make_private(self._folder)
            with locked(self._beside("lock"), self._network_seconds) as lock:
                self._clear_away()
                yield lock
        except OSError as error:
            kind = Unavailable if error.errno in FULL else BadInput
            raise kind(
                f"cannot keep a mirror in {self._folder}: {error.strerror}; see `state` in imagebot.yaml"
            ) from None

    def _clear_away(self) -> None:
        for pattern in _LEFT_BY_THE_KILLED:
            for path in self._folder.glob(pattern):
                path.unlink(missing_ok=True)
        for path in (self._beside("new"), self._beside("old")):
            _remove(path)

    def _beside(self, suffix: str) -> Path:
        return self._folder.with_name(f"{self._folder.name}.{suffix}")

    def _made_anew(self, prefix: str | None, terms: Terms) -> Heads:
        """Fetch everything into a new repository and only then put it in place: what is there is always whole."""
        new, local = Git(self._beside("new")), Terms(inherit=terms.inherit)
        begin(new, terms=local)
        try:
            heads = self._fetched(new, prefix, terms)
        except OtherHash as error:
            _remove(new.folder)
            begin(new, error.theirs, local)
            heads = self._fetched(new, prefix, terms)
        if self._folder.exists():
            self._folder.rename(self._beside("old"))
        new.folder.rename(self._folder)
        _remove(self._beside("old"))
        return heads

    def _fetched(self, git: Git, prefix: str | None, terms: Terms) -> Heads:
        fetch = Fetch(git, self.remote, terms)
        try:
            answer = fetch.bring(prefix)
        finally:
            self.fetches += fetch.asked
        if answer.code != 0:
            raise self._fetch_failed(git, answer, terms)
        refs = _refs(git)
        heads = replace(self._heads(git, refs, prefix), unreadable=fetch.unreadable)
        self._look_at(git, refs, heads.base)
        return heads

    def _look_at(self, git: Git, refs: Sequence[tuple[str, str, str]], base: str) -> None:
        """Note where the base branch is now, and where it was if that is not below it."""
        name = f"{_LOOKED_AT}{self.remote.branch}"
        before = next((commit for commit, _, each in refs if each == name), "")
        if before == base:
            return
        if before and git.ask("merge-base", "--is-ancestor", before, base).code == 1:
            git.out("update-ref", f"{_FORMER}{before}", before)
        git.out("update-ref", name, base)

    def _fetch_failed(self, git: Git, answer: GitOutput, terms: Terms) -> Exception:
        """Words that are in no rule may be the mirror's own fault; a new one will show."""
        if "couldn't find remote ref" in answer.err:
            return NotFound(self._no_base(git, terms))
        words = unexplained("fetch from", self.remote, answer, terms.environment)
        if theirs := other_hash(answer):
            return OtherHash(words, theirs)
        return explain("fetch from", self.remote, answer, terms.environment) or Damaged(words)

    def _no_base(self, git: Git, terms: Terms) -> str:
        names = list(remote_heads(git, self.remote, terms))
        shown = printable(", ".join(names[:10])) + (", …" if len(names) > 10 else "")
        there = f"it has {shown}; set `branch`" if names else "it has no branch yet; push a first commit"
        return f"{self.remote.url} has no branch {self.remote.branch}: {there}"

    def _heads(self, git: Git, refs: Sequence[tuple[str, str, str]], prefix: str | None) -> Heads:
        """The branches among what was read back."""
        heads = {}
        for commit, kind, name in refs:
            if not name.startswith(SEEN):
                continue
            branch = name.removeprefix(SEEN)
            proposes = prefix is not None and branch.startswith(prefix) and branch != prefix + STATE
            if kind == "commit" and (branch == self.remote.branch or proposes) and is_branch(branch):
                heads[branch] = commit
            elif branch == self.remote.branch:
                raise BadResponse(f"the branch {branch} of {self.remote.url} is no commit but a {kind}")
        if self.remote.branch not in heads:
            raise git.damaged(f"it lost the branch {self.remote.branch}")
        return Heads(heads.pop(self.remote.branch), heads)

    def _is_untidy(self) -> bool:
        packs = sum(1 for _ in self._folder.glob("objects/pack/*.pack"))
        # Objects are spread evenly over 256 folders, so one tells enough, as it does for git itself.
        loose = sum(1 for _ in self._folder.glob("objects/17/*"))
        return packs > _MANY_PACKS or loose * 256 > _MANY_LOOSE

    def _terms(self, seconds: float, *inherit: int) -> Terms:
        return Terms(self.remote.environment(), self.remote.url, seconds, inherit)


def _refs(git: Git) -> list[tuple[str, str, str]]:
    """What was fetched and looked at: commit, kind, name. `%(tree)` makes git open each commit: a broken one shows."""
    out = git.out("for-each-ref", "--format=%(objectname) %(objecttype) %(tree) %(refname)", SEEN, _LOOKED_AT)
    lines = (line.split(" ", 3) for line in out.decode(errors="replace").split("\n")[:-1])
    return [(commit, kind, name) for commit, kind, _, name in lines]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
