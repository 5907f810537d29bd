"""`helm.values` of an Argo CD source: fields in the text of a value, edited in place."""

from __future__ import annotations

import pytest

from imagebot.fields.assign import assign
from imagebot.fields.explicit import Explicit
from imagebot.fields.field import Value
from imagebot.fields.find import find
from imagebot.images.reference import ImageName

API = ImageName("ghcr.io", "acme/api")


def source(values: str) -> bytes:
    """An Application whose values are this text."""
    return f"kind: Application\nspec:\n  source:\n    helm:\n      values: {values}\n".encode()


BLOCK = "|\n        image:\n          repository: ghcr.io/acme/api\n          tag: 1.25 # é\n"


def test_a_field_in_a_text_says_where_it_stands_in_the_file() -> None:
    [field] = find("f.yaml", source(BLOCK)).fields
    assert (field.line, field.spots[0].scalar.column) == (8, 16)
    assert (field.path, field.shape, field.tag) == ("spec.source.helm.values.image.tag", "helm values", "1.25")


@pytest.mark.parametrize(
    ("values", "to", "expected"),
    [
        pytest.param(BLOCK, "1.26", BLOCK.replace("1.25", "1.26"), id="block"),
        pytest.param(BLOCK, "1.30", BLOCK.replace("1.25", '"1.30"'), id="quotes within the text"),
        pytest.param(BLOCK.replace("|", "|2-"), "v2", BLOCK.replace("|", "|2-").replace("1.25", "v2"), id="header"),
        pytest.param(
            "|\n        é: {image: ghcr.io/acme/api:v1}\n",
            "v2",
            "|\n        é: {image: ghcr.io/acme/api:v2}\n",
            id="a letter of several bytes at the beginning",
        ),
        pytest.param(
            "'{image: ''ghcr.io/acme/api:v1''}'", "v2", "'{image: ''ghcr.io/acme/api:v2''}'", id="quotes in quotes"
        ),
    ],
)
def test_only_the_value_in_the_text_changes(values: str, to: str, expected: str) -> None:
    values, expected = (
        values.replace("|2-\n        ", "|2-\n          "),
        expected.replace("|2-\n        ", "|2-\n          "),
    )
    assert assign("f.yaml", source(values), API, Value(to)).data.decode() == source(expected).decode()


@pytest.mark.parametrize(
    ("values", "why"),
    [
        pytest.param('"image: ghcr.io/acme/api:v1\\n"', "escapes", id="escapes"),
        pytest.param("&v |\n        image: ghcr.io/acme/api:v1\n    other: *v", "anchor &v", id="anchor"),
        pytest.param("|\n        image: ghcr.io/acme/api:v1\n        image: x", "`image` occurs twice", id="key twice"),
        pytest.param(
            "|\n        image: ghcr.io/acme/api:v1\n      values: x", "`values` occurs twice", id="text twice"
        ),
    ],
)
def test_what_cannot_be_edited_is_still_read(values: str, why: str) -> None:
    [field] = find("f.yaml", source(values)).fields
    assert field.tag == "v1"
    assert field.fixed
    assert why in field.fixed.message


def test_a_problem_shows_the_line_of_the_file() -> None:
    [refusal] = find("f.yaml", source("|\n        é: {repository: ghcr.io/acme/api}")).refusals
    assert str(refusal.problem).splitlines()[1:] == ["    é: {repository: ghcr.io/acme/api}", " " * 20 + "^" + "~" * 15]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param("|\n        image: ghcr.io/acme/api:v1\n        {{- if }}", id="template"),
        pytest.param("|\n        image: ghcr.io/acme/api:v1\n        ---\n        a: b", id="two documents"),
        pytest.param("{image: {name: x}}", id="no text"),
    ],
)
def test_text_that_is_no_values_file_has_no_fields(values: str) -> None:
    assert find("f.yaml", source(values)).fields == ()


def test_only_the_values_of_helm_are_a_values_file() -> None:
    data = source("|\n        a: b") + b"other:\n  values: |\n    image: ghcr.io/acme/api:v1\n"
    assert find("f.yaml", data).fields == ()


def test_two_fields_of_one_text_and_one_beside_it_in_one_edit() -> None:
    text = source("|\n        a: {image: ghcr.io/acme/api:v1}\n        b: {image: ghcr.io/acme/api:v1}")
    data = b"image: ghcr.io/acme/api:v1\n" + text
    assert assign("f.yaml", data, API, Value("v2")).data == data.replace(b":v1", b":v2")


HOSTILE = {
    "many fields in one text": source("|\n" + "        - image: ghcr.io/acme/api:v1 # é\n" * 4_000),
    "many texts and many aliases": b"v: &v x\ns:\n"
    + b"- {helm: {values: 'image: ghcr.io/acme/api:v1'}, a: *v}\n" * 4_000,
}


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in HOSTILE.items()])
def test_a_hostile_file_costs_no_more_than_its_size(data: bytes) -> None:
    assert assign("f.yaml", data, API, Value("v2")).data == data.replace(b":v1", b":v2")


def test_a_printed_path_can_be_written_in_a_policy() -> None:
    data = b"data:\n  config.yaml: |\n    # c\n    app: {version: v1}\n"
    found = find("f.yaml", data, [Explicit('data["config.yaml"].app.version', API)])
    assert [(field.tag, field.line, field.fixed) for field in found.fields] == [("v1", 4, None)]
