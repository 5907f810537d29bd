"""What a change is called: its title and labels, and the message of its commit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

from imagebot.plan.change import Change, FieldChange, ImageUpdate
from imagebot.plan.fingerprint import fingerprint
from imagebot.review.escape import bare, plain
from imagebot.review.titles import labels, moved, title, versions

_LONGEST_TRAILER = 8000
# What a forge or a pipeline would take for more than a name: `GH-12`, `www.x`, `[skip ci]`, `#12` behind our own `#`.
_ACTS = re.compile(
    r"(?<=\bgh)-(?=[0-9])|(?<=\bwww)\.|\[(?![0-9]+\]|name=)|(?<=#)[0-9]|:(?=//)|(?<!\w)@(?=\w)",
    re.ASCII | re.IGNORECASE,
)


def worded(change: Change, sign_off: str | None = None) -> Change:
    """The change with the title, labels, message and fingerprint that what it does gives it."""
    called = replace(change, title=title(change), labels=labels(change), message=message(change, sign_off))
    return replace(called, fingerprint=fingerprint(called))


def message(change: Change, sign_off: str | None = None) -> str:
    """The commit message, a function of the edits and of the policy's words about them: no counts, no times.

    What, why, and trailers that `git interpret-trailers` reads back; `sign_off` is `Name <address>` for the last one.
    """
    reasons = "\n".join(_reason(update) for update in change.updates)
    return f"{title(change)}\n\n{reasons}\n\n{trailers(change.updates, sign_off)}\n"


def trailers(updates: Sequence[ImageUpdate], sign_off: str | None, *more: str) -> str:
    """The last paragraph of a message: what moved where, one line each, `more`, and who signs it off."""
    lines = []
    for update in updates:
        old = bare(versions(update.old))
        lines.append(f"Image-Update: {_tame(str(update.image))} {old} -> {_tame(str(update.new))}")
        lines += [f"Image-Field: {field_id(field)}" for field in update.fields]
    lines += more if sign_off is None else (*more, f"Signed-off-by: {sign_off}")
    return "\n".join(plain(line, _LONGEST_TRAILER) for line in lines)


def _reason(update: ImageUpdate) -> str:
    way = " -> ".join(moved(update.old, [update.new]))
    words = f"{update.image.familiar}: {way} ({update.kind})"
    promoted = f"; {update.promoted}" if update.promoted else ""
    return bare(f"{words}, by {update.rule} in {update.policy_file}{promoted}", _LONGEST_TRAILER)


def field_id(field: FieldChange) -> str:
    """`file#path` as the trailer writes it: percent-encoded where a name could break out of its line, or act in it."""
    return _tame(f"{quote(field.file, safe='/._-+=,()[] ')}#{quote(field.path, safe='/._-+=,()[]:')}")


def _tame(text: str) -> str:
    return _ACTS.sub(lambda found: f"%{ord(found[0]):02X}", text)
