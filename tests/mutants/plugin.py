"""What pytest does for mutants: it notes which test runs and what each takes, or tries those first that tell most."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import pytest


@dataclass(frozen=True)
class Order:
    """`first` are the tests to begin with, `limits_s` how many seconds each known test may take.

    Tests that nobody knows yet come before them: they may have been written for this very mutant. What is not `first`
    comes last, or not at all where `only` says so.
    """

    first: tuple[str, ...]
    limits_s: dict[str, float]
    only: bool

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, file: Path) -> Self:
        return cls(**json.loads(file.read_text()))

    def files(self, count: int) -> list[str]:
        """Those that the first so many tests are in."""
        return list(dict.fromkeys(test.partition("::")[0] for test in self.first[:count]))

    def sort(self, tests: Sequence[str]) -> list[str]:
        """These tests as they are to be run."""
        ranks = {test: number for number, test in enumerate(self.first)}
        new = [test for test in tests if test not in self.limits_s]
        first = sorted((test for test in tests if test in ranks), key=ranks.__getitem__)
        rest = [test for test in tests if test in self.limits_s and test not in ranks]
        return [*new, *first, *([] if self.only else rest)]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--notes", type=Path, required=True, help="a folder for what is known of the tests")
    parser.addoption("--order", type=Path, help="an order of tests as it was written")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Noting(config.option.notes))
    if config.option.order is not None:
        config.pluginmanager.register(_Ordering(Order.read(config.option.order)))


class _Noting:
    """Keeps `current` in the folder, the test that runs, and in the end `seconds.json`, which says what each took."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._folder.joinpath("current").write_text(item.nodeid)
        if "coverage" in sys.modules:
            sys.modules["coverage"].Coverage.current().switch_context(item.nodeid)
        began = time.monotonic()
        result = yield
        self._seconds[item.nodeid] = time.monotonic() - began
        return result

    def pytest_sessionfinish(self) -> None:
        self._folder.joinpath("seconds.json").write_text(json.dumps(self._seconds))


class _Ordering:
    def __init__(self, order: Order) -> None:
        self._order = order

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        known = {item.nodeid: item for item in items}
        items[:] = [known[test] for test in self._order.sort(list(known))]
        for item in items:
            if (limit := self._order.limits_s.get(item.nodeid)) is not None:
                item.add_marker(pytest.mark.timeout(limit), append=False)
