"""Titles, labels and notes with named placeholders: `deps({environment}): {app} {from} → {to}`.

A name in braces and nothing else: no format, no attribute, no expression. `{{` and `}}` are braces of the text.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

from imagebot.policy import key_grammar

PLACEHOLDERS = ("app", "count", "environment", "from", "image", "kind", "name", "to")
"""What a title or a note may name; `name` is the app's or the group's, `count` that of the images."""
OF_A_LABEL = ("app", "environment", "image", "kind", "name")

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_WORD = re.compile(r"\w+")
_RESERVED = "imagebot/"
_LONGEST_TITLE = 200
_LONGEST_NOTE = 2000


class BadForm(ValueError):
    """Text that cannot be filled in; `offset` (from 0) and `length` are the characters to underline."""

    def __init__(self, message: str, offset: int = 0, length: int = 1) -> None:
        super().__init__(message)
        self.offset = offset
        self.length = length


@dataclass(frozen=True, slots=True)
class Form:
    """`text` as it was written; `pieces` are texts and, at odd places, names of placeholders between them."""

    text: str
    pieces: tuple[str, ...]

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str, known: Collection[str] = PLACEHOLDERS) -> Self:
        """Read a text that may name what is `known`. Raises `BadForm`."""
        pieces = [""]
        end = 0
        for token in _TOKEN.finditer(text):
            pieces[-1] += text[end : token.start()]
            end = token.end()
            if token[0] in ("{{", "}}"):
                pieces[-1] += token[0][0]
            elif token[1] in known:
                pieces += [token[1], ""]
            else:
                raise BadForm(_wrong(token, known), token.start(), len(token[0]))
        pieces[-1] += text[end:]
        return cls(text, tuple(pieces))

    @property
    def names(self) -> frozenset[str]:
        """The placeholders in it."""
        return frozenset(self.pieces[1::2])

    def fill(self, values: Mapping[str, str]) -> str:
        """The text with a value in the place of each placeholder. What a value says is never read again."""
        return "".join(values[piece] if index % 2 else piece for index, piece in enumerate(self.pieces))


def title(text: str) -> Form:
    """One line. Raises `BadForm`."""
    if not text.strip() or not text.isprintable() or len(text) > _LONGEST_TITLE:
        raise BadForm(f"a title is one line of at most {_LONGEST_TITLE} printable characters", 0, len(text))
    return Form.parse(text)


def label(text: str) -> Form:
    """One label, or one for each value that its placeholder has in a pull request. Raises `ValueError`."""
    if text.lower().startswith(_RESERVED):
        raise BadForm(f"labels that begin with {_RESERVED} are for people to ask something of the bot", 0, len(text))
    return Form.parse(key_grammar.label(text), OF_A_LABEL)


def note(text: str) -> Form:
    """Markdown of several lines, in which nothing may pass for the bot's own marks. Raises `BadForm`.

    GitLab takes a line that begins with `/` for a command: https://docs.gitlab.com/user/project/quick_actions/
    """
    lines = text.rstrip().split("\n")
    if not text.strip() or not all(line.isprintable() for line in lines) or len(text) > _LONGEST_NOTE:
        raise BadForm(f"a note is Markdown of at most {_LONGEST_NOTE} printable characters")
    if "<!--" in text:
        raise BadForm("a note has no comments: imagebot keeps its own marks in them", text.index("<!--"), 4)
    for line in lines:
        if line.lstrip().startswith("/"):
            raise BadForm("GitLab takes a line that begins with '/' for a command: begin it otherwise")
    return Form.parse(text.rstrip())


def _wrong(token: re.Match[str], known: Collection[str]) -> str:
    if token[1] is None:
        return f"this brace has no partner; a brace of the text is written twice: {token[0] * 2}"
    word = _WORD.search(token[1])
    near = difflib.get_close_matches(word[0].lower(), known, n=1) if word else []
    hint = f"did you mean {{{near[0]}}}?" if near else f"there are {', '.join(f'{{{name}}}' for name in sorted(known))}"
    return f"there is no placeholder {token[0]}; {hint}"
