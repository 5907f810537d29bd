"""What changed in the source of an image, as a reviewer reads it: release notes and commits, quoted as inert text."""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.images.source_changes import ReleaseNotes, SourceChanges
from imagebot.review.escape import bare, fenced

_SUBJECT = 120
_NOTES_LINES = 60
_NOTES_CHARACTERS = 2000
_VERSION = 60
_ID = 10


def source_sections(changes: SourceChanges, compare: str | None) -> Iterator[tuple[str, str]]:
    """Titles, which are plain text, and what stands below each; `compare` is the URL of all commits, if any."""
    if changes.notes:
        title = "Release notes" + (f" of {len(changes.notes)} versions" if len(changes.notes) > 1 else "")
        yield title, "\n\n".join([*map(_notes, changes.notes), *_more("release", changes.more_notes, None)])
    if changes.commits:
        count = None if changes.more_commits is None else len(changes.commits) + changes.more_commits
        title = "Commits, newest first" if count is None else f"{_count(count, 'commit')}, newest first"
        listed = fenced(f"{bare(commit.id[:_ID], _ID)} {commit.subject[:_SUBJECT]}" for commit in changes.commits)
        parted = (
            ["What runs now has commits that are not in this one, as a branch of its own has."]
            if changes.parted
            else []
        )
        tags = ["These are between two tags of its source: the images do not say which commits they are."]
        said = [*_more("commit", changes.more_commits, compare), *(tags if changes.by_tags else []), *parted]
        yield title, "\n\n".join([listed, *said])


def _notes(notes: ReleaseNotes) -> str:
    lines = notes.text[:_NOTES_CHARACTERS].strip().splitlines()
    cut = len(lines) > _NOTES_LINES or len(notes.text.strip()) > _NOTES_CHARACTERS
    return fenced([bare(notes.version, _VERSION), "", *lines[:_NOTES_LINES], *(["…"] if cut else [])])


def _more(noun: str, more: int | None, url: str | None) -> Iterator[str]:
    if more == 0:
        return
    words = "and more" if more is None else f"and {_count(more, f'more {noun}')}"
    yield f"{words}: [all of them]({url})" if url is not None else words


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
