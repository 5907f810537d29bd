"""What a YAML file says, as a light tree that knows where each scalar stands.

Offsets count bytes of the file; lines and columns count from 1, columns in characters.
"""

from __future__ import annotations

from dataclasses import dataclass

WORD = "word"


@dataclass(frozen=True, slots=True)
class NotYaml:
    """Why a file could not be read, and where. What is `beyond` the limits may be sound YAML all the same."""

    line: int
    column: int
    message: str
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class Scalar:
    """One scalar. `start` and `end` enclose it as written, with its quotes and without its anchor and tag.

    `style` is `''` (plain), `"'"`, `'"'`, `'|'` or `'>'`; `WORD` for a word of a file that is no YAML.
    `within` is the scalar of the file whose text is YAML that this one stands in: then offsets count bytes of that
    text, lines and columns still those of the file.
    """

    value: str
    style: str
    start: int
    end: int
    line: int
    column: int
    anchor: str | None = None
    tag: str | None = None
    within: Scalar | None = None

    @property
    def place(self) -> tuple[int, int]:
        """Where in the file it stands, as a key: no other scalar has it."""
        return (self.within.start, self.start) if self.within else (-1, self.start)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    start: int
    line: int
    column: int
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """A map, its pairs as they stand: a key may occur twice."""

    pairs: tuple[tuple[Node, Node], ...]
    start: int
    line: int
    column: int
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Alias:
    """`*name`. `target` is what it stood for here: None where nothing did, or a collection around this very place."""

    name: str
    target: Scalar | Sequence | Mapping | None
    start: int
    line: int
    column: int


Node = Scalar | Sequence | Mapping | Alias


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a stream, and every alias in it, in order."""

    root: Node
    aliases: tuple[Alias, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A document that was not read, because nothing is sought in it."""
