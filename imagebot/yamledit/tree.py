"""What a YAML file says, as a light tree that knows where each scalar stands.

Offsets count bytes of the file; lines and columns count from 1, columns in characters. Files have nodes by the hundred
thousand, and `frozen` makes each four times as dear: these are so by their types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

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


class ScalarEvent(Protocol):
    """A scalar as the parser gives it. Who has a tree need not know the parser: to load it takes long."""

    value: str
    style: str | None


class Original(Protocol):
    """What a tree was read from: tells where the parser's events stand, and makes nodes of them."""

    def where(self, event: Any) -> tuple[int, int, int]:
        """At which byte, line and column an event begins."""
        ...

    def scalar(self, event: Any) -> Scalar:
        """The scalar that an event is."""
        ...


class Collection:
    """A list or a map. `inside` are its items, or its keys and values in turn; `below` the lists and maps among them.

    Of most scalars nobody asks where they stand: they are inside as the parser gave them, and become nodes when
    somebody does.
    """

    __slots__ = ("_begin", "_original", "below", "inside")

    def __init__(
        self,
        begin: object,
        inside: list[Unmade],
        below: list[tuple[int, Collection]],
        original: Original,
    ) -> None:
        self.inside: Final = inside
        self.below: Final = below
        self._begin: Final = begin
        self._original: Final = original

    def node(self, index: int) -> Node:
        """One of what is inside."""
        node = self.inside[index] = as_node(self.inside[index], self._original)
        return node

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All that is inside; in a map each key is before its value."""
        return tuple(map(self.node, range(len(self.inside))))

    @property
    def start(self) -> int:
        return self._original.where(self._begin)[0]

    @property
    def line(self) -> int:
        return self._original.where(self._begin)[1]

    @property
    def column(self) -> int:
        return self._original.where(self._begin)[2]


class Sequence(Collection):
    """A list."""

    __slots__ = ()

    @property
    def items(self) -> tuple[Node, ...]:
        return self.nodes


class Mapping(Collection):
    """A map, its pairs as they stand: a key may occur twice."""

    __slots__ = ()

    @property
    def pairs(self) -> tuple[tuple[Node, Node], ...]:
        nodes = self.nodes
        return tuple(zip(nodes[::2], nodes[1::2], strict=True))

    @property
    def names(self) -> list[str]:
        """Those of its keys that are scalars."""
        return [key.value for key in self.inside[::2] if not isinstance(key, _NO_SCALAR)]

    def key(self, index: int) -> str | None:
        """The key of the value at this place inside; None if that is a key itself, or has one that is no scalar."""
        key = self.inside[index - 1] if index % 2 else None
        return None if key is None or isinstance(key, _NO_SCALAR) else key.value

    def is_plain(self, index: int) -> bool:
        """Whether what is at this place inside is a scalar without quotes, and no block."""
        item = self.inside[index]
        return not isinstance(item, _NO_SCALAR) and not item.style


@dataclass(slots=True, unsafe_hash=True)
class Alias:
    """`*name`. `target` is what it stood for here: None where nothing did, or a collection around this very place."""

    name: Final[str]
    target: Final[Scalar | Sequence | Mapping | None]
    start: Final[int]
    line: Final[int]
    column: Final[int]


_NO_SCALAR = (Collection, Alias)
_NODES = (Scalar, Collection, Alias)
Node = Scalar | Sequence | Mapping | Alias
Unmade = ScalarEvent | Node


def as_node(item: Unmade, original: Original) -> Node:
    """What is inside a collection or a document, as a node."""
    return item if isinstance(item, _NODES) else original.scalar(item)


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a stream, and every alias in it, in order."""

    root: Node
    aliases: tuple[Alias, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A document that was not read, because nothing is sought in it, and from where to where it goes in the bytes."""

    start: int
    end: int
