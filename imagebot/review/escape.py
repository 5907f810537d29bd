"""Text that others control, made harmless before it enters Markdown, a title or a commit message.

Registries control tags, committers control paths: none of it may become a link, a mention, a reference, an image, HTML,
a trailer, a command or a closing keyword. In a code span nothing is any of these, on any forge; what may stand outside
of one is here.
https://spec.commonmark.org/0.31.2/#code-spans
https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
https://docs.gitlab.com/user/markdown/#gitlab-specific-references
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from imagebot.errors import printable

_LIMIT = 300
_GONE = "\N{REPLACEMENT CHARACTER}"

# What refers in text that is not Markdown: a sign before a name, a URL, `GH-12`, an emoji, a command for a pipeline.
_REFERS = re.compile(
    r"[@#`\\\[\]]|:(?=//)|(?<=\bwww)\.|(?<=\bgh)-(?=[0-9])|[!&%$*](?=[\w\"'])|~(?=[a-z\"'])|:(?=[a-z+-][\w+-]*:)",
    re.ASCII | re.IGNORECASE,
)
# In a tracker beside the forge: behind such a word, in text that is merged, `SHOP-12` may be closed.
_CLOSES = re.compile(r"\b(?:clos|fix|resolv|implement)\w*\b", re.ASCII | re.IGNORECASE)
_TICKET = re.compile(r"(?<=[A-Za-z0-9_])-(?=[0-9])", re.ASCII)
# The same where it refers only if it is joined to what follows, with the beginnings of a box, a comment and a block.
_JOINED = re.compile(rf"[#@](?=\w)|\[(?=\S)|`|<(?=!)|~(?=~)|(?![#@`\\\[\]])(?:{_REFERS.pattern})", _REFERS.flags)
# A word that is nothing but a word, a small number, a date, a time or a duration, with what stands around it in a
# sentence. Longer words of the first six letters may be ids of commits, a number and `)` the beginning of a list.
_COMMON = re.compile(
    r"\(?(?![A-Fa-f]{7})[A-Za-z]{1,30}\)?[,;:.]?"
    r"|(?:[0-9]{1,6}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}:[0-9]{2}|(?:[0-9]{1,2}[wdhms]){1,2})[,;:]?",
    re.ASCII,
)
# Of an address: CI systems have them with a login, and builds write them into labels.
_LOGIN = re.compile(r"(?<=://)(?!git@)[^\s/@]+@(?!sha256:)", re.ASCII)
_AROUND = re.compile(r"(\(?)(.*?)(\)?[,;:.]?)")


def plain(text: str, limit: int = _LIMIT) -> str:
    """One line of text without logins: what cannot be seen, or moves what can, becomes `\N{REPLACEMENT CHARACTER}`."""
    safe = printable(_without_logins(text))
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def bare(text: str, limit: int = _LIMIT) -> str:
    """One line for a title or a commit message, which know no code spans: nothing in it refers to anything.

    Ids of commits stay: who names a tag after a commit gets a link to that commit of this repository, and no more.
    """
    return plain(_REFERS.sub(_GONE, _without_logins(text)), limit)


def code(text: str, limit: int = _LIMIT) -> str:
    """A code span that also survives inside a table; no backtick, pipe or comment of `text` is left in it."""
    safe = plain(text, limit).replace("`", "'").replace("|", "¦").replace("<!", f"<{_GONE}").strip()
    return f"`{safe}`" if safe else "` `"


def fenced(lines: Iterable[str]) -> str:
    """A block of code with text of people, line by line.

    A forge may make a commit message of all that stands here, which knows no code: so that nothing refers, closes or
    commands there either, each sign that could has a space behind it.
    """
    return "\n".join(["```text", *map(_apart, lines), "```"])


def _apart(line: str) -> str:
    spaced = _JOINED.sub(lambda found: " ." if found[0] == "." else f"{found[0]} ", _without_logins(line))
    return plain(_TICKET.sub("- ", spaced) if _CLOSES.search(spaced) else spaced).rstrip()


def _without_logins(text: str) -> str:
    """Who publishes an image by mistake with the password of its repository does not have it published once more."""
    return _LOGIN.sub("…@", text)


def html_code(text: str, limit: int = _LIMIT) -> str:
    """A code span where Markdown is not read, such as in the summary of what is folded."""
    return f"<code>{html.escape(plain(text, limit))}</code>"


def prose(text: str, limit: int = 4 * _LIMIT) -> str:
    """A sentence in which everything but common words stands in code spans: `6.5.4` is the newest of 3 tags."""
    parts: list[str] = []
    span: list[str] = []
    for word in plain(text, limit).split():
        if _COMMON.fullmatch(word):
            parts += [*_closed(span), word]
            span = []
            continue
        opening, middle, ending = _taken_apart(word)
        if opening:
            parts += _closed(span)
            span = []
        span.append(middle)
        if opening or ending:
            parts.append(f"{opening}{code(' '.join(span))}{ending}")
            span = []
    return " ".join([*parts, *_closed(span)]) or code("")


def _closed(span: list[str]) -> list[str]:
    return [code(" ".join(span))] if span else []


def _taken_apart(word: str) -> tuple[str, str, str]:
    around = _AROUND.fullmatch(word)
    return (around[1], around[2], around[3]) if around and around[2] else ("", word, "")
