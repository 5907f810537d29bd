"""Every field of hundreds of public files: to another tag and back, and nothing else moves."""

from __future__ import annotations

from collections import Counter

import pytest

from imagebot.fields.find import find
from tests.corpus.there_and_back import Report, report
from tests.support.shared import corpus


@pytest.fixture(scope="module")
def result() -> Report:
    return report()


def test_there_and_back_is_the_same_file(result: Report) -> None:
    assert result.files > 500
    assert result.shapes.total() > 500
    assert result.broken == []


def test_what_cannot_be_edited_says_where_and_why(result: Report) -> None:
    for _, problem in result.refused:
        assert problem.line > 0
        assert problem.message


def test_little_that_looks_like_an_image_is_no_field(result: Report) -> None:
    assert len(result.unclaimed) < 40


def test_paths_are_unique_in_a_file() -> None:
    for path in corpus():
        paths = Counter(field.path for field in find(str(path), path.read_bytes()).fields)
        assert [twice for twice, count in paths.items() if count > 1] == []
