"""What we write, as a forge's Markdown takes it, and what we read, as the bot's other rooms know it.

Everywhere else our marks are HTML comments, which most forges do not show. Where one does, they stand as link
definitions, which no renderer shows (CommonMark 0.31, section 4.7): `[//]: # (imagebot:v1 …)`.
"""

from __future__ import annotations

import re

from imagebot.knownforges import ForgeFacts

_COMMENT = re.compile(r"<!-- (imagebot:[^()<>\n]*) -->")
_DEFINITION = re.compile(r"^( {0,3})\[//\]: # \((imagebot:[^()<>\n]*)\)(?=[ \t\r]*$)", re.MULTILINE)
_SLASH = re.compile(r"^([ \t]*)/(?=[A-Za-z])", re.ASCII | re.MULTILINE)


def written(text: str, facts: ForgeFacts) -> str:
    """A text as the forge is to keep it."""
    if facts.slash_commands:
        text = _SLASH.sub(r"\1\\/", text)
    return text if facts.hides_html_comments else _COMMENT.sub(r"[//]: # (\1)", text)


def read(text: str, facts: ForgeFacts) -> str:
    """A text that the forge keeps, with our marks as they are everywhere else."""
    return text if facts.hides_html_comments else _DEFINITION.sub(r"\1<!-- \2 -->", text)
