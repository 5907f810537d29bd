"""What a reviewer must see first: what makes an update more than a newer version of the same thing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from imagebot.images.about import About, Run
from imagebot.images.source_changes import SourceChanges
from imagebot.plan.change import ImageUpdate
from imagebot.review.image_facts import ImageFacts
from imagebot.review.image_source import end_of_life, same_place, source_of
from imagebot.versions.created import FIRST_IMAGES


class FlagKind(StrEnum):
    """In the order in which they are shown."""

    SIGNATURE = "signature"
    REPUSH = "repush"
    ROOT = "root"
    UNTAGGED = "untagged"
    SOURCE = "source"
    ENTRYPOINT = "entrypoint"
    COMMAND = "command"
    PORT = "port"
    PLATFORM = "platform"
    ENDED = "ended"
    OLDER = "older"
    MAJOR = "major"


@dataclass(frozen=True, slots=True)
class Flag:
    """One warning. `was` and `now` are text of the publisher's, to be made inert; empty where there is none.

    | kind                | was                        | now                               |
    |---------------------|----------------------------|-----------------------------------|
    | signature           |                            | what is wrong with a better one   |
    | repush              | digests                    | digest                            |
    | major               | tags                       | tag                               |
    | root                | user                       | user, empty where none is set     |
    | source              | URL                        | URL, empty where it says none     |
    | entrypoint, command | as a shell would write it  | the same                          |
    | port                |                            | new ports: `8080/tcp, 9090/tcp`   |
    | platform            | lost ones: `linux/arm64, …`|                                   |
    | untagged            |                            | tag                               |
    | ended               |                            | `2026-11-17`                      |
    | older               | built on: `2026-11-17`     | built on; `days` before the other |
    """

    kind: FlagKind
    was: str = ""
    now: str = ""
    days: int = 0


def flags(update: ImageUpdate, beside: ImageFacts) -> tuple[Flag, ...]:
    """The warnings about `update`, worst first, from what is known beside it."""
    old, new = beside.old, beside.new
    found = [*_of_kind(update), *_of_source(update, beside.changes)]
    found += [Flag(FlagKind.SIGNATURE, now=beside.invalid)] if beside.invalid else []
    if new is not None and beside.at is not None and (end := end_of_life(new)) and end <= beside.at.date():
        found.append(Flag(FlagKind.ENDED, now=f"{end:%Y-%m-%d}"))
    if old is not None and new is not None:
        found += [*_of_run(old.run, new.run), *_of_claims(old, new)]
        if lost := [platform for platform in old.platforms if platform not in new.platforms]:
            found.append(Flag(FlagKind.PLATFORM, was=", ".join(lost)))
    return tuple(sorted(found, key=lambda flag: [*FlagKind].index(flag.kind)))


def is_root(user: str) -> bool:
    """Whether a container of this user runs as root: `root`, `0`, `0:1000`, `+0`, or nobody in particular."""
    name = user.partition(":")[0].strip()
    return name == "root" or not name.strip("+-0")


def _of_kind(update: ImageUpdate) -> Iterator[Flag]:
    if update.kind == FlagKind.REPUSH:
        yield Flag(FlagKind.REPUSH, ", ".join(old.digest or "" for old in update.old), update.new.digest or "")
    if update.kind == FlagKind.MAJOR:
        yield Flag(FlagKind.MAJOR, ", ".join(dict.fromkeys(old.tag for old in update.old)), update.new.tag)


def _of_source(update: ImageUpdate, changes: SourceChanges | None) -> Iterator[Flag]:
    if changes is not None and changes.untagged:
        yield Flag(FlagKind.UNTAGGED, now=update.new.tag)


def _of_run(old: Run, new: Run) -> Iterator[Flag]:
    if is_root(new.user) and not is_root(old.user):
        yield Flag(FlagKind.ROOT, old.user, new.user)
    if old.entrypoint != new.entrypoint:
        yield Flag(FlagKind.ENTRYPOINT, shlex.join(old.entrypoint), shlex.join(new.entrypoint))
    if old.command != new.command:
        yield Flag(FlagKind.COMMAND, shlex.join(old.command), shlex.join(new.command))
    if opened := [port for port in new.ports if port not in old.ports]:
        yield Flag(FlagKind.PORT, now=", ".join(opened))


def _of_claims(old: About, new: About) -> Iterator[Flag]:
    """A time before the first images is that of a build that can be repeated; within a day, one of parallel builds."""
    was, now = source_of(old), source_of(new)
    if was and not same_place(was, now):
        yield Flag(FlagKind.SOURCE, was, now)
    if old.created is not None and new.created is not None and new.created >= FIRST_IMAGES:
        days = (old.created - new.created).days
        if days > 0:
            yield Flag(FlagKind.OLDER, f"{old.created:%Y-%m-%d}", f"{new.created:%Y-%m-%d}", days)
