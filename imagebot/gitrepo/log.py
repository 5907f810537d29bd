"""Commits as `git log` tells them, read as a stream: what they say is anybody's, odd, and of any length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from imagebot.gitrepo.names import commit_id
from imagebot.gitrepo.objects import FILE_MODES, may_be_path
from imagebot.gitrepo.process import Git
from imagebot.history.commits import Commit, FileChange

MOST_COMMITS = 100_000
_FIELDS = ("%H", "%T", "%P", "%an", "%ae", "%at", "%cn", "%ce", "%ct", "%B")
_FORM = "--format=tformat:" + "%x00".join(_FIELDS)
# Against the first parent: a merge changes what it brings, as the branch itself saw it.
_CHANGES = ("--diff-merges=first-parent", "--raw", "--no-abbrev")
_PLAIN = ("-z", "--no-show-signature", "--no-color", "--stdin")
_LATEST = 253_402_300_799  # the last second of the year 9999: later dates are in some commits, and in no calendar


def annals(git: Git, tip: str, wanted: Callable[[str], bool]) -> tuple[Commit, ...]:
    """The newest 100 000 commits of `tip`, newest first, with their changes of `wanted` paths.

    Symbolic links and submodules are no files; paths that are not UTF-8 are left out.
    """
    how = (f"--max-count={MOST_COMMITS}", "--topo-order", "--no-renames")
    return tuple(told(git, how, [commit_id(tip)], wanted=wanted))


def told(
    git: Git,
    how: Sequence[str],
    points: Sequence[str],
    paths: Sequence[str] = (),
    wanted: Callable[[str], bool] = lambda _: True,
) -> Iterator[Commit]:
    """What `git log` tells between `points`, of commits that change `paths` if any are given.

    Raises `Damaged` where the mirror lacks what it should have.
    """
    with git.talk("log", *_PLAIN, *how, *_CHANGES, _FORM, "--", *paths) as talk:
        talk.say("".join(f"{point}\n" for point in points).encode())
        talk.finish()
        yield from _commits(talk.words(), wanted)


def _commits(words: Iterator[bytes], wanted: Callable[[str], bool]) -> Iterator[Commit]:
    """What git-log(1) prints: the words of the format, then for each path `:mode mode old new status` and the path."""
    head = next(words, None)
    while head is not None:
        rest = [next(words).decode(errors="replace") for _ in _FIELDS[1:]]
        changes: list[FileChange] = []
        more = False
        # A commit's first line of changes begins with the line end that parts it from the message.
        while (word := next(words, None)) is not None and word.lstrip(b"\n").startswith(b":"):
            change, plain = _change(word.lstrip(b"\n:").decode(), words)
            more |= not plain
            if change is not None and wanted(change.path):
                changes.append(change)
        tree, parents, author, author_email, authored, committer, committer_email, committed, message = rest
        yield Commit(
            id=head.decode(),
            parents=tuple(parents.split()),
            author=author,
            author_email=author_email,
            authored=moment(authored),
            committer=committer,
            committer_email=committer_email,
            committed=moment(committed),
            message=message,
            changes=tuple(changes),
            tree=tree,
            more=more,
        )
        head = word


def _change(raw: str, words: Iterator[bytes]) -> tuple[FileChange | None, bool]:
    """What happened to a file's content, if anything did, and whether that is all."""
    old_mode, new_mode, old, new, status = raw.split(" ")
    paths = [next(words) for _ in range(2 if status.startswith(("R", "C")) else 1)]
    try:
        names = [path.decode() for path in paths]
    except UnicodeDecodeError:
        return None, False
    before, after = (blob if mode in FILE_MODES else None for mode, blob in ((old_mode, old), (new_mode, new)))
    if before == after or not may_be_path(names[-1]):
        return None, False
    return FileChange(names[-1], before, after, names[0] if status.startswith("R") else ""), old_mode == new_mode


def moment(seconds: str) -> datetime | None:
    """Git's date; None where there is none, or none that a calendar has: broken tools write 0, or the year 11476."""
    text = seconds.strip()
    if not text.isascii() or not text.isdigit() or len(text) > len(str(_LATEST)):
        return None
    return datetime.fromtimestamp(int(text), UTC) if 0 < int(text) <= _LATEST else None
