"""What happened between two commits, and what would happen if they were merged."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import islice

from imagebot.errors import BadInput
from imagebot.gitrepo.commits import write
from imagebot.gitrepo.log import told
from imagebot.gitrepo.names import commit_id
from imagebot.gitrepo.objects import may_be_path
from imagebot.gitrepo.process import Git, last_line
from imagebot.history.commits import Commit, FileChange
from imagebot.settings.resolve import Author

MOST_COMMITS = 1000
LARGEST_DIFF = 1024 * 1024
_PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--ignore-submodules=none")
_MOST_IN_ARGUMENTS = 500_000  # bytes of paths: the kernel takes 2 MB with all else, and 128 KiB for one
_LONGEST_ARGUMENT = 100_000


def commits_between(git: Git, base: str, tip: str) -> tuple[Commit, ...]:
    """The commits of `tip` that `base` has not, newest first; of more than 1 000 the newest."""
    return _commits(git, commit_id(tip), f"^{commit_id(base)}")


def commits_of_each(git: Git, base: str, tips: Collection[str]) -> dict[str, tuple[Commit, ...]]:
    """What `commits_between` says of each tip, from one look at all of them; their merges may be in another order."""
    found = _commits(git, *map(commit_id, tips), f"^{commit_id(base)}") if tips else ()
    if len(found) == MOST_COMMITS:
        return {tip: commits_between(git, base, tip) for tip in tips}
    parents = {commit.id: commit.parents for commit in found}
    behind = {tip: _behind(tip, parents) for tip in tips}
    return {tip: tuple(commit for commit in found if commit.id in behind[tip]) for tip in tips}


def _behind(tip: str, parents: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """`tip` and what can be reached from it, as far as `parents` knows."""
    reached: set[str] = set()
    open_ends = [tip]
    while open_ends:
        commit = open_ends.pop()
        if commit in parents and commit not in reached:
            reached.add(commit)
            open_ends += parents[commit]
    return frozenset(reached)


def former(git: Git, base: str, refs: str) -> frozenset[str]:
    """The commits behind these refs that `base` has not; of more than 10 000 the newest."""
    out = git.out("rev-list", "--max-count=10000", f"--glob={refs}*", "--not", commit_id(base), "--")
    return frozenset(out.decode().split())


@lru_cache(maxsize=64)
def changes(git: Git, commit: str) -> tuple[FileChange, ...]:
    """All that a commit changed against its first parent, with what was renamed; kept, as commits never change."""
    (found,) = told(git, ("--no-walk", "--find-renames=50%"), [commit_id(commit)])
    return found.changes


def line(git: Git, tip: str, paths: Collection[str], most: int) -> tuple[Commit, ...]:
    """The newest `most` commits of `tip` that changed one of these files (no `paths`: any), as the branch saw them.

    Newest first, each with its changes of these. Only first parents are followed: a merge is one change, made when it
    was merged. A path that no work tree can have, or one of 100 000 bytes, has no history.
    """
    some = [path for path in paths if may_be_path(path) and len(path.encode()) < _LONGEST_ARGUMENT]
    if paths and not some:
        return ()
    how = (f"--max-count={most}", "--first-parent", "--no-renames")
    if sum(len(path.encode()) for path in some) < _MOST_IN_ARGUMENTS:
        return tuple(told(git, how, [commit_id(tip)], some))
    found = told(git, ("--first-parent", "--no-renames"), [commit_id(tip)], wanted=frozenset(some).__contains__)
    return tuple(islice((commit for commit in found if commit.changes), most))


def _commits(git: Git, *points: str) -> tuple[Commit, ...]:
    return tuple(told(git, (f"--max-count={MOST_COMMITS}", "--topo-order", "--no-renames"), points))


def merge_base(git: Git, one: str, other: str) -> str | None:
    """The newest commit that both have, or None."""
    answer = git.ask("merge-base", commit_id(one), commit_id(other))
    if answer.code == 1 and not answer.err:
        return None
    if answer.code != 0:
        raise git.damaged(f"`git merge-base` says: {last_line(answer.err)}")
    return answer.out.decode().split()[0]


def diff(git: Git, old: str, new: str) -> str:
    """The unified diff from `old` to `new`; after 1 MiB it is cut, and the last line says so."""
    with git.talk("diff-tree", "-p", "-r", *_PLAIN, commit_id(old), commit_id(new), "--") as talk:
        talk.finish()
        data = talk.up_to(LARGEST_DIFF + 1)
    text = data[:LARGEST_DIFF].decode(errors="replace")
    if len(data) > LARGEST_DIFF:
        text += "\n[the diff goes on; this is its first MiB]\n"
    return text


def changed_paths(git: Git, old: str, new: str) -> tuple[str, ...]:
    """The paths of everything that differs; bytes that are no UTF-8 are escaped, which names no file of `files`."""
    out = git.out("diff-tree", "-r", "-z", "--name-only", *_PLAIN, commit_id(old), commit_id(new), "--")
    return tuple(name.decode(errors="backslashreplace") for name in out.split(b"\0")[:-1])


def conflicts(git: Git, base: str, tip: str) -> bool:
    """Whether a merge of `tip` into `base` needs a person."""
    return merged_tree(git, base, tip) is None


def adds_nothing(git: Git, commit: Commit) -> bool:
    """Whether `commit` is a merge of two that holds just what git makes of them, as an "Update branch" button does."""
    return len(commit.parents) == 2 and merged_tree(git, *commit.parents) == commit.tree


def merge(git: Git, base: str, tip: str, message: str, author: Author, at: datetime) -> str:
    """The id of a new commit that merges `tip` into `base`. Raises `BadInput` if they conflict."""
    tree = merged_tree(git, base, tip)
    if tree is None:
        raise BadInput(f"{tip[:10]} conflicts with {base[:10]}: it cannot be merged")
    return write(git, tree, (base, tip), message, author, at)


def merged_tree(git: Git, base: str, tip: str) -> str | None:
    """The id of the tree that a merge of `tip` into `base` would have; None if that needs a person."""
    answer = git.ask("merge-tree", "--write-tree", "--no-messages", commit_id(base), commit_id(tip))
    if answer.code == 1 or "unrelated histories" in answer.err:
        return None
    if answer.code != 0:
        raise git.damaged(f"`git merge-tree` says: {last_line(answer.err)}")
    return answer.out.decode().strip()
