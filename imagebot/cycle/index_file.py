"""The index of fields on disk, beside the mirror: a process that begins parses what changed since the last one.

A cache, which may be deleted at any time: whatever is not just what this very program wrote about just these watches
is as good as not there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from imagebot.errors import Problem
from imagebot.fields.field import Field, Found, NoField, Part, Spot, Value
from imagebot.images.reference import ImageName
from imagebot.plan.claims import FileFields
from imagebot.private import make_private
from imagebot.regular import open_regular
from imagebot.yamledit.tree import Alias, Scalar

MOST_BYTES = 64 * 1024 * 1024
_MOST_ABOUT = 200
_TUPLE, _DICT, _NODE, _PART, _FIRST = range(5)
_KINDS: tuple[type, ...] = (FileFields, Found, Field, NoField, Spot, Value, ImageName, Problem, Scalar, Alias)
_KEYS = {kind: (number, tuple(each.name for each in fields(kind))) for number, kind in enumerate(_KINDS, _FIRST)}
# What decides what a file is found to hold; a change of any of it makes all that is kept void.
_PROGRAM = (
    "fields",
    "yamledit",
    "images",
    "cycle/index.py",
    "cycle/index_file.py",
    "plan/claims.py",
    "errors.py",
    "policy/paths.py",
)

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """What files hold, by path and blob, and the blobs that hold nothing, whatever their path is.

    Of which commit that is all, if it is, and how many files that has, and how many that are left out.
    """

    held: Mapping[Key, FileFields] = field(default_factory=dict)
    empty: frozenset[str] = frozenset()
    commit: str = ""
    listed: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class IndexFile:
    """The file of one environment repository."""

    path: Path

    def read(self, watched: str) -> Kept:
        """What was kept about these watches; nothing if there is any doubt."""
        try:
            with open_regular(self.path) as file:
                head = file.readline(1024)
                body = file.read(MOST_BYTES + 1)
            if head != _head(watched, body):
                return Kept()
            about, empty, *lines = body.splitlines()
            return Kept(dict(map(_entry, lines)), frozenset(empty.decode().split()), *json.loads(about))
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            return Kept()

    def write(self, watched: str, kept: Kept) -> None:
        """Keep this instead, whole or not at all; only who holds the lock of the state may.

        That it cannot be kept is no trouble: it is parsed again.
        """
        if not _program():
            return
        lines = [" ".join(sorted(kept.empty)).encode()]
        room = MOST_BYTES - len(lines[0]) - _MOST_ABOUT
        commit = kept.commit
        for key, known in kept.held.items():
            line = _line(key, known)
            if line is not None and (room := room - len(line) - 1) >= 0:
                lines.append(line)
            else:
                commit = ""
        body = b"\n".join((json.dumps([commit, kept.listed, kept.unreadable]).encode(), *lines))
        beside = self.path.with_name(f"{self.path.name}.new")
        with suppress(OSError):
            make_private(self.path.parent)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
                file.write(_head(watched, body) + body)
            beside.replace(self.path)


def _head(watched: str, body: bytes) -> bytes:
    """The first line: of which program, about what, and a sum of the rest."""
    return f"imagebot {_program()} {watched} {hashlib.sha256(body).hexdigest()}\n".encode()


@cache
def _program() -> str:
    """A digest of the code that finds fields; empty where it cannot be read."""
    here = Path(__file__).parent.parent
    digest = hashlib.sha256()
    try:
        for part in _PROGRAM:
            for file in sorted((here / part).glob("*.py")) or [here / part]:
                digest.update(file.read_bytes())
    except OSError:
        return ""
    return digest.hexdigest()


def _line(key: Key, known: FileFields) -> bytes | None:
    nodes: dict[int, int] = {}
    plain_nodes: list[Any] = []
    try:
        plain = _plain(known, nodes, plain_nodes)
    except TypeError:
        return None
    return json.dumps([*key, plain_nodes, plain], separators=(",", ":")).encode()


def _plain(value: Any, nodes: dict[int, int], written: list[Any]) -> Any:
    """A value as JSON has it; scalars stand once, however many fields they have. Raises `TypeError` for others."""
    kind = type(value)
    if value is None or kind in (str, int, bool):
        return value
    if kind is Part:
        return [_PART, value.value]
    if kind is tuple:
        return [_TUPLE, *(_plain(item, nodes, written) for item in value)]
    if isinstance(value, Mapping):
        return [_DICT, *(_plain(item, nodes, written) for pair in value.items() for item in pair)]
    if kind in (Scalar, Alias) and id(value) in nodes:
        return [_NODE, nodes[id(value)]]
    if kind not in _KEYS:
        raise TypeError(kind)
    number, names = _KEYS[kind]
    plain = [number, *(_plain(getattr(value, name), nodes, written) for name in names)]
    if kind not in (Scalar, Alias):
        return plain
    nodes[id(value)] = len(written)
    written.append(plain)
    return [_NODE, nodes[id(value)]]


def _entry(line: bytes) -> tuple[Key, FileFields]:
    path, blob, written, plain = json.loads(line)
    nodes: list[Any] = []
    for node in written:
        nodes.append(_value(node, nodes))
    return (path, blob), _value(plain, nodes)


def _value(plain: Any, nodes: list[Any]) -> Any:
    if type(plain) is not list:
        return plain
    number = plain[0]
    if number == _NODE:
        return nodes[plain[1]]
    if number == _PART:
        return Part(plain[1])
    values = [_value(item, nodes) for item in plain[1:]]
    if number == _TUPLE:
        return tuple(values)
    if number == _DICT:
        return dict(zip(values[::2], values[1::2], strict=True))
    return _KINDS[number - _FIRST](*values)
