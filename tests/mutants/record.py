"""What the tests of a room run where nothing is wrong: which test runs which line, and how long each takes.

So a mutant meets those tests first that run what is wrong with it, the quickest before all. The record says no more
than that order: whoever notices a mutant has to pass without it.
"""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.mutant import Mutant
from tests.mutants.plugin import Order
from tests.mutants.trial import AN_HOUR_S, PATIENCE, Copy
from tests.set_up import MUTATOR

# A test that hangs is killed by the clock. The machine may be busier than it was when the tests ran unharmed.
AT_LEAST_S = 20.0
SITE = Path(__file__).with_name("sitecustomize.py")
MODULES, LINES, SECONDS = "modules.json", "lines", "seconds.json"
COVERAGERC = """\
[run]
data_file = {notes}/lines
parallel = true
patch = _exit
include =
    {modules}
disable_warnings = no-data-collected, module-not-measured, trace-changed, couldnt-parse
"""
Lines = Mapping[int, Sequence[str]]
"""The tests that run each line of a module."""


@dataclass(frozen=True)
class Record:
    """`seconds` is what each test takes."""

    folder: Path
    seconds: Mapping[str, float]

    def order(self, mutant: Mutant) -> Order:
        """First those that run what was changed, or else the least round about it that any test runs.

        What runs as its module is imported may be noticed by anybody, so then the others come too.
        """
        lines = self._lines(mutant.path)
        limits = {test: AT_LEAST_S + PATIENCE * seconds for test, seconds in self.seconds.items()}
        changed, bodies = frozenset(mutant.changed()), bodies_of(mutant)
        for span in spans(mutant):
            if found := {test for line in span & bodies for test in lines.get(line, ()) if test in limits}:
                return Order(tuple(sorted(found, key=lambda test: self.seconds[test])), limits, changed <= bodies)
        return Order((), limits, only=False)

    def _lines(self, path: str) -> Lines:
        from coverage import CoverageData  # noqa: PLC0415  it lies beside the virtual environment

        data = CoverageData(str(self.folder / LINES))
        data.read()
        file = next((file for file in data.measured_files() if file.endswith(f"/{path}")), None)
        return data.contexts_by_lineno(file) if file else {}


def recorded(copy: Copy, folder: Path, mutants: Sequence[Mutant], tests: Sequence[str]) -> Record:
    """What was kept in this folder, or a new one where it is of other modules than those of the mutants."""
    if str(MUTATOR) not in sys.path:
        sys.path.append(str(MUTATOR))
    modules = {mutant.path: hashlib.sha256(mutant.before.encode()).hexdigest() for mutant in mutants}
    kept = json.loads((folder / MODULES).read_text()) if (folder / MODULES).exists() else {}
    if not modules.items() <= kept.items():
        _record(copy, folder, modules, tests)
    return Record(folder, json.loads((folder / SECONDS).read_text()))


def _record(copy: Copy, folder: Path, modules: Mapping[str, str], tests: Sequence[str]) -> None:
    from coverage import Coverage  # noqa: PLC0415  as above

    notes = copy.notes
    (notes / "mutator").write_text(str(MUTATOR))
    (notes / "current").write_text("")
    rc = COVERAGERC.format(notes=notes, modules="\n    ".join(str(copy.folder / path) for path in modules))
    (notes / "coveragerc").write_text(rc)
    site = copy.folder / SITE.name
    shutil.copy(SITE, site)
    copy.pytest(tests, AN_HOUR_S)
    site.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    Coverage(data_file=str(folder / LINES), config_file=False, messages=False).combine([str(notes)])
    shutil.copy(notes / SECONDS, folder)
    (folder / MODULES).write_text(json.dumps(modules))


def spans(mutant: Mutant) -> Iterator[frozenset[int]]:
    """The lines that were changed, and then those of what stands round about them, from within."""
    changed = frozenset(mutant.changed())
    yield changed
    nodes = (node for node in ast.walk(ast.parse(mutant.before)) if isinstance(node, (ast.expr, ast.stmt)))
    yield from sorted((span for span in map(_span, nodes) if changed <= span), key=len)
    yield frozenset(range(1, len(mutant.before.splitlines()) + 1))


def bodies_of(mutant: Mutant) -> frozenset[int]:
    """The lines of all functions, which run when these are called; any other line runs as its module is imported."""
    functions = [node for node in ast.walk(ast.parse(mutant.before)) if isinstance(node, ast.FunctionDef)]
    return frozenset(line for function in functions for part in function.body for line in _span(part))


def _span(node: ast.expr | ast.stmt) -> frozenset[int]:
    decorators = node.decorator_list if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else []
    first = min(part.lineno for part in (node, *decorators))
    return frozenset(range(first, (node.end_lineno or first) + 1))
