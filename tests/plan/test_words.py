"""What a reviewer reads: all that is needed, and nothing that others could make act."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from imagebot.images.reference import ImageName
from imagebot.plan import block
from imagebot.plan.change import FieldChange, ImageUpdate
from imagebot.plan.words import BODY_LIMIT, body, message, title
from imagebot.policy.gates import Gates
from imagebot.policy.model import Policy, PullRequest
from imagebot.selection.verdict import Version
from tests.support.watches import watch

IMAGE = ImageName("ghcr.io", "acme/api")
DIGEST = "sha256:" + "ab" * 32
POLICY = Policy("policies/api.yaml", "api", "staging", "environments", (), (watch(),), PullRequest(), Gates())
FIELD = FieldChange("staging/api.yaml", 7, "spec.image", "1.4.2", "1.5.0")
UPDATE = ImageUpdate(
    IMAGE, (Version("1.4.2"),), Version("1.5.0", DIGEST), "minor", "1.5.0 is the newest of 3 tags in ^1.4", (FIELD,)
)
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
    assert title(POLICY, [UPDATE]) == "deps(staging): api 1.4.2 → 1.5.0"
    assert title(POLICY, [UPDATE, UPDATE]) == "deps(staging): api: 2 images"


def test_the_body_tells_from_to_digest_where_and_why() -> None:
    text = body(POLICY, [UPDATE])

    for words in ("`1.4.2`", "`1.5.0`", "(minor)", DIGEST, "`staging/api.yaml:7`", UPDATE.because, "`semver: ^1.4`"):
        assert words in text
    found = block.read(text)
    assert found is not None
    assert found.proposed == (block.Proposed(str(IMAGE), "1.5.0", DIGEST),)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_acts_in_a_body(text: str) -> None:
    field = replace(FIELD, file=text, path=text, old=text, new=text)
    update = replace(UPDATE, because=text, fields=(field,), old=(Version(text),))

    tokens = MarkdownIt("commonmark").enable("table").parse(body(POLICY, [update]))

    inline = [child for token in tokens for child in token.children or []]
    assert {child.type for child in inline} <= {"text", "code_inline", "strong_open", "strong_close", "softbreak"}
    assert [token.content for token in tokens if token.type == "html_block"] == [_comment(body(POLICY, [update]))]
    assert not any("@" in child.content or "#1" in child.content for child in inline if child.type == "text")


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_becomes_a_trailer(text: str) -> None:
    field = replace(FIELD, file=text, path=text)
    update = replace(UPDATE, because=text, fields=(field,), old=(Version(text),))

    trailers = _trailers(message(POLICY, [update]))

    assert [line.partition(":")[0] for line in trailers] == ["Image-Update", "Image-Field"]


def test_trailers_say_what_moved_and_where() -> None:
    assert _trailers(message(POLICY, [UPDATE])) == [
        f"Image-Update: ghcr.io/acme/api 1.4.2 -> 1.5.0@{DIGEST}",
        "Image-Field: staging/api.yaml#spec.image",
    ]


def test_a_thousand_fields_fit_and_keep_the_block() -> None:
    fields = tuple(replace(FIELD, file=f"{'deep/' * 40}{number}.yaml") for number in range(1000))

    text = body(POLICY, [replace(UPDATE, fields=fields)])

    assert len(text) < BODY_LIMIT + 2000
    assert block.read(text) is not None


@given(st.integers(1, 500))
def test_the_fingerprint_is_of_the_proposal_not_of_its_lines(line: int) -> None:
    moved = replace(UPDATE, because=f"newest of {line} tags", fields=(replace(FIELD, line=line),))

    assert _fingerprint(moved) == _fingerprint(UPDATE)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(UPDATE, new=Version("1.5.1", DIGEST)), id="tag"),
        pytest.param(replace(UPDATE, new=Version("1.5.0", "sha256:" + "cd" * 32)), id="digest"),
        pytest.param(replace(UPDATE, fields=(FIELD, replace(FIELD, file="more.yaml"))), id="one more file"),
        pytest.param(replace(UPDATE, old=(Version("1.4.3"),)), id="from another version"),
    ],
)
def test_another_proposal_has_another_fingerprint(other: ImageUpdate) -> None:
    assert _fingerprint(other) != _fingerprint(UPDATE)


def test_labels_are_part_of_what_is_proposed() -> None:
    labelled = replace(POLICY, pull_request=PullRequest(labels=("image-update",)))

    assert block.read(body(labelled, [UPDATE])) != block.read(body(POLICY, [UPDATE]))


def _fingerprint(update: ImageUpdate) -> str:
    found = block.read(body(POLICY, [update]))
    assert found is not None
    return found.fingerprint


def _comment(text: str) -> str:
    return text[text.rindex("<!-- imagebot:v1 ") :]


def _trailers(text: str) -> list[str]:
    words = ["git", "interpret-trailers", "--parse", "--no-divider"]
    return subprocess.run(words, input=text, capture_output=True, text=True, check=True).stdout.splitlines()
