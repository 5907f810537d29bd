"""Every commit of a branch with what it changed: one `git log`, however long the branch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from imagebot.gitrepo.names import commit_id
from imagebot.gitrepo.objects import FILE_MODES
from imagebot.gitrepo.process import Git
from imagebot.history.commits import Commit, FileChange

MOST_COMMITS = 100_000
_FIELDS = ("%H", "%P", "%an", "%ae", "%at", "%cn", "%ce", "%ct", "%B")
_FORM = "--format=tformat:" + "%x00".join(_FIELDS)
# Against the first parent: a merge changes what it brings, as the branch itself saw it.
_HOW = ("--topo-order", "--diff-merges=first-parent", "--raw", "--no-abbrev", "--no-renames", "--no-show-signature")
_LATEST = 253_402_300_799  # the last second of the year 9999: later dates are in some commits, and in no calendar


def annals(git: Git, tip: str, wanted: Callable[[str], bool]) -> tuple[Commit, ...]:
    """The newest 100 000 commits of `tip`, newest first, with their changes of `wanted` paths.

    Symbolic links and submodules are no files; paths that are not UTF-8 are left out.
    """
    out = git.out("log", "-z", f"--max-count={MOST_COMMITS}", *_HOW, _FORM, commit_id(tip), "--")
    return tuple(_commits(iter(out.split(b"\0")[:-1]), wanted))


def _commits(words: Iterator[bytes], wanted: Callable[[str], bool]) -> Iterator[Commit]:
    """What git-log(1) prints: the words of the format, then for each path `:mode mode old new status` and the path."""
    head = next(words, None)
    while head is not None:
        rest = [next(words).decode(errors="replace") for _ in _FIELDS[1:]]
        changes: list[FileChange] = []
        # A commit's first line of changes begins with the line end that parts it from the message.
        while (word := next(words, None)) is not None and word.lstrip(b"\n").startswith(b":"):
            changes += _change(word.lstrip(b"\n:").decode(), next(words), wanted)
        parents, author, author_email, authored, committer, committer_email, committed, message = rest
        yield Commit(
            id=head.decode(),
            parents=tuple(parents.split()),
            author=author,
            author_email=author_email,
            authored=_moment(authored),
            committer=committer,
            committer_email=committer_email,
            committed=_moment(committed),
            message=message,
            changes=tuple(changes),
        )
        head = word


def _change(raw: str, path: bytes, wanted: Callable[[str], bool]) -> Iterator[FileChange]:
    old_mode, new_mode, old, new, _ = raw.split(" ")
    try:
        name = path.decode()
    except UnicodeDecodeError:
        return
    before, after = (blob if mode in FILE_MODES else None for mode, blob in ((old_mode, old), (new_mode, new)))
    if before != after and wanted(name):
        yield FileChange(name, before, after)


def _moment(seconds: str) -> datetime:
    """Git's date; what is none is the beginning of time."""
    text = seconds.strip()
    return datetime.fromtimestamp(min(int(text), _LATEST) if text.isdecimal() else 0, UTC)
