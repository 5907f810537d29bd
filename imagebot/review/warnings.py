"""The sentences of flags."""

from __future__ import annotations

from collections.abc import Mapping

from imagebot.plan.change import ImageUpdate
from imagebot.review.escape import code, prose
from imagebot.review.flags import Flag, FlagKind

_LONGEST = 120
_SAYS: Mapping[FlagKind, str] = {
    FlagKind.REPUSH: (
        "{tag}: somebody pushed this tag again. The tag stays and what runs changes: make sure that its publisher meant"
        " to."
    ),
    FlagKind.UNTAGGED: (
        "{tag}: its source has **no tag of that name**, and has one of the version before: make sure that those who"
        " make releases there made this one."
    ),
    FlagKind.ENDED: "{tag}: its publisher says that nobody looks after it since {now}.",
    FlagKind.PORT: "{tag} listens on new ports: {now}.",
    FlagKind.PLATFORM: "{tag} is not built for {was} any more.",
    FlagKind.OLDER: "{tag} was built on {now}, {days} **before** the image that it replaces: so its publisher says.",
    FlagKind.MAJOR: "{tag} is a new major version, {was} before: what uses it may have to change, too.",
}


def warning(flag: Flag, update: ImageUpdate) -> str:
    """One flag of an update, as a sentence in one line."""
    tag = code(update.new.tag)
    was, now = code(flag.was, _LONGEST), code(flag.now, _LONGEST)
    match flag.kind:
        case FlagKind.SIGNATURE:
            return f"A better version was **not taken for its signature**: {prose(flag.now)}. Find out who pushed it."
        case FlagKind.ROOT:
            user = f"as {now}" if flag.now else "without a user of its own"
            return f"{tag} runs **as root**: {user}, where the image before it runs as {was}."
        case FlagKind.SOURCE:
            told = f"says that it is built from {now}" if flag.now else "does not say what it is built from"
            return f"{tag} {told}; the image before it was built from {was}."
        case FlagKind.ENTRYPOINT | FlagKind.COMMAND:
            before = was if flag.was else "none"
            return f"{tag} starts with another {flag.kind}: {now if flag.now else 'none'}, before {before}."
        case kind:
            days = "1 day" if flag.days == 1 else f"{flag.days} days"
            return _SAYS[kind].format(tag=tag, was=was, now=now, days=days)
