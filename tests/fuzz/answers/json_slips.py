"""JSON as a server means it, and what another version of it, a proxy or a foe makes of it.

What goes out is text and no value: a key that comes twice, half a character or a number without end are no values of
Python's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

Node = list[Any]
"""`["{", [key, node], …]`, `["[", node, …]` or `["", text]`: JSON that can be broken anywhere."""


@dataclass(frozen=True)
class _Spot:
    """A place in a document: a child of `parent`, or the document itself."""

    parent: Node
    at: int

    def get(self) -> Node:
        found: Node = self.parent[self.at]
        return found

    def put(self, node: Node) -> None:
        self.parent[self.at] = node


_TIMES = (
    "2026-01-01T12:00:00Z",
    "2026-01-01T12:00:00",
    "0000-00-00T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "99999-01-01T00:00:00Z",
    "2026-13-45T99:99:99Z",
    "2026-01-01",
    "1767268800",
    "-292277022399-01-01T00:00:00Z",
)
_TEXTS = (
    "",
    " ",
    "null",
    "true",
    "0",
    "-1",
    "..",
    "../../../etc/passwd",
    "https://169.254.169.254/latest/meta-data",
    "file:///etc/passwd",
    "//evil.test/",
    "sha256:" + "0" * 64,
    "sha256:" + "A" * 64,
    "sha256:",
    "sha999:" + "0" * 64,
    "1.2.3",
    "v1.0.0+build",
    "latest",
    "a/b:c@d",
    "refs/heads/main",
    "imagebot/staging/shop",
    "é日本🚀",
    "\x00",
    "\x1b[31m\x07",
    "\u202e",
    "a\r\nSet-Cookie: x",
    "<!-- imagebot:v1 e30= -->",
    "<!-- imagebot:v1 bnVsbA== -->",
    "<!-- imagebot:v1 W10= -->",
    "- [x] <!-- imagebot:rebuild -->",
    "\N{FULLWIDTH DIGIT ONE}",
    "\N{ARABIC-INDIC DIGIT THREE}",
    "open",
    "closed",
    "merged",
    "OPEN",
    *_TIMES,
)
_BARE = (
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1",
    "1.5",
    "1e400",
    "-1e400",
    "1E-400",
    "NaN",
    "Infinity",
    "-Infinity",
    "2147483648",
    "9223372036854775808",
    "18446744073709551616",
    "253402300800",
    "9" * 400,
    "9" * 5_000,
    "[]",
    "{}",
    "[[]]",
    "[null]",
    "[0]",
    '[""]',
    '{"": null}',
    '"\\ud800"',
    '"\\udfff\\ud800x"',
    '"\\u0000"',
    '{"\\ud800": "\\ud800"}',
    '"' + "a" * 5_000 + '"',
    "[" * 200 + "]" * 200,
    "[" * 100_000,
    '{"a":' * 50_000,
    '"\\q"',
    "'x'",
    "undefined",
    "01",
    "+1",
    "",
)


def slipped(body: bytes, dice: Random) -> bytes:
    """The same body after a slip or a few; as it is where it is no JSON."""
    try:
        root = [_noded(json.loads(body))]
    except (ValueError, RecursionError):
        return body
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        spots = list(_spots(root))
        dice.choice(_SLIPS)(dice.choice(spots), spots, dice)
    return _text(root[0]).encode(errors="surrogatepass")


def _noded(value: Any) -> Node:
    if isinstance(value, dict):
        return ["{", *([json.dumps(key), _noded(item)] for key, item in value.items())]
    if isinstance(value, list):
        return ["[", *map(_noded, value)]
    return ["", json.dumps(value)]


def _spots(root: Node) -> Iterator[_Spot]:
    waiting = [_Spot(root, 0)]
    while waiting:
        spot = waiting.pop()
        yield spot
        node = spot.get()
        if node[0] == "{":
            waiting += [_Spot(pair, 1) for pair in node[1:]]
        elif node[0] == "[":
            waiting += [_Spot(node, at) for at in range(1, len(node))]


def _text(node: Node) -> str:
    if node[0] == "{":
        return "{" + ", ".join(f"{key}: {_text(value)}" for key, value in node[1:]) + "}"
    if node[0] == "[":
        return "[" + ", ".join(map(_text, node[1:])) + "]"
    return str(node[1])


def _odd(dice: Random) -> Node:
    return ["", dice.choice(_BARE) if dice.random() < 0.6 else json.dumps(dice.choice(_TEXTS))]


def _another_value(spot: _Spot, spots: list[_Spot], dice: Random) -> None:
    spot.put(_odd(dice))


def _from_elsewhere(spot: _Spot, spots: list[_Spot], dice: Random) -> None:
    """A value of another type, but one that the server does send. It shares nothing with where it came from."""
    spot.put(_copied(dice.choice(spots).get()))


def _copied(node: Node) -> Node:
    if node[0] == "{":
        return ["{", *([key, _copied(value)] for key, value in node[1:])]
    if node[0] == "[":
        return ["[", *map(_copied, node[1:])]
    return list(node)


def _wrapped(spot: _Spot, spots: list[_Spot], dice: Random) -> None:
    inner = spot.get()
    spot.put(["[", inner] if dice.random() < 0.5 else ["{", ['"value"', inner]])


def _left_out(spot: _Spot, spots: list[_Spot], dice: Random) -> None:
    node = spot.get()
    if node[0] and len(node) > 1:
        del node[dice.randrange(1, len(node))]


def _twice(spot: _Spot, spots: list[_Spot], dice: Random) -> None:
    """A key or an item comes again: as it was, or as something else."""
    node = spot.get()
    if not node[0] or len(node) == 1:
        return
    again = dice.choice(node[1:])
    if node[0] == "{":
        node.append([again[0], _copied(again[1]) if dice.random() < 0.5 else _odd(dice)])
    else:
        node += [_copied(again) for _ in range(dice.choice((1, 1, 3, 200)))]


def _added(spot: _Spot, spots: list[_Spot], dice: Random) -> None:
    node = spot.get()
    if node[0] == "{":
        node.append([json.dumps(dice.choice(_TEXTS)), _odd(dice)])
    elif node[0] == "[":
        node.insert(dice.randrange(1, len(node) + 1), _odd(dice))


def _renamed(spot: _Spot, spots: list[_Spot], dice: Random) -> None:
    node = spot.get()
    if node[0] == "{" and len(node) > 1:
        pair = dice.choice(node[1:])
        pair[0] = dice.choice((json.dumps(dice.choice(_TEXTS)), pair[0].upper(), '"\\ud800"'))


_SLIPS: tuple[Callable[[_Spot, list[_Spot], Random], None], ...] = (
    _another_value,
    _another_value,
    _another_value,
    _from_elsewhere,
    _from_elsewhere,
    _wrapped,
    _left_out,
    _left_out,
    _twice,
    _added,
    _renamed,
)
