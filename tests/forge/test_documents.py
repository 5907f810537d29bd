"""JSON of forges within bounds of memory."""

from __future__ import annotations

import tracemalloc

import pytest

from imagebot.errors import BadResponse
from imagebot.forge.documents import MOST_VALUES, read_json
from imagebot.forge.refusals import said

MIB = 1024 * 1024


@pytest.mark.parametrize("piece", [b'"",', b'"\\"",', b"[],", b"0,"])
def test_three_megabytes_of_nothing_took_a_hundred_and_seventy(piece: bytes) -> None:
    """Found by `make fuzz-answers`: what stands in texts was cut out of the whole to count the rest."""
    body = b"[" + piece * (3 * MIB // len(piece)) + b"0]"
    tracemalloc.start()
    with pytest.raises(BadResponse, match=f"more than {MOST_VALUES} values"):
        read_json(body, "the forge answered nonsense")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 * MIB


def test_a_refusal_of_three_megabytes_took_ninety() -> None:
    """Found by `make fuzz-answers`: what stood in an error was read without the bounds of an answer."""
    body = b'{"message": "no", "x": [' + b'{"a":[]},' * (3 * MIB // 9) + b"0]}"
    tracemalloc.start()
    assert said(body) == ()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 * MIB


def test_commas_within_texts_are_no_values() -> None:
    body = b'["' + b"," * (2 * MOST_VALUES) + b'"]'
    assert read_json(body, "nonsense") == ["," * (2 * MOST_VALUES)]
