from __future__ import annotations

from textwrap import dedent
from typing import Annotated, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, Field

from imagebot.documents.model import WHOLE, Flag, Misplaced, Model, Whole
from imagebot.documents.read import read
from imagebot.documents.tree import MAX_BYTES, MAX_DEPTH, Document, parse


class Sour(ValueError):
    offset = 2
    length = 3


def no_lemons(text: str) -> str:
    if text.startswith("a lemon"):
        raise Sour("too sour")
    if text == "outer":
        raise Misplaced((), Sour("too sour inside"))
    return text


class Cup(Model):
    size: Whole = 1
    lid: Flag = False


class Key(Model):
    confidential: ClassVar[bool] = True
    hints: ClassVar[dict[str, str]] = {"secret": "name a file"}
    file_name: str | None = None


class Cafe(Model):
    name: str
    fruits: tuple[Annotated[str, AfterValidator(no_lemons)], ...] = ()
    cups: dict[str, Cup] = {}  # noqa: RUF012
    best: Cup | None = None
    mood: Literal["calm", "busy"] = "calm"
    door_key: Key = Key()
    seats: Annotated[int, Field(ge=2, le=9), WHOLE] = 4
    walls: Annotated[tuple[str, ...], Field(min_length=1)] = ("a",)


def said(text: str | bytes, model: type[Model] = Cafe) -> str:
    """What is wrong with `text`, as a person reads it."""
    data = text if isinstance(text, bytes) else dedent(text).encode()
    found = read(model, "cafe.yaml", data)
    assert isinstance(found, tuple), found
    return "\n".join(str(problem) for problem in found)


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


