"""What a team adds to the body: its own Markdown, in which values that others control do nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from imagebot.review.note import note
from imagebot.selection.verdict import Version
from tests.support.changes import UPDATE, change
from tests.support.hostile_text import HOSTILE, acting

RUNBOOK = "https://runbooks.example.com/"


def filled(words: str, value: str = "api") -> str:
    update = replace(UPDATE, app=value, old=(Version(value),), new=Version(value))
    return note(replace(change(update, note=words), name=value))


def links(markdown: str) -> list[str]:
    """Where the links in this Markdown lead."""
    tokens = [child for token in MarkdownIt("commonmark").parse(markdown) for child in token.children or []]
    return [str(token.attrGet("href")) for token in tokens if token.type == "link_open"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param("See the runbook of {app}.", "See the runbook of `api`.", id="text"),
        pytest.param(f"[Runbook]({RUNBOOK}{{app}})", f"[Runbook]({RUNBOOK}api)", id="link"),
        pytest.param(f"[Runbook of {{app}}]({RUNBOOK})", f"[Runbook of `api`]({RUNBOOK})", id="text of a link"),
        pytest.param(f'[Runbook]({RUNBOOK}{{app}}/a "{{app}}")', f'[Runbook]({RUNBOOK}api/a "api")', id="its title"),
        pytest.param("[Runbook](../runbooks/{app}.md)", "[Runbook](../runbooks/api.md)", id="link within"),
        pytest.param("[Runbook](</my runbooks/{app}.md>)", "[Runbook](</my runbooks/api.md>)", id="link with spaces"),
        pytest.param(f"<{RUNBOOK}{{app}}>", f"<{RUNBOOK}api>", id="address in angles"),
        pytest.param(f"See {RUNBOOK}{{app}}?n={{app}}.", f"See {RUNBOOK}api?n=api.", id="address alone"),
        pytest.param(f"[run]\n\n[run]: {RUNBOOK}{{app}}", f"[run]\n\n[run]: {RUNBOOK}api", id="definition"),
        pytest.param(f'<a href="{RUNBOOK}{{app}}">{{app}}</a>', f'<a href="{RUNBOOK}api">`api`</a>', id="HTML"),
        pytest.param("![{app}](badges/{app}.svg)", "![`api`](badges/api.svg)", id="image"),
        pytest.param("`kubectl -n {app}` on {app}", "`kubectl -n api` on `api`", id="code span"),
        pytest.param("```sh\nget {app}\n```\n{app}", "```sh\nget api\n```\n`api`", id="fence"),
        pytest.param("- {{braces}} ` {app}", "- {braces} ` `api`", id="a backtick alone"),
        pytest.param(f"{RUNBOOK}{{image}}", f"{RUNBOOK}ghcr.io/acme/api", id="an image's name is a path"),
    ],
)
def test_a_value_is_written_as_the_place_wants_it(words: str, said: str) -> None:
    assert filled(words) == said


def test_a_link_with_a_placeholder_is_a_link() -> None:
    assert links(filled(f"[Runbook]({RUNBOOK}{{app}})")) == [f"{RUNBOOK}api"]
    assert links(filled(f"[Versions]({RUNBOOK}?from={{from}})", "a b/../c?d#e")) == [
        f"{RUNBOOK}?from=a%20b%2F..%2Fc%3Fd%23e"
    ]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("words", ["See {app} {from} {to}.", "`get {app} {from}` {to}"])
def test_nothing_hostile_acts_in_a_note(words: str, text: str) -> None:
    assert acting(filled(words, text)) == []


@pytest.mark.parametrize(
    "text", [*HOSTILE, ") [x](https://evil.example", '") [x](https://evil.example', "> <img src=x>"]
)
@pytest.mark.parametrize(
    "words",
    [
        "[a](https://ours.example/{app})",
        '[a](https://ours.example/ "{app}")',
        "<https://ours.example/{app}>",
        "[a]\n\n[a]: https://ours.example/{app}",
    ],
)
def test_nothing_hostile_leads_a_link_elsewhere(words: str, text: str) -> None:
    (found,) = links(filled(words, text))

    assert found.startswith("https://ours.example/")
    assert [told for told in acting(filled(words, text)) if "https://ours.example/" not in told] == []


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("fence", ["```", "~~~"])
def test_nothing_hostile_leaves_a_fence(fence: str, text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(filled(f"{fence}\n{{from}}\n{fence}", text))

    assert [token.type for token in tokens] == ["fence"]
