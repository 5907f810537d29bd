"""What is known about an image survives a cache, and nonsense in the cache is only asked for again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.images.about import About, Layer, Run
from tests.support.abouts import ABOUTS

ABOUT = About(
    digest=f"sha256:{'a' * 64}",
    platforms=("linux/amd64", "linux/arm64"),
    platform="linux/amd64",
    layers=(Layer(f"sha256:{'b' * 64}", 5),),
    run=Run(user="1000", env={"PATH": "0123456789abcdef"}, ports=("8080/tcp",)),
    created=datetime(2026, 1, 1, 12, tzinfo=UTC),
    labels={"org.opencontainers.image.version": "1.2.3"},
)


@given(ABOUTS)
def test_json_and_back_is_the_same(about: About) -> None:
    assert About.from_json(about.to_json()) == about


@given(st.text(st.characters(exclude_categories=()), max_size=20))
def test_json_is_ascii_whatever_it_holds(text: str) -> None:
    About(text, (), None, (), Run(user=text), labels={text: text}).to_json().encode("ascii")


WITHOUT = object()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(("digest",), 5, id="digest is a number"),
        pytest.param(("digest",), WITHOUT, id="no digest"),
        pytest.param(("platforms",), "linux/amd64", id="platforms are a text"),
        pytest.param(("platforms", 0), None, id="platform is null"),
        pytest.param(("layers", 0, "size"), "5", id="size is a text"),
        pytest.param(("layers", 0, "size"), True, id="size is true"),
        pytest.param(("layers", 0), [], id="layer is a list"),
        pytest.param(("layers",), {}, id="layers are an object"),
        pytest.param(("run",), None, id="run is null"),
        pytest.param(("run", "user"), None, id="user is null"),
        pytest.param(("run", "env"), ["PATH"], id="variables are a list"),
        pytest.param(("run", "healthcheck"), WITHOUT, id="no health check"),
        pytest.param(("created",), "yesterday", id="created is no time"),
        pytest.param(("created",), "2026-01-01T12:00:00", id="created in no time zone"),
        pytest.param(("labels", "a"), 1, id="label is a number"),
        pytest.param(("labels",), WITHOUT, id="no labels"),
    ],
)
def test_what_is_not_as_it_was_written_is_nothing(path: tuple[Any, ...], value: object) -> None:
    document = json.loads(ABOUT.to_json())
    *way, last = path
    place = document
    for step in way:
        place = place[step]
    if value is WITHOUT:
        del place[last]
    else:
        place[last] = value
    assert About.from_json(json.dumps(document)) is None


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "5", '"text"', "{", "[" * 100_000, "9" * 10_000, "\0", ABOUT.to_json()[:-9]]
)
def test_other_text_is_nothing(text: str) -> None:
    assert About.from_json(text) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_other_json_is_nothing(document: Any) -> None:
    assert About.from_json(json.dumps(document)) is None
