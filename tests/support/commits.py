"""Commits and policies as short as a test of the history room wants them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from imagebot.fields.find import find
from imagebot.history.commits import Commit, FileChange, arrivals
from imagebot.history.file_fields import Owners, Says
from imagebot.history.ledger import Ledger, read
from imagebot.plan.claims import FileFields
from imagebot.policy.model import Policy
from imagebot.policy.read import read_policies

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = BEGIN + timedelta(days=365)
BOT = "imagebot@example.com"
PODINFO = """\
app: podinfo
repository: environments
environments: {staging: {}}
images: [{image: podinfo, semver: '*'}]
"""


def policies(text: str = PODINFO) -> tuple[Policy, ...]:
    """The policies of one file."""
    found = read_policies({"policies/podinfo.yaml": text.encode()}, None)
    assert found.problems == ()
    return found.policies


def day(number: float) -> datetime:
    """So many days after the beginning."""
    return BEGIN + timedelta(days=number)


def commit(
    name: str,
    *parents: str,
    at: float = 0,
    message: str = "change",
    by: str = "Ada",
    through: str = "",
    files: Mapping[str, tuple[str | None, str | None]] | None = None,
) -> Commit:
    """A commit by a person or `through` another; `files` holds what they said before and say now."""
    author, committer = by, through or by
    return Commit(
        id=name,
        parents=parents,
        author=author,
        author_email=_address(author),
        authored=day(at),
        committer=committer,
        committer_email=_address(committer),
        committed=day(at),
        message=message,
        changes=tuple(FileChange(path, old, new) for path, (old, new) in (files or {}).items()),
    )


def _address(name: str) -> str:
    return {"GitHub": "noreply@github.com", "imagebot": BOT}.get(name, f"{name}@example.com")


def told(*commits: Commit, by: tuple[Policy, ...] = (), unreadable: str = "") -> Ledger:
    """What these commits, oldest first, tell; the text of a file stands for its blob."""
    owners = Owners(by or policies())
    contents: dict[tuple[str, str], Says] = {}
    for each in commits:
        for change in each.changes:
            for text in (change.old, change.new):
                if text is not None:
                    known = FileFields(find(change.path, text.encode()))
                    read_ = owners.too_large(change.path) if text == unreadable else owners.says(change.path, known)
                    contents[change.path, text] = read_
    return read(by or policies(), arrivals(commits[::-1], BOT, NOW), contents, BOT)
