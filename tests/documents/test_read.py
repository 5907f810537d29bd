"""What a file says is what the model gets: every scalar as it was written."""

from __future__ import annotations

import pytest

from imagebot.documents.read import read
from tests.support.cafe import Cafe, Cup


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        pytest.param("1.10", "1.10", id="a number with a zero at its end"),
        pytest.param("0x1F", "0x1F", id="hexadecimal"),
        pytest.param("1_000", "1_000", id="underscores"),
        pytest.param("12:30:45", "12:30:45", id="sexagesimal"),
        pytest.param("no", "no", id="Norway"),
        pytest.param("2024-01-02", "2024-01-02", id="a date"),
        pytest.param("1e3", "1e3", id="an exponent"),
        pytest.param("~", "~", id="tilde"),
        pytest.param("'1.10'", "1.10", id="single quotes"),
        pytest.param('"1.1\\u0030"', "1.10", id="double quotes"),
        pytest.param("''", "", id="an empty text"),
    ],
)
def test_a_scalar_is_its_source_text(written: str, read_as: str) -> None:
    cafe = read(Cafe, "cafe.yaml", f"name: {written}\n".encode())
    assert cafe == Cafe(name=read_as)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"name: x\nbest: {size: 3}\n", id="as usual"),
        pytest.param(b"\xef\xbb\xbfname: x\nbest: {size: 3}\n", id="byte order mark"),
        pytest.param(b"name: x\r\nbest: {size: 3}\r\n", id="Windows line ends"),
        pytest.param(b"---\nname: x\nbest: {size: 3}\n...\n", id="document marks"),
        pytest.param(b"name: x\nbest: {size: 3}\nfruits:\n", id="a key with nothing behind it"),
        pytest.param(b"%YAML 1.2\n---\nname: x\nbest: {size: 3}", id="directive, no final newline"),
    ],
)
def test_spellings_of_one_file(data: bytes) -> None:
    assert read(Cafe, "cafe.yaml", data) == Cafe(name="x", best=Cup(size=3))


def test_an_alias_stands_for_its_anchor() -> None:
    cafe = read(Cafe, "cafe.yaml", b"name: x\ncups: {a: &big {size: 9}, b: *big}\n")
    assert cafe == Cafe(name="x", cups={"a": Cup(size=9), "b": Cup(size=9)})


def test_nothing_behind_a_name_is_a_model_with_its_defaults() -> None:
    assert read(Cafe, "cafe.yaml", b"name: x\ncups:\n  a:\n") == Cafe(name="x", cups={"a": Cup()})