GOLDEN = {
    "unknown key": (
        """
        name: x
        fruit: [a]
        """,
        """
        cafe.yaml:3:1: unknown key 'fruit'; did you mean 'fruits'?
            fruit: [a]
            ^~~~~
        """,
    ),
    "unknown key, none near": (
        """
        name: x
        best:
          colour: red
        """,
        """
        cafe.yaml:4:3: unknown key 'colour'; the keys here are size, lid
            colour: red
            ^~~~~~
        """,
    ),
    "unknown key with nothing behind it": (
        """
        name: x
        zzz:
        """,
        """
        cafe.yaml:3:1: unknown key 'zzz'; the keys here are name, fruits, cups, best, mood, doorKey, seats, walls
            zzz:
            ^~~
        """,
    ),
    "Python's spelling of a key": (
        """
        name: x
        door_key: {}
        """,
        """
        cafe.yaml:3:1: unknown key 'door_key'; did you mean 'doorKey'?
            door_key: {}
            ^~~~~~~~
        """,
    ),
    "a key of a mapping that is called like a field": (
        """
        name: x
        cups: {fruits: {lod: true}}
        """,
        """
        cafe.yaml:3:17: unknown key 'lod'; did you mean 'lid'?
            cups: {fruits: {lod: true}}
                            ^~~
        """,
    ),
    "a misspelt key is not also missing": (
        """
        nmae: x
        """,
        """
        cafe.yaml:2:1: unknown key 'nmae'; did you mean 'name'?
            nmae: x
            ^~~~
        """,
    ),
    "missing key": (
        """
        # only this
        mood: calm
        """,
        """
        cafe.yaml:3:1: the key 'name' is missing
            mood: calm
            ^~~~
        """,
    ),
    "key without a value": (
        """
        name:
        """,
        """
        cafe.yaml:2:1: the key 'name' has no value
            name:
            ^~~~
        """,
    ),
    "wrong kinds, all at once": (
        """
        name: [a]
        fruits: lemon
        cups: [1]
        best: "big"
        mood: {a: 1}
        """,
        """
        cafe.yaml:2:7: expected text, found a list
            name: [a]
                  ^~~
        cafe.yaml:3:9: expected a list, found text
            fruits: lemon
                    ^~~~~
        cafe.yaml:4:7: expected a mapping, found a list
            cups: [1]
                  ^~~
        cafe.yaml:5:7: expected a mapping, found text
            best: "big"
                  ^~~~~
        cafe.yaml:6:7: expected 'calm' or 'busy'
            mood: {a: 1}
                  ^~~~~~
        """,
    ),
    "values": (
        """
        name: x
        best: {size: 1.5, lid: yes}
        seats: 1
        walls: []
        mood: bored
        """,
        """
        cafe.yaml:3:14: expected a whole number, found '1.5'
            best: {size: 1.5, lid: yes}
                         ^~~
        cafe.yaml:3:24: expected true or false, found 'yes'
            best: {size: 1.5, lid: yes}
                                   ^~~
        cafe.yaml:4:8: must be at least 2
            seats: 1
                   ^
        cafe.yaml:5:8: write at least one
            walls: []
                   ^~
        cafe.yaml:6:7: expected 'calm' or 'busy'
            mood: bored
                  ^~~~~
        """,
    ),
    "a caret inside the scalar": (
        """
        name: x
        fruits:
          - a lemon
          - 'a lemon'  # quoted
          - "a lemon \\x21"
          - &late a lemon
          - outer
        """,
        """
        cafe.yaml:4:7: too sour
            - a lemon
                ^~~
        cafe.yaml:5:8: too sour
            - 'a lemon'  # quoted
                 ^~~
        cafe.yaml:6:5: too sour
            - "a lemon \\x21"
              ^~~~~~~~~~~~~~
        cafe.yaml:7:13: too sour
            - &late a lemon
                      ^~~
        cafe.yaml:8:7: too sour inside
            - outer
                ^~~
        """,
    ),
    "the same key twice, and what is wrong besides": (
        """
        name: x
        mood: bored
        name: y
        """,
        """
        cafe.yaml:3:7: expected 'calm' or 'busy'
            mood: bored
                  ^~~~~
        cafe.yaml:4:1: the key 'name' is here twice, first in line 2
            name: y
            ^~~~
        """,
    ),
    "merge key": (
        """
        name: x
        cups: {a: &a {size: 2}, b: {<<: *a}}
        """,
        """
        cafe.yaml:3:29: merge keys are not read here; write the keys out, or use an alias for a whole value
            cups: {a: &a {size: 2}, b: {<<: *a}}
                                        ^~
        """,
    ),
    "a list as key": (
        """
        ? [a]
        : b
        name: x
        """,
        """
        cafe.yaml:2:3: a key must be text
            ? [a]
              ^~~
        """,
    ),
    "a list as file": (
        """
        - name: x
        """,
        """
        cafe.yaml:2:1: expected a mapping, found a list
            - name: x
            ^
        """,
    ),
    "a secret under a wrong key": (
        """
        name: x
        doorKey: {secert: hunter2, scret: a}
        """,
        """
        cafe.yaml:3:11: unknown key 'secert'; the keys here are fileName
        cafe.yaml:3:28: unknown key 'scret'; the keys here are fileName
        """,
    ),
    "a secret under a key with a hint": (
        """
        name: x
        doorKey:
          secret: hunter2
        """,
        """
        cafe.yaml:4:3: unknown key 'secret'; name a file
        """,
    ),
    "another problem beside a secret": (
        """
        name: x
        door_key: 1
        best: {lid: x, token: hunter2}
        """,
        """
        cafe.yaml:3:1: unknown key 'door_key'; did you mean 'doorKey'?
            door_key: 1
            ^~~~~~~~
        cafe.yaml:4:13: expected true or false, found 'x'
        cafe.yaml:4:16: unknown key 'token'; the keys here are size, lid
        """,
    ),
    "a tab": (
        "name:\n\t- a\n",
        """
        cafe.yaml:2:1: a tab; YAML wants spaces
            - a
            ^
        """,
    ),
    "a colon too many": (
        "name: a: b\n",
        """
        cafe.yaml:1:8: no ': ' can stand here; put the text in quotes, or check the indentation
            name: a: b
                   ^
        """,
    ),
    "an open quote": (
        "name: 'a\nmood: calm\n",
        """
        cafe.yaml:1:7: this quote is never closed
            name: 'a
                  ^
        """,
    ),
    "an open bracket": (
        "name: [a\nmood: calm\n",
        """
        cafe.yaml:1:7: this '[' is never closed
            name: [a
                  ^
        """,
    ),
    "an open brace": (
        "best: {size: 1\nname: x\n",
        """
        cafe.yaml:1:7: this '{' is never closed
            best: {size: 1
                  ^
        """,
    ),
    "a line that is out of line": (
        "- a\nname: b\n",
        """
        cafe.yaml:2:1: this does not line up with the lines above
            name: b
            ^
        """,
    ),
    "a bare pattern": (
        "fruits: [**/x]\n",
        """
        cafe.yaml:1:10: there is no &*/x above; put a value that begins with '*' in quotes
            fruits: [**/x]
                     ^~~~
        """,
    ),
    "a bare alias": (
        "name: *nope\n",
        """
        cafe.yaml:1:7: there is no &nope above; put a value that begins with '*' in quotes
            name: *nope
                  ^~~~~
        """,
    ),
    "an alias of itself": (
        "cups: &a {x: *a}\n",
        """
        cafe.yaml:1:14: there is no &a above; put a value that begins with '*' in quotes
            cups: &a {x: *a}
                         ^~
        """,
    ),
    "a bare exclamation mark": (
        "fruits: [!charts/ x]\n",
        """
        cafe.yaml:1:10: tags mean nothing here; put a value that begins with '!' in quotes
            fruits: [!charts/ x]
                     ^~~~~~~~~~
        """,
    ),
    "a character that begins nothing": (
        "name: @x\n",
        """
        cafe.yaml:1:7: a value cannot begin with '@'; put it in quotes
            name: @x
                  ^
        """,
    ),
    "a second document": (
        "name: x\n---\nname: y\n",
        """
        cafe.yaml:2:1: a second document begins here; one file holds one
            ---
            ^~~
        """,
    ),
    "nothing": ("", "\ncafe.yaml:1:1: the file is empty\n"),
    "a comment only": (
        "# later\n",
        """
        cafe.yaml:1:1: the file is empty
            # later
            ^
        """,
    ),
    "a control character": (
        "name: \a\n",
        "\ncafe.yaml:1:7: the character U+0007 is not allowed in YAML\n    name: �\n          ^\n",
    ),
}


