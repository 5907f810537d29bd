"""What the docstring under each field of a model says. Read when a schema is asked for: no other verb needs it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from functools import cache
from itertools import pairwise

from imagebot.documents.model import Model


def docstrings(model: type[Model]) -> Mapping[str, str]:
    """The text below each field of a model, by the field's name; those of the classes it is made of come along."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, Model):
            found |= _of(each)
    return found


@cache
def _of(model: type[Model]) -> Mapping[str, str]:
    (written,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(written, ast.ClassDef), "the source of a class is a class"
    found = {}
    for field, below in pairwise(written.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str() as text)):
                found[name] = inspect.cleandoc(text)
    return found
