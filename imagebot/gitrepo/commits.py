"""Commits made of objects alone, as `git commit-tree` would make them: many of a pass for the price of two processes.

An index or a work tree of a repository with 10 000 files costs seconds, this milliseconds: only the trees on the way to
a changed file are written again. The same input gives the same id, whenever and wherever: nothing here depends on the
clock or the host (but for a signature by GnuPG or ECDSA, which is never the same twice).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from imagebot.errors import BadInput, BadResponse, CannotEdit
from imagebot.gitrepo.git_env import sealed
from imagebot.gitrepo.names import commit_id
from imagebot.gitrepo.pack import NewObjects
from imagebot.gitrepo.process import Git, Terms
from imagebot.gitrepo.sign import signed, with_signature
from imagebot.gitrepo.trees import reading
from imagebot.settings.resolve import Author
from imagebot.yamledit.prove import Proved

_STRIPPED_BY_GIT = "".join(map(chr, range(33))) + ".,:;<>\"\\'"
_NEVER_INSIDE = str.maketrans("", "", "\n<>")


@dataclass(frozen=True, slots=True)
class Draft:
    """A commit to be made: new content by the path of a file that is there, and what the commit says."""

    files: Mapping[str, Proved]
    message: str


@dataclass(frozen=True, slots=True)
class ForgeSignature:
    """A commit that a forge made and signed: what it signed, the armored signature, and the id that it tells."""

    id: str
    payload: str
    signature: str


def commits(git: Git, base: str, drafts: Sequence[Draft], author: Author) -> list[str | CannotEdit | BadInput]:
    """The id of a commit on `base` for each draft, or why there is none; both dates are those of `base`.

    Raises `BadInput` for an author whose name or key cannot be used, as then there is no commit at all.
    """
    new = NewObjects(len(base))
    made: list[bytes | CannotEdit | BadInput] = []
    with reading(git) as trees:
        parent = trees.commit(base)
        by = _identity(author, trees.date(parent))
        for draft in drafts:
            try:
                tree = trees.changed(parent.tree, draft.files)
                made.append(_commit(tree.id, (base,), by, draft.message))
            except (CannotEdit, BadInput) as error:
                made.append(error)
            else:
                new.include(tree.objects)
    finished = iter(signed([one for one in made if isinstance(one, bytes)], author.signing))
    ids = [new.add("commit", next(finished)) if isinstance(one, bytes) else one for one in made]
    new.store(git)
    return ids


def tree(git: Git, base: str, files: Mapping[str, Proved]) -> str:
    """The id of the tree of `base` with new content for `files`, written. Raises `CannotEdit`."""
    with reading(git) as trees:
        changed = trees.changed(trees.commit(base).tree, files)
    changed.objects.store(git)
    return changed.id


def adopt(git: Git, base: str, tree: str, commit: ForgeSignature) -> str:
    """Write here, byte for byte, the commit of `tree` on `base` that a forge has made; its id.

    Raises `BadResponse` where it is another commit than that, or what the forge shows does not make up its id.
    """
    if not commit.payload.startswith(f"tree {commit_id(tree)}\nparent {commit_id(base)}\nauthor "):
        raise BadResponse(f"the forge's commit {commit.id!r} has other files or another parent than it was told")
    new = NewObjects(len(base))
    signature = commit.signature.rstrip("\n")
    # GitHub ends the header with an empty line where git does not, and its API does not always show it.
    for text in (signature, signature + "\n"):
        payload, header = (each.encode(errors="surrogatepass") for each in (commit.payload, text))
        made = with_signature(payload, header)
        if new.id_of("commit", made) == commit.id:
            new.add("commit", made)
            new.store(git)
            return commit.id
    raise BadResponse(f"the forge's commit {commit.id!r} cannot be rebuilt from what it says was signed")


def write(git: Git, tree: str, parents: tuple[str, ...], message: str, author: Author, at: datetime | None) -> str:
    """Make a commit object, signed if its author signs; without a time, git takes that of the clock."""
    date = _now(git) if at is None else f"{int(at.timestamp())} +0000"
    text = _commit(commit_id(tree), tuple(map(commit_id, parents)), _identity(author, date), message)
    (finished,) = signed([text], author.signing)
    new = NewObjects(len(tree))
    commit = new.add("commit", finished)
    new.store(git)
    return commit


def _identity(author: Author, date: str) -> str:
    """Who and when, as a commit has it. Raises `BadInput` for what git would leave nothing of."""
    who = [value.translate(_NEVER_INSIDE).strip(_STRIPPED_BY_GIT) for value in (author.name, author.email)]
    for written, value in zip((author.name, author.email), who, strict=True):
        if not value:
            raise BadInput(f"{written!r} cannot stand in a commit as a name or an address")
    return f"{who[0]} <{who[1]}> {date}"


def _commit(tree: str, parents: tuple[str, ...], by: str, message: str) -> bytes:
    if "\0" in message:
        raise BadInput("a commit message cannot hold a NUL character")
    header = [f"tree {tree}", *(f"parent {parent}" for parent in parents), f"author {by}", f"committer {by}"]
    return "\n".join([*header, "", message]).encode()


def _now(git: Git) -> str:
    terms = Terms(sealed(variables={"GIT_COMMITTER_NAME": "x", "GIT_COMMITTER_EMAIL": "x"}))
    return git.out("var", "GIT_COMMITTER_IDENT", terms=terms).decode().split("> ")[1].strip()
