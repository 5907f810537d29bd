"""The sentences of flags."""

from __future__ import annotations

from typing import assert_never

from imagebot.plan.change import ImageUpdate
from imagebot.review.escape import code
from imagebot.review.flags import Flag, FlagKind

_LONGEST = 120


def warning(flag: Flag, update: ImageUpdate) -> str:
    """One flag of an update, as a sentence in one line."""
    tag = code(update.new.tag)
    was, now = code(flag.was, _LONGEST), code(flag.now, _LONGEST)
    match flag.kind:
        case FlagKind.REPUSH:
            return (
                f"{tag}: somebody pushed this tag again. The tag stays and what runs changes: make sure that its"
                " publisher meant to."
            )
        case FlagKind.ROOT:
            user = f"as {now}" if flag.now else "without a user of its own"
            return f"{tag} runs **as root**: {user}, where the image before it runs as {was}."
        case FlagKind.SOURCE:
            told = f"says that it is built from {now}" if flag.now else "does not say what it is built from"
            return f"{tag} {told}; the image before it was built from {was}."
        case FlagKind.ENTRYPOINT | FlagKind.COMMAND:
            before = was if flag.was else "none"
            return f"{tag} starts with another {flag.kind}: {now if flag.now else 'none'}, before {before}."
        case FlagKind.PORT:
            return f"{tag} listens on new ports: {now}."
        case FlagKind.PLATFORM:
            return f"{tag} is not built for {was} any more."
        case FlagKind.OLDER:
            days = "1 day" if flag.days == 1 else f"{flag.days} days"
            return f"{tag} was built on {now}, {days} **before** the image that it replaces: so its publisher says."
        case FlagKind.MAJOR:
            return f"{tag} is a new major version, {was} before: what uses it may have to change, too."
    assert_never(flag.kind)
