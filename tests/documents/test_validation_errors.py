"""What a person reads about a file that is YAML and still wrong."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.documents.read import read
from tests.support.cafe import Cafe, said

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
}


@pytest.mark.parametrize(("written", "problems"), GOLDEN.values(), ids=GOLDEN.keys())
def test_what_a_person_reads(written: str, problems: str) -> None:
    assert said(written) == dedent(problems).strip()


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


def test_a_key_that_is_there_twice_in_two_spellings_keeps_its_own_problem() -> None:
    messages = said("name: [a]\nnmae: x\n").splitlines()[::3]
    assert messages == [
        "cafe.yaml:1:7: expected text, found a list",
        "cafe.yaml:2:1: unknown key 'nmae'; did you mean 'name'?",
    ]


def test_a_byte_order_mark_takes_no_column() -> None:
    assert said(b"\xef\xbb\xbfnmae: x\n").startswith(
        "cafe.yaml:1:1: unknown key 'nmae'; did you mean 'name'?\n    nmae"
    )
