"""What a reviewer must see first: what makes an update more than a newer version of the same thing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from imagebot.images.about import About
from imagebot.plan.change import ImageUpdate


class FlagKind(StrEnum):
    """In the order in which they are shown."""

    REPUSH = "repush"
    ROOT = "root"
    SOURCE = "source"
    ENTRYPOINT = "entrypoint"
    COMMAND = "command"
    PORT = "port"
    PLATFORM = "platform"
    OLDER = "older"
    MAJOR = "major"


@dataclass(frozen=True, slots=True)
class Flag:
    """One warning. `was` and `now` are text of the publisher's, to be made inert; empty where there is none.

    | kind                | was                        | now                               |
    |---------------------|----------------------------|-----------------------------------|
    | repush, major       | tag                        | tag                               |
    | root                | user                       | user, empty where none is set     |
    | source              | URL                        | URL, empty where it says none     |
    | entrypoint, command | as a shell would write it  | the same                          |
    | port                |                            | new ports: `8080/tcp, 9090/tcp`   |
    | platform            | lost ones: `linux/arm64, …`|                                   |
    | older               | built on: `2026-11-17`     | built on; `days` before the other |
    """

    kind: FlagKind
    was: str = ""
    now: str = ""
    days: int = 0


def flags(old: About | None, new: About | None, update: ImageUpdate) -> tuple[Flag, ...]:
    """The warnings about `update`, worst first; `old` and `new` are None where they could not be asked about."""
    return ()
