"""One small file alone on a branch that has nothing to do with the others; read and replaced without a mirror."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from imagebot.errors import BadInput, NotFound, Refused
from imagebot.gitrepo import objects
from imagebot.gitrepo.commits import write
from imagebot.gitrepo.failures import failed
from imagebot.gitrepo.fresh import Hash, begin, other_hash
from imagebot.gitrepo.names import commit_id
from imagebot.gitrepo.process import Git, Terms
from imagebot.gitrepo.push import PushUpdate, Rejected, Sender, remote_heads
from imagebot.gitrepo.remote import Remote
from imagebot.private import make_private
from imagebot.settings.resolve import Author

_SECONDS = 120.0
_FETCH = ("--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--end-of-options")
_TIP = "refs/imagebot/leaf"
_SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Leaf:
    """The file `file` on the branch that `remote` names. `folder` is where work may be done; nothing stays there."""

    remote: Remote
    file: str
    author: Author
    folder: Path

    @property
    def name(self) -> str:
        """What people know the place by."""
        return f"{self.file} on the branch {self.remote.branch} of {self.remote.url}"

    def read(self) -> tuple[bytes, str] | None:
        """The file's content and the commit that has it; None while there is no such branch.

        Raises `WorldError`s, and `BadInput` for a branch that somebody made for something else.
        """
        with self._workshop() as git:
            tip = self._fetch(git)
            return None if tip is None else (self._content(git, tip), tip)

    def write(self, data: bytes, over: str | None, task: str) -> str | None:
        """Replace the file by a commit on `over`; its id, or None where the branch is not at `over` any more."""
        with self._workshop() as git:
            if self._fetch(git) != over:
                return None
            if over is None:
                self._name_as_others_are(git)
            blob = git.out("hash-object", "-w", "--no-filters", "--stdin", stdin=data).decode().strip()
            tree = git.out("mktree", "-z", stdin=f"100644 blob {blob}\t{self.file}\0".encode()).decode().strip()
            # Nobody's pipeline has to look at it.
            message = f"imagebot: {task}\n\n[skip ci]\n"
            commit = write(git, tree, () if over is None else (over,), message, self.author, None)
            return commit if self._pushed(git, commit, over) else None

    @contextmanager
    def _workshop(self) -> Iterator[Git]:
        """A new bare repository for as long as the block lasts: there is no old state to mend."""
        try:
            make_private(self.folder)
            folder = tempfile.TemporaryDirectory(dir=self.folder, prefix="leaf-", ignore_cleanup_errors=True)
        except OSError as error:
            raise BadInput(f"cannot work in {self.folder}: {error.strerror}; see `state` in imagebot.yaml") from None
        with folder as name:
            git = Git(Path(name, "leaf.git"))
            begin(git)
            yield git

    def _fetch(self, git: Git) -> str | None:
        """Where the branch is; None if there is none."""
        terms = self._terms()
        refspec = f"+refs/heads/{self.remote.branch}:{_TIP}"
        answer = git.ask("fetch", *_FETCH, self.remote.url, refspec, terms=terms)
        if theirs := other_hash(answer):
            _begin_again(git, theirs)
            answer = git.ask("fetch", *_FETCH, self.remote.url, refspec, terms=terms)
        if answer.code == 0:
            return commit_id(git.out("rev-parse", "--verify", f"{_TIP}^{{commit}}").decode().strip())
        if "couldn't find remote ref" in answer.err:
            return None
        raise failed("fetch from", self.remote, answer, terms.environment)

    def _name_as_others_are(self, git: Git) -> None:
        """Of a branch that is not there nobody is told what a first commit on it has to be."""
        heads = remote_heads(git, self.remote, self._terms())
        if any(len(commit) == _SHA256_DIGITS for commit in heads.values()):
            _begin_again(git, "sha256")

    def _content(self, git: Git, tip: str) -> bytes:
        try:
            return objects.read(git, tip, self.file)
        except NotFound:
            raise BadInput(
                f"{self.remote.url} has a branch {self.remote.branch} without {self.file}: somebody else made it;"
                " rename it, or set another `branchPrefix`"
            ) from None

    def _pushed(self, git: Git, commit: str, over: str | None) -> bool:
        sent = Sender(git, self.remote, _SECONDS).send([PushUpdate(self.remote.branch, commit, over)])
        result = sent[self.remote.branch]
        if isinstance(result, Rejected) and not result.moved:
            raise Refused(f"{self.name} was not pushed: {result.because}")
        return not isinstance(result, Rejected)

    def _terms(self) -> Terms:
        return Terms(self.remote.environment(), self.remote.url, _SECONDS)


def _begin_again(git: Git, named_by: Hash) -> None:
    shutil.rmtree(git.folder)
    begin(git, named_by)
