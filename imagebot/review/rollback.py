"""Every sentence of a rollback that a reviewer reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from imagebot.plan.change import Change
from imagebot.plan.fingerprint import fingerprint
from imagebot.plan.rollback import RollbackWish
from imagebot.pulls.block import Block, Proposed, write
from imagebot.pulls.body_frame import YOURS, framed
from imagebot.pulls.trailers import ROLLBACK
from imagebot.review.commit_message import trailers
from imagebot.review.escape import bare, code, prose
from imagebot.review.titles import labels, moved
from imagebot.selection.hand_holds import HandHold

LABEL = "rollback"
_FIELDS_SHOWN = 100
_CHOICES = (
    "**Not wanted?** Close this pull request, and lift what is held: closing alone lifts nothing.\n\n"
    "**A commit of yours** on this branch is safe: from then on imagebot leaves the branch alone.\n\n"
    f"{YOURS}"
)


def worded(change: Change, wish: RollbackWish, sign_off: str | None = None) -> Change:
    """The change with the title, labels, message and fingerprint of a rollback that somebody wished for."""
    titled = replace(change, title=_title(change), labels=tuple(dict.fromkeys((*labels(change), LABEL))))
    return replace(titled, message=message(titled, wish, sign_off), fingerprint=fingerprint(titled))


def message(change: Change, wish: RollbackWish, sign_off: str | None = None) -> str:
    """The commit message, with trailers that tell a rollback from an update."""
    asked = bare(f"Asked for by {wish.by}: {wish.because}")
    mark = f"{ROLLBACK}: {change.name}@{change.environment}"
    return f"{change.title}\n\n{asked}\n\n{trailers(change.updates, sign_off, mark)}\n"


def body(change: Change, wish: RollbackWish, holds: Sequence[HandHold], cautions: Sequence[str]) -> str:
    """What it puts back, who asked for it, what is held from now on, and how that is lifted."""
    proposed = tuple(Proposed(one.app, str(one.image), one.new.tag, one.new.digest) for one in change.updates)
    told = Block(change.name, change.environment, proposed, change.fingerprint, title=change.title)
    parts = [
        f"### Roll back {code(change.name)} in {code(change.environment)}: {_ways(change)}",
        "\n".join(f"- ⚠ {prose(caution)}" for caution in cautions),
        f"**Asked for** by {code(wish.by)}: {prose(wish.because)}",
        _fields(change),
        _held(change, holds),
        _CHOICES,
        write(told),
    ]
    return framed("\n\n".join(part for part in parts if part) + "\n")


def _title(change: Change) -> str:
    was, then = moved(
        [version for update in change.updates for version in update.old], [update.new for update in change.updates]
    )
    where = f"rollback({change.environment}): {change.name} {was}"
    return bare(f"{where} as it was before" if was == then else f"{where} → {then}")


def _ways(change: Change) -> str:
    ways = [f"{code(moved(update.old, [update.new])[0])} → {code(str(update.new))}" for update in change.updates[:3]]
    return ", ".join(ways) + (f" and {len(change.updates) - 3} more" if len(change.updates) > 3 else "")


def _fields(change: Change) -> str:
    fields = [field for update in change.updates for field in update.fields]
    lines = [
        f"- {code(f'{field.file}:{field.line}')} {code(field.path)}: {code(field.old)} → {code(field.new)}"
        for field in fields[:_FIELDS_SHOWN]
    ]
    more = [f"- and {len(fields) - _FIELDS_SHOWN} more"] if len(fields) > _FIELDS_SHOWN else []
    return "\n".join(["**Puts back**, and changes nothing else:", "", *lines, *more])


def _held(change: Change, holds: Sequence[HandHold]) -> str:
    where = f"{change.name}@{change.environment}"
    lines = [
        f"- {code(hold.version) if hold.version else 'every version'}, until somebody lifts it with"
        f" {code(f'imagebot unhold {where}' + (f' {hold.version}' if hold.version else ''))}"
        for hold in holds
    ]
    return "\n".join(["**Held**, so that it is not proposed again; other versions may be:", "", *lines])
