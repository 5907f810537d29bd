"""What a YAML file says, as a light tree that knows where each scalar stands.

Offsets count bytes of the file; lines and columns count from 1, columns in characters. Files have nodes by the hundred
thousand, and `frozen` makes each four times as dear: these are so by their types.
"""

from __future__ import annotations

from typing import Final

from imagebot.values import dataclass

WORD = "word"


@dataclass(frozen=True, slots=True)
class NotYaml:
    """Why a file could not be read, and where. What is `beyond` the limits may be sound YAML all the same."""

    line: int
    column: int
    message: str
    beyond: bool = False


@dataclass(slots=True, unsafe_hash=True)
class Scalar:
    """One scalar. `start` and `end` enclose it as written, with its quotes and without its anchor and tag.

    `style` is `''` (plain), `"'"`, `'"'`, `'|'` or `'>'`; `WORD` for a word of a file that is no YAML.
    `within` is the scalar of the file whose text is YAML that this one stands in: then offsets count bytes of that
    text, lines and columns still those of the file.
    """

    value: Final[str]
    style: Final[str]
    start: Final[int]
    end: Final[int]
    line: Final[int]
    column: Final[int]
    anchor: Final[str | None] = None
    tag: Final[str | None] = None
    within: Final[Scalar | None] = None

    @property
    def place(self) -> tuple[int, int]:
        """Where in the file it stands, as a key: no other scalar has it."""
        return (self.within.start, self.start) if self.within else (-1, self.start)


@dataclass(slots=True, unsafe_hash=True)
class Sequence:
    """A list."""

    items: Final[tuple[Node, ...]]
    start: Final[int]
    line: Final[int]
    column: Final[int]
    anchor: Final[str | None] = None


@dataclass(slots=True, unsafe_hash=True)
class Mapping:
    """A map, its pairs as they stand: a key may occur twice."""

    pairs: Final[tuple[tuple[Node, Node], ...]]
    start: Final[int]
    line: Final[int]
    column: Final[int]
    anchor: Final[str | None] = None


@dataclass(slots=True, unsafe_hash=True)
class Alias:
    """`*name`. `target` is what it stood for here: None where nothing did, or a collection around this very place."""

    name: Final[str]
    target: Final[Scalar | Sequence | Mapping | None]
    start: Final[int]
    line: Final[int]
    column: Final[int]


Node = Scalar | Sequence | Mapping | Alias


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a stream, and every alias in it, in order."""

    root: Node
    aliases: tuple[Alias, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A document that was not read, because nothing is sought in it."""
