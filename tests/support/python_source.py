"""A Python file as the rules of the house see it. Read with `ast`: a word in a comment or a string breaks no rule."""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Signature:
    """A function as the rules see it; `parameters` is 0 for a verb, of which click makes one for each flag."""

    name: str
    line: int
    lines: int
    parameters: int


@dataclass(frozen=True, slots=True)
class Source:
    """What the rules want to know of a file, read in one go: all their trees at once take 200 MB.

    `uses` are all names that it imports or reads, in full, and the lines; what is its own begins with `here.`.
    """

    docstring: str | None
    uses: dict[str, tuple[int, ...]]
    functions: tuple[Signature, ...]
    classes: tuple[str, ...]
    makes_proofs: bool


@cache
def source(path: Path) -> Source:
    tree = parsed(path)
    nodes = list(ast.walk(tree))
    uses: dict[str, list[int]] = defaultdict(list)
    for name, line in _names(nodes):
        uses[name].append(line)
    return Source(
        ast.get_docstring(tree),
        {name: tuple(lines) for name, lines in uses.items()},
        tuple(_signature(node) for node in nodes if isinstance(node, Function)),
        tuple(node.name for node in nodes if isinstance(node, ast.ClassDef)),
        any(isinstance(node, ast.Call) and _makes_proof(node) for node in nodes),
    )


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), str(path))


def is_or_is_in(name: str, banned: str) -> bool:
    """`datetime.datetime.now` is `datetime.now`, `unittest.mock.patch` is in `unittest.mock`; `x.eval` is no `eval`."""
    return f".{banned}." in f".{name}." if "." in banned else f"{name}.".startswith(f"{banned}.")


def _imports(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """What each name that this file imports is in full: `{"now": "datetime.datetime.now"}`."""
    names: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.asname: alias.name for alias in node.names if alias.asname}
            # `import os.path` binds `os`.
            first = (alias.name.partition(".")[0] for alias in node.names if not alias.asname)
            names |= {name: name for name in first}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _dotted(node: ast.expr) -> str:
    """`a.b.c` as it is written, empty for any other expression."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute) if before := _dotted(value):
            return f"{before}.{attribute}"
        case _:
            return ""


def _names(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, int]]:
    """Every name, in full, and its line."""
    full = _imports(nodes)
    for node in nodes:
        match node:
            case ast.Import(names=aliases):
                yield from ((alias.name, node.lineno) for alias in aliases)
            case ast.ImportFrom(module=str(module), names=aliases, level=0):
                yield from ((f"{module}.{alias.name}", node.lineno) for alias in aliases)
            case ast.Name() | ast.Attribute():
                first, dot, rest = _dotted(node).partition(".")
                origin = full.get(first, first if hasattr(builtins, first) else f"here.{first}")
                yield origin + dot + rest, node.lineno


def _signature(node: Function) -> Signature:
    arguments = node.args
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    parameters = 0 if _is_click_command(node) else len([name for name in names if name not in ("self", "cls")])
    return Signature(node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1, parameters)


def _is_click_command(node: Function) -> bool:
    """A verb takes each of its flags as a parameter: click leaves no choice."""
    calls = (item.func if isinstance(item, ast.Call) else item for item in node.decorator_list)
    return any(_dotted(call).endswith((".command", ".option", ".argument")) for call in calls)


def _makes_proof(node: ast.Call) -> bool:
    """Whether the call makes `Proved` of something, or casts something to it."""
    name = _dotted(node.func)
    return name.endswith("Proved") or (
        name.endswith("cast") and bool(node.args) and "Proved" in ast.unparse(node.args[0])
    )
