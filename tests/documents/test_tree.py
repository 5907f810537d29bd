"""What a person reads about a file that is no YAML, or more of it than anybody needs."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.documents.tree import MAX_BYTES, MAX_DEPTH, MAX_PROBLEMS, MAX_VALUES, ParsedFile, parse
from tests.support.cafe import said

GOLDEN = {
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
        "\ncafe.yaml:1:7: the character U+0007 is not allowed in YAML\n    name: \\x07\n          ^~~~\n",
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


def test_regret_a_file_full_of_values_is_refused_before_all_of_it_is_read() -> None:
    assert isinstance(parse("cafe.yaml", b"[" + b"1," * (MAX_VALUES - 1) + b"]"), ParsedFile)
    # The place tells how far it was read.
    assert said(b"[" + b"1," * 120_000 + b"]") == (
        "cafe.yaml:1:40000: the file holds more than 20000 keys and values; split it"
    )


def test_regret_a_key_repeated_ten_thousand_times_is_not_complained_of_as_often() -> None:
    problems = parse("cafe.yaml", b"a: 1\n" * 9_000)
    assert isinstance(problems, tuple)
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[-1].message == "the file has more than 100 problems; the first ones are shown"


def test_a_line_that_nobody_can_read_is_not_shown() -> None:
    assert said(b"a: " + b"x" * 1000 + b": 1") == (
        "cafe.yaml:1:1004: no ': ' can stand here; put the text in quotes, or check the indentation"
    )


def test_an_escape_beyond_unicode_is_a_problem_and_no_crash() -> None:
    assert said('name: "a\\U00110000"\n').startswith("cafe.yaml:1:9: this escape is no character of Unicode")


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
    if not isinstance(found, ParsedFile):
        assert found
        for problem in found:
            assert problem.line >= 1
            assert problem.column >= 1
            assert str(problem)
