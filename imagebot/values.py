"""`dataclass` as the standard library has it, made faster: a start makes hundreds of classes, and waits for each.

What is frozen and has slots is nearly all of them. There the standard library compiles six methods for each class; this
compiles one, and the rest are the same functions for all. Everything else is left to it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, Field, FrozenInstanceError
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]


def _dataclass(cls: type | None = None, /, **how: bool) -> Any:
    """`dataclasses.dataclass`, and all that it can be told."""
    if how != {"frozen": True, "slots": True} or (cls is not None and not _is_plain(cls)):
        return dataclasses.dataclass(cls, **how)
    return partial(_dataclass, **how) if cls is None else _frozen(cls)


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _dataclass


def _is_plain(cls: type) -> bool:
    """Whether each field is an argument of `__init__`, by its place or name, and all of those above are such, too."""
    above = [base for base in cls.__mro__[1:] if dataclasses.is_dataclass(base)]
    own = [each for each in vars(cls).values() if isinstance(each, Field)]
    odd = [each for each in own if not each.init or each.kw_only is True or each.hash is not None]
    return not odd and all(base.__setattr__ is _refuse for base in above)


def _frozen(cls: type) -> Any:
    own = vars(cls)
    made: Any = dataclasses.dataclass(cls, init=False, repr=False, eq=False, slots=True)
    fields = dataclasses.fields(made)
    compared = attrgetter(*names) if (names := [each.name for each in fields if each.compare]) else type
    ours = {
        "__init__": _init(made, fields),
        "__repr__": _shown,
        "__eq__": lambda one, other: (
            compared(one) == compared(other) if other.__class__ is one.__class__ else NotImplemented
        ),
        "__hash__": lambda one: hash(compared(one)),
        "__setattr__": _refuse,
        "__delattr__": _refuse,
        "__getstate__": _state,
        "__setstate__": _set_state,
    }
    for name, method in ours.items():
        if name not in own or own[name] is None:
            setattr(made, name, method)
    return made


def _init(cls: Any, fields: tuple[Field[Any], ...]) -> Any:
    """What sets each slot by its descriptor: past `__setattr__`, and faster than by it."""
    known: dict[str, Any] = {"MISSING": MISSING}
    arguments, lines = ["self"], []
    for number, each in enumerate(fields):
        known[f"set{number}"] = getattr(cls, each.name).__set__
        value = each.name
        if each.default is not MISSING:
            known[f"default{number}"] = each.default
            arguments.append(f"{value}=default{number}")
        elif each.default_factory is not MISSING:
            known[f"make{number}"] = each.default_factory
            arguments.append(f"{value}=MISSING")
            value = f"make{number}() if {value} is MISSING else {value}"
        else:
            arguments.append(value)
        lines.append(f" set{number}(self, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    exec(f"def __init__({', '.join(arguments)}):\n" + "\n".join(lines or [" pass"]), known)  # noqa: S102 names alone
    init = known["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__module__ = cls.__module__
    return init


def _refuse(_: object, name: str, *value: object) -> None:
    raise FrozenInstanceError(f"cannot {'assign to' if value else 'delete'} field {name!r}")


def _shown(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(self) if each.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
