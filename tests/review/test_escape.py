"""Text from registries and committers cannot act, wherever it is shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.review.escape import bare, code, fenced, html_code, plain, prose
from tests.support.hostile_text import COMMITS, HOSTILE, acting, cells, referring


def page(shown: str) -> str:
    """What is shown, in all the places of a body."""
    return (
        f"### a {shown}\n\n{shown} a\n\n- b {shown}\n\n| a | b |\n|---|---|\n| {shown} | {shown} |\n| {shown} | c |\n"
    )


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("shown_by", [code, prose])
def test_hostile_text_is_only_read(text: str, shown_by: Callable[[str], str]) -> None:
    assert acting(page(shown_by(text))) == []
    assert set(cells(page(shown_by(text)))) == {2}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_read_in_a_line_of_html(text: str) -> None:
    shown = html_code(text)

    assert acting(f"<details><summary>{shown} {shown}</summary>\n\n</details>\n") == []


@given(st.text())
def test_any_text_is_only_read(text: str) -> None:
    for shown in (page(code(text)), page(prose(text))):
        assert acting(shown) == []
        assert set(cells(shown)) == {2}


@pytest.mark.parametrize("text", [text for text in HOSTILE if text not in COMMITS])
def test_hostile_text_refers_to_nothing_in_a_title(text: str) -> None:
    assert referring(bare(text)) == []


@pytest.mark.parametrize("shown_by", [bare, code, html_code, prose, lambda text: fenced([text])])
@pytest.mark.parametrize("login", ["gitlab-ci-token:glcbt-64_s3cr3t", "ghp_s3cr3t", "a:s3cr3t%40", "x:s3cr3t:"])
def test_the_login_in_an_address_that_a_build_wrote_down_is_not_shown(
    login: str, shown_by: Callable[[str], str]
) -> None:
    shown = shown_by(f"made from https://{login}@git.example/acme/api.git at noon")
    assert "s3cr3t" not in shown
    assert "git.example" in shown


@pytest.mark.parametrize("text", ["ssh://git@git.example/acme", "oci://redis@sha256:ab", "https://git.example/@acme"])
def test_an_address_without_a_login_is_shown_as_it_is(text: str) -> None:
    assert plain(text) == text


@given(st.text())
def test_plain_text_is_one_line_that_moves_no_cursor(text: str) -> None:
    assert plain(text).isprintable() or not plain(text)
    assert len(plain(text)) <= 300


@given(st.from_regex(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", fullmatch=True))
def test_a_tag_is_shown_as_it_is(tag: str) -> None:
    assert code(tag) == f"`{tag}`"


@pytest.mark.parametrize(
    "text",
    [
        "1.5.0",
        "2026.01.3-alpine",
        "v1.0.0-rc.1",
        "ghcr.io/acme/api",
        "localhost:5000/acme/api",
        "semver: >=1.4.0 <2.0.0",
        "semver: ~1.4",
        "deps(staging): shop: 2 images",
        "1.4.2, 2.1.0 → 1.4.3",
    ],
)
def test_what_titles_usually_say_stays(text: str) -> None:
    assert bare(text) == text


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        (
            "6.5.4 is the newest of 3 tags in ^6.5 (now 6.5.3)",
            "`6.5.4` is the newest of 3 tags in `^6.5` (now `6.5.3`)",
        ),
        ("first seen 2026-01-01 12:00 UTC, minimumAge 3d", "first seen 2026-01-01 12:00 UTC, minimumAge 3d"),
        ("7.0.0 is not in >=1.0 <2", "`7.0.0` is not in `>=1.0 <2`"),
        ("(a1) (b2), c3 d4", "(`a1`) (`b2`), `c3 d4`"),
        ("deadbeef 12345678 1d2d3d4d", "`deadbeef 12345678 1d2d3d4d`"),
        ("", "` `"),
    ],
)
def test_a_sentence_keeps_its_words(sentence: str, shown: str) -> None:
    assert prose(sentence) == shown
