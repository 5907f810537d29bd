"""Small wrong changes of a room, drawn by a seed: cosmic-ray's operators, at places that the dice choose.

A process of its own, for cosmic-ray lies beside the virtual environment: ROOM, SEED and COUNT come in as arguments, a
JSON list goes out.
"""

from __future__ import annotations

import ast
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from tests.mutants.rooms import ROOMS, ROOT

Place = tuple[str, tuple[int, int], tuple[int, int]]
"""A module, where in it something begins, and where it ends."""


def main(room: str, seed: int, count: int) -> None:
    drawn: list[dict[str, str]] = []
    for mutant in draw(room, seed):
        if len(drawn) == count:
            break
        drawn.append(mutant)
    json.dump(drawn, sys.stdout)


def draw(room: str, seed: int) -> Iterator[dict[str, str]]:
    """Each place comes once, with one of the changes that can be made there; what changes nothing is passed over."""
    places = _places(room)
    order = sorted(places)
    dice = Random(f"{room}/{seed}")
    dice.shuffle(order)
    for place in order:
        path, (line, _), _ = place
        name, occurrence = dice.choice(places[place])
        before = (ROOT / path).read_text(encoding="utf-8")
        after = mutate_code(before, get_operator(name)(), occurrence)
        if after is not None and _differ(before, after):
            yield {"path": path, "name": f"{name.partition('/')[2]} at line {line}", "before": before, "after": after}


def _places(room: str) -> dict[Place, list[tuple[str, int]]]:
    """The operators that know what to do at each place of a room, and the how-manieth of theirs in its module it is."""
    known: dict[Place, list[tuple[str, int]]] = defaultdict(list)
    # The others want the names of variables.
    names = [name for name in operator_names() if not get_operator(name).arguments()]
    for path in ROOMS[room].modules(ROOT):
        nodes = list(ast_nodes(get_ast(path.read_text(encoding="utf-8"))))
        for name in names:
            for occurrence, (start, end) in enumerate(_positions(nodes, get_operator(name)())):
                known[path.relative_to(ROOT).as_posix(), start, end].append((name, occurrence))
    return known


def _positions(nodes: list[Any], operator: Any) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    for node in nodes:
        yield from operator.mutation_positions(node)


def _differ(before: str, after: str) -> bool:
    """Whether Python would run something else. Nothing reads annotations; `slots` and `frozen` are no behaviour."""
    try:
        return ast.dump(_bare(after)) != ast.dump(_bare(before))
    except SyntaxError:
        return False


def _bare(source: str) -> ast.Module:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.Call):
            node.keywords = [keyword for keyword in node.keywords if keyword.arg not in ("slots", "frozen")]
    return tree


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
