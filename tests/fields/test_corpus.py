"""Every field of hundreds of public files: to another tag and back, and nothing else moves."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagebot.fields.edit import edit, wanted
from imagebot.fields.field import Field, Value
from imagebot.fields.find import find
from tests.support.shared import corpus


def elsewhere(field: Field) -> Value:
    """Another version of the same form: a number that had no quotes stays one."""
    old = field.tag or "latest"
    tag = old[:-1] + ("1" if old[-1] != "1" else "2")
    return wanted(field, Value(tag, "sha256:" + "e" * 64))


def found() -> list[tuple[Path, bytes, Field]]:
    """Every field of the corpus with its file."""
    files = [(path, path.read_bytes()) for path in corpus()]
    return [(path, data, field) for path, data in files for field in find(str(path), data).fields]


@pytest.fixture(scope="module")
def fields() -> list[tuple[Path, bytes, Field]]:
    return found()


def test_there_and_back_is_the_same_file(fields: list[tuple[Path, bytes, Field]]) -> None:
    assert len(fields) > 300
    for path, data, field in fields:
        if field.fixed:
            continue
        there = edit(str(path), data, [(field, elsewhere(field))])
        [moved] = [item for item in find(str(path), there).fields if item.path == field.path]
        assert moved.value == elsewhere(field)
        assert edit(str(path), there, [(moved, field.value)]) == data


def test_in_between_only_one_line_differs_for_each_scalar(fields: list[tuple[Path, bytes, Field]]) -> None:
    for path, data, field in fields:
        if field.fixed:
            continue
        there = edit(str(path), data, [(field, elsewhere(field))])
        pairs = list(zip(data.split(b"\n"), there.split(b"\n"), strict=True))
        assert 1 <= sum(before != after for before, after in pairs) <= len(field.spots)


def test_paths_are_unique_in_a_file(fields: list[tuple[Path, bytes, Field]]) -> None:
    paths = [(path, field.path) for path, _, field in fields]
    assert len(set(paths)) == len(paths)
