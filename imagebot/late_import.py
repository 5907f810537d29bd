"""Libraries that another library imports at once, and that hardly anybody uses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


@contextmanager
def imported_late(name: str) -> Iterator[None]:
    """Who imports the library `name` meanwhile gets one that is loaded when something of it is used, afterwards.

    Modules within it cannot be imported meanwhile: who can do without them does.
    """
    if name in sys.modules:
        yield
        return
    module = ModuleType(name)

    def get(attribute: str) -> Any:
        if sys.modules.get(name) is module:
            raise AttributeError(attribute)
        return getattr(import_module(name), attribute)

    vars(module)["__getattr__"] = get
    sys.modules[name] = module
    try:
        yield
    finally:
        del sys.modules[name]
