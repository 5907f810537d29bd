"""Text around a version, as a person writes it in a policy: `--image={name}:{tag}`, `release-{tag}-eu`.

No pattern: everything but the placeholders stands for itself, and the whole line must read so.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from imagebot.fields.claim import name_of
from imagebot.images.reference import ImageName, is_digest, is_tag

_PLACEHOLDER = re.compile(r"\{([A-Za-z]+)\}", re.ASCII)
_KNOWN = ("tag", "digest", "name")
_LONGEST = 500
# No name, tag or digest is longer.
_LONGEST_PART = 300

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Template:
    """A line with `{tag}`, `{digest}` and `{name}` in it, each at most once."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Template:
        """Raises `ValueError` that says what is wrong."""
        literals, names = _split(text)
        if not text.isprintable() or len(text) > _LONGEST:
            raise ValueError(f"a template is one line of at most {_LONGEST} printable characters")
        for name in names:
            if name not in _KNOWN:
                near = difflib.get_close_matches(name.lower(), _KNOWN, n=1)
                hint = f"did you mean {{{near[0]}}}?" if near else "it knows {tag}, {digest} and {name}"
                raise ValueError(f"a template has no {{{name}}}; {hint}")
            if names.count(name) > 1:
                raise ValueError(f"{{{name}}} stands twice in the template; write it once")
        if not {"tag", "digest"} & set(names):
            raise ValueError("a template without {tag} and {digest} holds no version")
        if "" in literals[1:-1]:
            raise ValueError("between two placeholders something must stand that ends the first")
        return cls(text)

    def readings(self, line: str, name: ImageName) -> Iterator[dict[str, Span]]:
        """Every way to read a whole line so, as the characters of each placeholder; `{name}` is read as this image."""
        literals, names = _split(self.text)
        if len(line) <= 2 * _LONGEST and line.startswith(literals[0]):
            yield from _fill(line, len(literals[0]), list(zip(names, literals[1:], strict=True)), name)


def _split(text: str) -> tuple[list[str], list[str]]:
    """The text around the placeholders, one piece more than there are of these; and their names."""
    pieces = _PLACEHOLDER.split(text)
    return pieces[::2], pieces[1::2]


def _fill(line: str, at: int, rest: list[tuple[str, str]], name: ImageName) -> Iterator[dict[str, Span]]:
    (placeholder, literal), *others = rest
    last = len(line) - len(literal)
    for end in range(at + 1, min(last, at + _LONGEST_PART) + 1) if others else (last,):
        if not (line.startswith(literal, end) and _fits(placeholder, line[at:end], name)):
            continue
        here = {placeholder: (at, end)}
        if others:
            yield from (here | after for after in _fill(line, end + len(literal), others, name))
        else:
            yield here


def _fits(placeholder: str, text: str, name: ImageName) -> bool:
    match placeholder:
        case "tag":
            return is_tag(text)
        case "digest":
            return is_digest(text)
        case _:
            return name_of(text) == name
