"""What a reviewer reads: all that is needed, and nothing that others could make act."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from imagebot.plan import block
from imagebot.plan.change import ImageUpdate
from imagebot.plan.words import BODY_LIMIT, body
from imagebot.selection.verdict import Version
from tests.support.changes import FIELD, IMAGE, NEW, UPDATE, change

HOSTILE = [
    "a\n\nSigned-off-by: Eve <eve@example.com>",
    "a\rImage-Update: x 1 -> 2",
    "`@acme/everyone` ![x](https://evil.example/x.png)",
    "<img src=x>",
    "| cell | cell |",
    "--> <script>",
    "closes #1",
]


def test_the_title_names_environment_app_and_versions() -> None:
    assert change().title == "deps(staging): api 1.4.2 → 1.5.0"
    assert change(UPDATE, UPDATE).title == "deps(staging): api: 2 images"


def test_the_body_tells_from_to_digest_where_and_why() -> None:
    text = body(change())

    for words in ("`1.4.2`", "`1.5.0`", "(minor)", NEW, "`staging/api.yaml:7`", UPDATE.because, "`semver: ^1.4`"):
        assert words in text
    found = block.read(text)
    assert found is not None
    assert found.proposed == (block.Proposed(str(IMAGE), "1.5.0", NEW),)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_acts_in_a_body(text: str) -> None:
    field = replace(FIELD, file=text, path=text, old=text, new=text)
    update = replace(UPDATE, because=text, fields=(field,), old=(Version(text),))

    tokens = MarkdownIt("commonmark").enable("table").parse(body(change(update)))

    inline = [child for token in tokens for child in token.children or []]
    assert {child.type for child in inline} <= {"text", "code_inline", "strong_open", "strong_close", "softbreak"}
    assert [token.content for token in tokens if token.type == "html_block"] == [_comment(body(change(update)))]
    assert not any("@" in child.content or "#1" in child.content for child in inline if child.type == "text")


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_becomes_a_trailer(text: str) -> None:
    field = replace(FIELD, file=text, path=text)
    update = replace(UPDATE, because=text, fields=(field,), old=(Version(text),))

    trailers = _trailers(change(update).message)

    assert [line.partition(":")[0] for line in trailers] == ["Image-Update", "Image-Field"]


def test_trailers_say_what_moved_and_where() -> None:
    assert _trailers(change().message) == [
        f"Image-Update: ghcr.io/acme/api 1.4.2 -> 1.5.0@{NEW}",
        "Image-Field: staging/api.yaml#spec.image",
    ]


def test_a_thousand_fields_fit_and_keep_the_block() -> None:
    fields = tuple(replace(FIELD, file=f"{'deep/' * 40}{number}.yaml") for number in range(1000))

    text = body(change(replace(UPDATE, fields=fields)))

    assert len(text) < BODY_LIMIT + 2000
    assert block.read(text) is not None


@given(st.integers(1, 500))
def test_the_fingerprint_is_of_the_proposal_not_of_its_lines(line: int) -> None:
    moved = replace(UPDATE, because=f"newest of {line} tags", fields=(replace(FIELD, line=line),))

    assert _fingerprint(moved) == _fingerprint(UPDATE)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(UPDATE, new=Version("1.5.1", NEW)), id="tag"),
        pytest.param(replace(UPDATE, new=Version("1.5.0", "sha256:" + "ef" * 32)), id="digest"),
        pytest.param(replace(UPDATE, fields=(FIELD, replace(FIELD, file="more.yaml"))), id="one more file"),
        pytest.param(replace(UPDATE, old=(Version("1.4.3"),)), id="from another version"),
    ],
)
def test_another_proposal_has_another_fingerprint(other: ImageUpdate) -> None:
    assert _fingerprint(other) != _fingerprint(UPDATE)


def test_labels_are_part_of_what_is_proposed() -> None:
    assert change(labels=("image-update",)).fingerprint != change().fingerprint


def _fingerprint(update: ImageUpdate) -> str:
    return change(update).fingerprint


def _comment(text: str) -> str:
    return text[text.rindex("<!-- imagebot:v1 ") :]


def _trailers(text: str) -> list[str]:
    words = ["git", "interpret-trailers", "--parse", "--no-divider"]
    return subprocess.run(words, input=text, capture_output=True, text=True, check=True).stdout.splitlines()
