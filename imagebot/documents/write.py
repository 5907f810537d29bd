"""Pages that the bot writes for people to go on with: plain values and comments in, YAML out, by ruamel.yaml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.tokens import CommentToken

_SHORT = 90


@dataclass(frozen=True, slots=True)
class Noted:
    """A value with a comment on the lines above it and one on its own line; either may be empty."""

    value: Plain
    above: str = ""
    beside: str = ""


Plain = str | bool | Sequence["Plain | Noted"] | Mapping[str, "Plain | Noted"]


def write(page: Mapping[str, Plain | Noted], head: Sequence[str] = ()) -> bytes:
    """The page with `head` as comments at its top. The same input gives the same bytes.

    A short list of words stands on one line, everything else on lines of its own.
    """
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 4096
    chunks: list[bytes] = []
    yaml.dump(_mapping(page, 0), SimpleNamespace(write=chunks.append))
    comments = "".join(f"# {line}\n" if line else "#\n" for line in head)
    return comments.encode() + b"".join(chunks)


def _mapping(page: Mapping[str, Plain | Noted], indent: int) -> CommentedMap:
    node = CommentedMap()
    for key, item in page.items():
        noted = item if isinstance(item, Noted) else Noted(item)
        node[key] = _node(noted.value, indent + 2)
        _comment(node, key, noted, indent)
    return node


def _sequence(items: Sequence[Plain | Noted], indent: int) -> CommentedSeq:
    node = CommentedSeq()
    for index, item in enumerate(items):
        noted = item if isinstance(item, Noted) else Noted(item)
        node.append(_node(noted.value, indent + 2))
        _comment(node, index, noted, indent)
    if all(isinstance(item, str) for item in items) and sum(len(str(item)) + 2 for item in items) <= _SHORT:
        node.fa.set_flow_style()
    return node


def _node(value: Plain, indent: int) -> CommentedMap | CommentedSeq | str | bool:
    if isinstance(value, str | bool):
        return value
    return _mapping(value, indent) if isinstance(value, Mapping) else _sequence(value, indent)


def _comment(node: CommentedMap | CommentedSeq, key: str | int, noted: Noted, indent: int) -> None:
    if noted.above:
        node.yaml_set_comment_before_after_key(key, before=noted.above, indent=indent)
    if noted.beside:
        # As `yaml_add_eol_comment`, which leaves one space where linters want two.
        node.ca.items.setdefault(key, [None] * 4)[2] = CommentToken(f" # {noted.beside}", CommentMark(0), None)
