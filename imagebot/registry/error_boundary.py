"""Errors leave the room without what they saw on their way: whoever keeps one would keep every answer with it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from imagebot.errors import WorldError

P = ParamSpec("P")
T = TypeVar("T")


def leaving_light(method: Callable[P, T]) -> Callable[P, T]:
    """`method`, whose `WorldError`s have neither the frames nor the causes that led to them.

    A pass keeps the errors of its registries to its end, and an error keeps its frames, with all that was being read.
    """

    @wraps(method)
    def light(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except WorldError as error:
            told = copy.copy(error)
        try:
            raise told
        finally:
            del told

    return light