@pytest.mark.parametrize(("written", "problems"), GOLDEN.values(), ids=GOLDEN.keys())
def test_what_a_person_reads(written: str, problems: str) -> None:
    assert said(written) == dedent(problems).strip()


def test_not_utf8() -> None:
    assert said(b"name: x\nmood: \xff\n").startswith("cafe.yaml:2:7: this is not UTF-8 text")


def test_too_large() -> None:
    assert said(b"name: " + b"x" * MAX_BYTES) == "cafe.yaml:1:1: the file is larger than 256 KiB"


def test_too_deep() -> None:
    assert f"more than {MAX_DEPTH} values inside each other" in said("name: " + "[" * 5000)


def test_aliases_of_aliases_do_not_grow_without_bound() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert "holds more than 20000 values" in said("\n".join(lines))


def test_a_line_that_does_not_parse_is_not_shown_if_it_may_hold_a_secret() -> None:
    assert "hunter2" not in said("password: hunter2: x\n")
    assert "hunter2" not in said("url: https://bob:hunter2@example.com/ : x\n")


@given(st.binary(max_size=200) | st.text(st.sampled_from("ab:-[]{}'\"\n \t#&*!|>?%,"), max_size=60).map(str.encode))
def test_any_bytes_are_a_document_or_problems_with_a_place(data: bytes) -> None:
    found = parse("x", data)
    if not isinstance(found, Document):
        assert found
        for problem in found:
            assert problem.line >= 1
            assert problem.column >= 1
            assert str(problem)


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"]), min_size=1, max_size=30)
)
def test_the_place_of_a_quoted_value_is_its_place(text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    found = read(Cafe, "x", f"name: x\nmood: {quoted}\n".encode())
    if text in ("calm", "busy"):
        return
    assert isinstance(found, tuple)
    (problem,) = found
    assert (problem.line, problem.column) == (2, 7)
    assert problem.length == len(quoted) or not problem.source


def test_a_list_of_one_wrong_item_is_not_also_too_short() -> None:
    assert said("name: x\nwalls: [[]]\n").splitlines()[0] == "cafe.yaml:2:9: expected text, found a list"
    assert said("name: x\nwalls: [[]]\n").count("cafe.yaml") == 1


def test_a_byte_order_mark_takes_no_column() -> None:
    assert said(b"\xef\xbb\xbfnmae: x\n").startswith(
        "cafe.yaml:1:1: unknown key 'nmae'; did you mean 'name'?\n    nmae"
    )
