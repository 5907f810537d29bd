"""A file's bytes become a model, or every problem in it at once."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from imagebot.documents.model import Model
from imagebot.documents.tree import ParsedFile, parse
from imagebot.documents.validation_errors import problems_of
from imagebot.errors import Problem

M = TypeVar("M", bound=Model)


def read(model: type[M], file: str, data: bytes) -> M | tuple[Problem, ...]:
    """Read YAML into `model`; `file` is the name that problems carry. Problems come in the order of the file."""
    document = parse(file, data)
    return fill(model, document) if isinstance(document, ParsedFile) else document


def fill(model: type[M], document: ParsedFile, around: object = None) -> M | tuple[Problem, ...]:
    """The same for a document that is already parsed. What is `around` the file is the validators' context."""
    problems = list(document.problems)
    try:
        # A file has one spelling of each key: field names in Python style are for Python.
        filled = model.model_validate(document.root.plain(), context=around, by_alias=True, by_name=False)
    except ValidationError as error:
        problems += problems_of(error, model, document)
    return tuple(sorted(set(problems))) if problems else filled
