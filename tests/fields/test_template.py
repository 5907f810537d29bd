"""A version that is only a part of a value: the text around it is told, and stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.fields.edit import edit, wanted
from imagebot.fields.explicit import Explicit
from imagebot.fields.field import Field, Value
from imagebot.fields.find import find
from imagebot.fields.template import Template
from imagebot.images.reference import TAG_PATTERN, ImageName
from tests.support.pins import NEW, OLD

API = ImageName("ghcr.io", "acme/api")


def at(text: str, path: str, template: str) -> tuple[Field, ...]:
    """The fields that a policy names in a file."""
    found = find("f.yaml", text.encode(), [Explicit(path, API, Template.parse(template))])
    return tuple(field for field in found.fields if field.shape == "path")


def after(text: str, path: str, template: str, to: Value) -> str:
    """The file with all of them moved."""
    return edit("f.yaml", text.encode(), [(field, wanted(field, to)) for field in at(text, path, template)]).decode()


@pytest.mark.parametrize(
    ("text", "path", "template", "line", "expected"),
    [
        pytest.param(
            "args: [--image=ghcr.io/acme/api:v1]",
            "args[0]",
            "--image={name}:{tag}",
            1,
            "args: [--image=ghcr.io/acme/api:v2]",
            id="argument",
        ),
        pytest.param("a: 'release-v1-eu'", "a", "release-{tag}-eu", 1, "a: 'release-v2-eu'", id="quoted"),
        pytest.param("a: '''v1'''", "a", "'{tag}'", 1, "a: '''v2'''", id="quotes in quotes"),
        pytest.param(
            "a: |\n  x\n    FROM v1  \n  y\n", "a", "FROM {tag}", 3, "a: |\n  x\n    FROM v2  \n  y\n", id="line"
        ),
        pytest.param("a: |\n  t=v1\n  t=v1\n", "a", "t={tag}", 2, "a: |\n  t=v2\n  t=v2\n", id="two lines"),
        pytest.param("a: é-v1", "a", "é-{tag}", 1, "a: é-v2", id="many bytes"),
        pytest.param("a: v1 (stable)", "a", "{tag} (stable)", 1, 'a: "v2 (stable)"', id="at the beginning"),
        pytest.param(
            "a: |\n  b:\n    c: x-v1\n", "a.b.c", "x-{tag}", 3, "a: |\n  b:\n    c: x-v2\n", id="YAML in text"
        ),
    ],
)
def test_only_the_part_changes(text: str, path: str, template: str, line: int, expected: str) -> None:
    assert at(text, path, template)[0].line == line
    assert after(text, path, template, Value("v2")) == expected


def test_a_digest_moves_with_the_tag() -> None:
    text = f"a: ghcr.io/acme/api:v1@{OLD} --now"
    assert after(text, "a", "{name}:{tag}@{digest} --now", Value("v2", NEW)) == f"a: ghcr.io/acme/api:v2@{NEW} --now"


def test_each_line_is_a_field_with_a_path_of_its_own() -> None:
    fields = at("a: |\n  t=v1\n\n  t=v2\n", "a", "t={tag}")
    assert [(field.path, field.line, field.tag) for field in fields] == [("a", 2, "v1"), ("a~2", 4, "v2")]


@pytest.mark.parametrize(
    ("text", "template", "why"),
    [
        pytest.param("a: x-v1-y", "x-{tag}-z", "has no line that reads x-{tag}-z", id="other text"),
        pytest.param("a: ghcr.io/acme/web:v1", "{name}:{tag}", "has no line", id="another image"),
        pytest.param("a: x-{{ tag }}", "x-{tag}", "has no line", id="no tag"),
        pytest.param("a: v1-", "{tag}-{digest}", "has no line", id="no digest"),
    ],
)
def test_a_value_that_does_not_read_so_is_no_field(text: str, template: str, why: str) -> None:
    found = find("f.yaml", text.encode(), [Explicit("a", API, Template.parse(template))])
    assert found.fields == ()
    assert why in found.refusals[0].problem.message


def test_a_line_that_reads_in_several_ways_is_refused() -> None:
    nginx = ImageName.parse("nginx")
    found = find("f.yaml", b"a: x.index.docker.io/nginx", [Explicit("a", nginx, Template.parse("{tag}.{name}"))])
    assert found.fields == ()
    assert "several ways" in found.refusals[0].problem.message


@pytest.mark.parametrize(
    ("template", "why"),
    [
        pytest.param("release", "holds no version", id="no placeholder"),
        pytest.param("{name}", "holds no version", id="only a name"),
        pytest.param("{tga}", "did you mean {tag}?", id="typing error"),
        pytest.param("{version}", "it knows {tag}", id="unknown"),
        pytest.param("{tag} {tag}", "stands twice", id="twice"),
        pytest.param("{tag}{digest}", "between two placeholders", id="nothing between"),
        pytest.param("{tag}\n", "one line", id="two lines"),
        pytest.param("x" * 600 + "{tag}", "at most 500", id="too long"),
    ],
)
def test_a_template_that_cannot_work_says_why(template: str, why: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Template.parse(template)
    assert why in str(caught.value)


@pytest.mark.parametrize("text", [".*", "(a+)+$", "[v]", "\\d", "$", "^"])
def test_nothing_in_a_template_is_a_pattern(text: str) -> None:
    template = Template.parse(f"{text}{{tag}}{text}")
    assert list(template.readings(f"{text}v1{text}", API)) == [{"tag": (len(text), len(text) + 2)}]
    assert list(template.readings("xv1x", API)) == []


@given(st.text(max_size=20), st.from_regex(TAG_PATTERN, fullmatch=True), st.text(max_size=20))
def test_what_stands_around_a_tag_finds_it_again(before: str, tag: str, after: str) -> None:
    text = f"{before}{{tag}}{after}"
    try:
        template = Template.parse(text)
    except ValueError:
        return
    assert {"tag": (len(before), len(before) + len(tag))} in list(template.readings(f"{before}{tag}{after}", API))


def test_a_hostile_line_costs_no_time() -> None:
    template = Template.parse("{name}a{tag}a{digest}a")
    assert list(template.readings("a" * 1000, API)) == []
