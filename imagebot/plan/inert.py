"""Text that others control, made harmless before it enters Markdown, a title or a commit message.

Registries control tags, committers control paths: none of it may become a link, a mention, an image, HTML, a trailer
or a closing keyword. https://spec.commonmark.org/0.31.2/#code-spans
"""

from __future__ import annotations

from imagebot.errors import printable

_LIMIT = 300


def plain(text: str, limit: int = _LIMIT) -> str:
    """One line of text: what cannot be seen, or moves what can, becomes `\N{REPLACEMENT CHARACTER}`."""
    safe = printable(text)
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def code(text: str, limit: int = _LIMIT) -> str:
    """A code span that also survives inside a table: no backtick or pipe of `text` is left in it."""
    safe = plain(text, limit).replace("`", "'").replace("|", "¦").strip()
    return f"`{safe}`" if safe else "` `"
