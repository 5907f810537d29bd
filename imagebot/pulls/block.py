"""The machine block: what a pull request's body tells the bot about itself, in an HTML comment.

The body is the only memory that survives the loss of all state, so it names exactly what was proposed.
The payload is base64url JSON: it cannot hold `--`, which would end the comment.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, replace

_COMMENT = re.compile(r"<!-- imagebot:v1 ([A-Za-z0-9_=-]{1,60000}) -->")


@dataclass(frozen=True, slots=True)
class Proposed:
    """One image version that a pull request proposes, for one app."""

    app: str
    image: str
    tag: str
    digest: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """`name` is the app's or the group's. `fingerprint` changes exactly when the proposal does: as long as it is the
    same, the body is left to people.

    `draft`, `auto_merge` and `title` are what the bot wanted of the pull request itself: what people set beside that is
    theirs. `frozen` is the commit of somebody's that was spoken about. `lacking` is what the forge would not put on it:
    labels, reviewers and assignees. `unknown` is what no registry could tell about the images when it was described.
    """

    name: str
    environment: str
    proposed: tuple[Proposed, ...]
    fingerprint: str
    closed_by_bot: bool = False
    draft: bool = False
    auto_merge: bool = False
    frozen: str = ""
    title: str = ""
    lacking: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def write(block: Block) -> str:
    """The comment to append to a body."""
    data = {
        "name": block.name,
        "environment": block.environment,
        "proposed": [[item.app, item.image, item.tag, item.digest] for item in block.proposed],
        "fingerprint": block.fingerprint,
        "closedByBot": block.closed_by_bot,
        "draft": block.draft,
        "autoMerge": block.auto_merge,
        "frozen": block.frozen,
        "title": block.title,
        "lacking": block.lacking,
        "unknown": block.unknown,
    }
    payload = base64.urlsafe_b64encode(json.dumps(data, separators=(",", ":"), sort_keys=True).encode())
    return f"<!-- imagebot:v1 {payload.decode()} -->"


def read(body: str) -> Block | None:
    """The last block of a body, or None: people may delete it, and anyone may write nonsense into it."""
    found = last(body)
    if found is None:
        return None
    try:
        data = json.loads(base64.urlsafe_b64decode(found[1]))
        return Block(
            name=str(data["name"]),
            environment=str(data["environment"]),
            proposed=tuple(
                Proposed(str(app), str(image), str(tag), None if digest is None else str(digest))
                for app, image, tag, digest in data["proposed"]
            ),
            fingerprint=str(data["fingerprint"]),
            closed_by_bot=data["closedByBot"] is True,
            draft=data["draft"] is True,
            auto_merge=data["autoMerge"] is True,
            frozen=str(data["frozen"]),
            title=str(data.get("title", "")),
            lacking=tuple(str(name) for name in data.get("lacking", ())),
            unknown=tuple(str(name) for name in data.get("unknown", ())),
        )
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        return None


def last(body: str) -> re.Match[str] | None:
    """Where the block is: the last one, as people may quote another's above."""
    found = [*_COMMENT.finditer(body)]
    return found[-1] if found else None


def without(body: str) -> str:
    """The body but for every block in it."""
    return _COMMENT.sub("", body)


def stamped(body: str, **changes: bool | str | tuple[str, ...]) -> str:
    """The same body, its block changed by these fields; as it is where it has none."""
    block, there = read(body), last(body)
    if block is None or there is None:
        return body
    return body[: there.start()] + write(replace(block, **changes)) + body[there.end() :]  # type: ignore[arg-type]
