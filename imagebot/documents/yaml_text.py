"""One YAML file as text: from a position in it to a problem that a person can find."""

from __future__ import annotations

import re
from dataclasses import dataclass

from imagebot.errors import Problem

_LONGEST_LINE = 600
_LINE_END = re.compile(r"\r\n|\r|\n")
_MAY_HOLD_A_SECRET = re.compile(
    r"://[^/\s]*@|(?:password|passwd|passphrase|token|secret|credentials)['\"]?\s*:\s*[^\s{]",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class YamlText:
    """A file's name and its text without the byte order mark."""

    file: str
    text: str

    def problem(self, message: str, start: int, end: int) -> Problem:
        """A problem with the characters from `start` to `end`; only those of the first line are underlined.

        The line itself is left out if it may hold a credential, or if nobody could read it for its length.
        """
        before = _LINE_END.split(self.text[:start])
        source = before[-1] + _LINE_END.split(self.text[start:], maxsplit=1)[0]
        column = len(before[-1]) + 1
        length = max(min(end - start, len(source) - column + 1), 1)
        if len(source) > _LONGEST_LINE or _MAY_HOLD_A_SECRET.search(source):
            source = ""
        return Problem(self.file, len(before), column, message, source, length)
