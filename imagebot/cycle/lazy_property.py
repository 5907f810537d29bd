"""A property that is made when it is first read, by one thread, while others may make that of other objects.

`functools.cached_property` has one lock for all objects before Python 3.12: there a forge that is silent would keep
those waiting who ask another forge the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801 read as a decorator, like `property`
    """What its function returned the first time, kept with the object. What it raised is not kept."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> T | Self:
        if instance is None:
            return self
        kept = instance.__dict__
        with kept.setdefault(f"{self._name} lock", threading.RLock()):
            if self._name not in kept:
                kept[self._name] = self._make(instance)
            made: T = kept[self._name]
            return made
