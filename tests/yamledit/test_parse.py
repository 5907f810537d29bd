"""The light tree: what it says, where things stand in bytes, and what is refused unread."""

from __future__ import annotations

import pytest

from imagebot.yamledit.limits import MAX_BYTES, MAX_DEPTH
from imagebot.yamledit.parse import parse
from imagebot.yamledit.tree import Alias, Document, Mapping, Node, NotYaml, Scalar, Sequence


def scalars(node: Node) -> list[Scalar]:
    """Every scalar below a node, in order."""
    match node:
        case Scalar():
            return [node]
        case Sequence():
            return [scalar for item in node.items for scalar in scalars(item)]
        case Mapping():
            return [scalar for pair in node.pairs for item in pair for scalar in scalars(item)]
        case Alias():
            return []


def documents(data: bytes) -> list[Document]:
    """The documents of a file that must be readable."""
    found = list(parse(data))
    assert not [item for item in found if isinstance(item, NotYaml)]
    return [item for item in found if isinstance(item, Document)]


def value_of(data: bytes, key: str) -> Scalar:
    """The scalar under a key of the first map."""
    root = documents(data)[0].root
    assert isinstance(root, Mapping)
    value = next(value for name, value in root.pairs if isinstance(name, Scalar) and name.value == key)
    assert isinstance(value, Scalar)
    return value


@pytest.mark.parametrize(
    ("data", "written"),
    [
        pytest.param(b"a: v1", b"v1", id="plain"),
        pytest.param(b"a: v1 # c", b"v1", id="plain and comment"),
        pytest.param(b"a: 'it''s'", b"'it''s'", id="single quotes"),
        pytest.param(b'a: "v1"\r\n', b'"v1"', id="double quotes and CRLF"),
        pytest.param(b"a: &x v1", b"v1", id="anchor"),
        pytest.param(b"a: !!str &x v1", b"v1", id="tag and anchor"),
        pytest.param(b'a: &x !!str "v1"', b'"v1"', id="anchor and tag"),
        pytest.param("é: 日本\na: v1".encode(), b"v1", id="characters of many bytes"),
        pytest.param("\ufeffa: v1".encode(), b"v1", id="byte order mark"),
        pytest.param("\ufeffé: 🚀\r\na: v1".encode(), b"v1", id="all of them"),
        pytest.param(b"{a: r.io/x:1.0}", b"r.io/x:1.0", id="colon in a flow map"),
        pytest.param(b'{"a":v1,b: 2}', b"v1", id="no spaces"),
        pytest.param(b"a: v1\t# tab", b"v1", id="tab"),
    ],
)
def test_a_span_is_the_value_as_it_is_written(data: bytes, written: bytes) -> None:
    scalar = value_of(data, "a")
    assert data[scalar.start : scalar.end] == written


def test_lines_and_columns_count_from_one() -> None:
    scalar = value_of("é: 1\r\na: v1".encode(), "a")
    assert (scalar.line, scalar.column) == (2, 4)


def test_a_text_full_of_directives_is_no_directive() -> None:
    assert value_of(b"a: '" + b"%TAG " * 200 + b"'", "a").value == "%TAG " * 200


def test_documents_come_one_by_one() -> None:
    assert len(documents(b"a: 1\n---\nb: 2\n---\n")) == 3


def test_an_alias_stands_for_the_latest_anchor_of_its_name() -> None:
    [document] = documents(b"[&a 1, *a, &a 2, *a]")
    assert [alias.target.value for alias in document.aliases if isinstance(alias.target, Scalar)] == ["1", "2"]


@pytest.mark.parametrize("data", [b"[*a]", b"&a [*a]", b"[&a 1]\n---\n[*a]\n"], ids=["unknown", "itself", "other file"])
def test_an_alias_that_leads_nowhere_has_no_target(data: bytes) -> None:
    [alias] = documents(data)[-1].aliases
    assert alias.target is None


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        pytest.param(b"a: 1\n{{- if x }}\n", 3, "not YAML", id="template"),
        pytest.param(b"a: 1\nb: \xff", 2, "not UTF-8", id="latin 1"),
        pytest.param("a: 1".encode("utf-16"), 1, "not UTF-8", id="UTF-16"),
        pytest.param("\ufeff\ufeffa: 1".encode(), 1, "two byte order marks", id="two marks"),
        pytest.param(b"a: 1\nb: \x00", 2, "character", id="NUL"),
        pytest.param("a: 1\nb: 'é\x07'".encode(), 2, "character", id="bell"),
        pytest.param(b"a: [1\nb: 2", 2, "not YAML", id="open bracket"),
        pytest.param(b'a: "\\ud800"', 1, "not YAML", id="surrogate"),
        pytest.param(b"a: 1\nb: !%ed%a0%80 2", 2, "escapes of the next tag", id="tag of no characters"),
        pytest.param(b"%TAG !e! %c0%80\n---\na: 1", 1, "escapes of the next tag", id="tag prefix of no characters"),
        pytest.param(b"%TAG !e! x\n" * 101 + b"---\n", 1, "%TAG", id="directives"),
        pytest.param(b"".join(b"%%TAG !e%d! x\r" % n for n in range(400_000)), 1, "%TAG", id="many directives"),
        pytest.param(b"[" * (MAX_DEPTH + 1), 1, "nested deeper", id="deep"),
        pytest.param(b"[" * 100_000, 1, "nested deeper", id="very deep"),
        pytest.param(b"#" * (MAX_BYTES + 1), 1, "at most", id="large"),
        pytest.param(b"[" + b"," * 2_100_000 + b"]", 1, "not YAML", id="commas"),
        pytest.param(b"[" + b"1," * 2_100_000 + b"]", 1, "more than", id="many"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, line: int, message: str) -> None:
    *_, last = parse(data)
    assert isinstance(last, NotYaml)
    assert last.line == line
    assert message in last.message


def test_a_bomb_of_aliases_is_a_small_tree() -> None:
    lines = [b"a0: &a0 x"] + [b"a%d: &a%d [%s]" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 20)]
    [document] = documents(b"\n".join(lines))
    assert len(document.aliases) == 19 * 9
