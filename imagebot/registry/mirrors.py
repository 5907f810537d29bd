"""Which registry is asked about an image: its own, or a mirror of that, with or without falling back.

A mirror answers for nobody but itself. What it does not have may be at the registry all the same, so its "not found"
attests nothing; where the settings want it, the registry itself has the last word.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from imagebot.errors import NotFound, WorldError
from imagebot.images.reference import ImageName
from imagebot.settings.resolve import RegistrySettings

P = ParamSpec("P")
T = TypeVar("T")


class Routed(Protocol):
    """Who knows where images are asked for."""

    @property
    def settings(self) -> Mapping[str, RegistrySettings]:
        """What is special about registries, by canonical host."""


R = TypeVar("R", bound=Routed)


def places(settings: Mapping[str, RegistrySettings], name: ImageName) -> tuple[ImageName, ...]:
    """Where `name` is asked for, in this order: as a mirror names it, and as it is itself."""
    listed = settings.get(name.registry)
    mirror = None if listed is None else listed.mirrored
    if mirror is None:
        return (name,)
    there = mirror.url.name(name.repository)
    return (there, name) if mirror.fallback else (there,)


def by_mirror(method: Callable[Concatenate[R, ImageName, P], T]) -> Callable[Concatenate[R, ImageName, P], T]:
    """A question about an image, put where the settings say: what is raised tells who was asked."""

    @wraps(method)
    def asked(self: R, name: ImageName, /, *args: P.args, **kwargs: P.kwargs) -> T:
        first, *rest = places(self.settings, name)
        try:
            answer = method(self, first, *args, **kwargs)
        except WorldError as error:
            if first == name:
                raise
            failed: WorldError = _of_a_mirror(error, first, name)
        else:
            if answer is not False or not rest:
                return answer
            return method(self, rest[0], *args, **kwargs)
        if not rest:
            raise failed
        return _by_itself(lambda: method(self, rest[0], *args, **kwargs), failed)

    return asked


def _by_itself(question: Callable[[], T], failed: WorldError) -> T:
    """What the registry itself says; where that is an error too, it is told beside the mirror's."""
    try:
        return question()
    except WorldError as error:
        raise _saying(error, f"{failed}; then {error}") from None


def _of_a_mirror(error: WorldError, mirror: ImageName, name: ImageName) -> WorldError:
    told = _saying(error, f"{error} ({mirror.registry} is the mirror of {name.registry} in imagebot.yaml)")
    if isinstance(told, NotFound):
        told.absent = ""
    return told


def _saying(error: WorldError, words: str) -> WorldError:
    """The same error in other words."""
    told = copy.copy(error)
    told.args = (words,)
    return told
