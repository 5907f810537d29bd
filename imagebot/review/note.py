"""What a team adds to the body of its pull requests: its own Markdown, and in it values that others control."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from imagebot.plan.change import Change
from imagebot.policy.placeholders import Form
from imagebot.review.escape import code
from imagebot.review.titles import values

_LONGEST = 4000
# Stands for a value while the text around it is read; a note cannot hold it, as it is not printable.
_HERE = "\ue000"
# Where a code span would be read as it is written: in one that the team began, which ends as it began.
_VERBATIM = re.compile(
    r"^ {0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}(?P=fence)|\Z)"
    r"|(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n\n).)+?(?<!`)(?P=ticks)(?!`)",
    re.DOTALL | re.MULTILINE,
)
# Where a value becomes part of an address: behind `](`, in HTML, in a definition, in an address that stands alone.
_ADDRESS = re.compile(
    r"\]\((?:[^()\n]|\([^()\n]*\))*\)|<[A-Za-z/][^<>]*>|^ {0,3}\[[^\]\n]+\]:[^\n]*"
    r"|\b[A-Za-z][A-Za-z0-9+.-]*://[^\s<>\"'`]*",
    re.MULTILINE,
)


def note(change: Change) -> str:
    """What the team adds to the body; empty if nothing. A value stands in a code span, and percent-encoded in a URL."""
    form = change.wishes.note
    return "" if form is None else "".join(_filled(form, values(change, change.updates)))[:_LONGEST]


def _filled(form: Form, given: dict[str, str]) -> Iterator[str]:
    template = _HERE.join(form.pieces[::2])
    verbatim, addresses = _inside(_VERBATIM, template), _inside(_ADDRESS, template)
    at = 0
    for text, name in zip(form.pieces[::2], (*form.pieces[1::2], None), strict=True):
        yield text
        at += len(text)
        if name is not None:
            yield _inert(name, given[name], verbatim=at in verbatim, address=at in addresses)
            at += len(_HERE)


def _inside(context: re.Pattern[str], template: str) -> frozenset[int]:
    return frozenset(at for found in context.finditer(template) for at in range(*found.span()))


def _inert(name: str, value: str, *, verbatim: bool, address: bool) -> str:
    """An image's name is several parts of an address; nothing else may be more than one."""
    if verbatim:
        return code(value).strip("`").replace("~~~", "~ ~")
    return quote(value, safe="/" if name == "image" else "") if address else code(value)
