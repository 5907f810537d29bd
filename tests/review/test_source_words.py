"""What people wrote about a source is read by a reviewer, and does nothing: not there, and not in a commit message."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.images.source_changes import ReleaseNotes, SourceChanges, SourceCommit
from imagebot.pulls import block
from imagebot.pulls.body_frame import words
from imagebot.pulls.commands import asked
from imagebot.review.body import BODY_LIMIT, describe
from imagebot.review.escape import fenced
from imagebot.review.image_facts import SOURCE, ImageFacts
from tests.review.test_body import IS, KNOWN, WAS
from tests.support.changes import UPDATE, change
from tests.support.hostile_text import COMMITS, HOSTILE, acting, referring

CHANGES = SourceChanges(
    commits=(
        SourceCommit("5d6e7f8" + "0" * 33, "fix: no crash on an empty list (#12)"),
        SourceCommit("1" * 40, "feat: x"),
    ),
    more_commits=10,
    notes=(ReleaseNotes("v1.5.0", "## New\n\n- x by @ada in https://github.com/acme/api/pull/12\n"),),
)


def body(changes: SourceChanges | None, **facts: object) -> str:
    return describe(change(), [replace(KNOWN, changes=changes, **facts)]).body  # type: ignore[arg-type]


def test_a_reviewer_reads_notes_and_commits() -> None:
    assert """
<details><summary>Release notes</summary>

```text
v1.5.0

## New

- x by @ ada in https: //github.com/acme/api/pull/12
```

</details>

<details><summary>12 commits, newest first</summary>

```text
5d6e7f8000 fix: no crash on an empty list (# 12)
1111111111 feat: x
```

and 10 more commits: [all of them](https://redirect.github.com/acme/api/compare/1a2b3c4...5d6e7f8)

</details>
""" in body(CHANGES)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_notes_do_nothing(text: str) -> None:
    hostile = SourceChanges(
        commits=(SourceCommit(text, text),),
        notes=(ReleaseNotes(text, f"{text}\n{text}\n\n~~~\n```\n{text}"),),
    )
    said, honest = body(hostile), body(SourceChanges())
    assert sorted(acting(said)) == sorted(acting(honest))
    assert (asked(said, ()), words(said)) == (frozenset(), ("", ""))
    assert block.read(said) == block.read(honest)


SQUASHED = [text for text in HOSTILE if text not in COMMITS]


@pytest.mark.parametrize("text", SQUASHED)
def test_what_a_forge_makes_a_commit_message_of_refers_to_nothing(text: str) -> None:
    """GitHub, for one, offers the description of a pull request as the message of its squashed commit."""
    assert referring("\n".join(fenced(text.splitlines()).splitlines()[1:-1])) == []


@pytest.mark.parametrize(
    "text",
    [
        "fixes #1",
        "Closes: acme/env#12",
        "fixes https://github.com/acme/env/issues/1",
        "Resolves SHOP-12, SHOP-13",
        "@acme/everyone",
        "[skip ci]",
        "[ci skip] ***NO_CI***",
        "- [x] <!-- imagebot:hold --> hold",
        "<!-- imagebot:begin -->",
        "![x](https://evil.example/beacon.png)",
    ],
)
def test_no_word_that_a_forge_acts_on_is_left_whole(text: str) -> None:
    shown = fenced([text])
    for word in ("#1", "://", "SHOP-1", "@acme", "[skip", "[ci", "***NO", "[x", "<!"):
        assert word not in shown


@given(st.text())
def test_any_text_stays_inside_its_block(text: str) -> None:
    shown = fenced(text.splitlines())
    assert acting(f"a\n\n{shown}\n\nb\n") == []
    assert shown.count("```") == 2


def test_common_words_stay_as_they_are() -> None:
    lines = ["CVE-2026-1234 in x-y 1.2.3", "  - indented, 50% faster; UTF-8", 'a_b (c) {d} = "e"']
    assert fenced(lines) == "\n".join(["```text", *lines, "```"])


def test_a_mountain_of_notes_leaves_room_for_what_is_needed() -> None:
    many = SourceChanges(
        commits=tuple(SourceCommit("1" * 40, "y" * 500) for _ in range(20)),
        more_commits=None,
        notes=tuple(ReleaseNotes(f"v1.4.{number}", "z\n" * 4000) for number in range(5)),
        more_notes=80,
    )
    one = body(many)
    assert len(one) < 15_000
    assert "and 80 more releases" in one
    assert "Release notes of 5 versions" in one
    updates = [replace(UPDATE, app=f"app-{number}") for number in range(40)]
    assert len(describe(change(*updates), [replace(KNOWN, changes=many)] * 40).body) <= BODY_LIMIT


@pytest.mark.parametrize(
    ("changes", "unasked", "told"),
    [
        pytest.param(None, (SOURCE,), " · what changed is not known yet |", id="nobody answered"),
        pytest.param(None, (), "expanded=true) |", id="nobody is asked"),
        pytest.param(
            SourceChanges(because="there are too many commits between the two to list them"),
            (),
            " · there are too many commits between the two to list them |",
            id="too many",
        ),
        pytest.param(SourceChanges(unwritten=True), (SOURCE,), "expanded=true) |", id="may come"),
    ],
)
def test_what_is_not_known_is_said_in_a_few_words(
    changes: SourceChanges | None, unasked: tuple[str, ...], told: str
) -> None:
    (row,) = [line for line in body(changes, unasked=unasked).splitlines() if line.startswith("| source |")]
    assert row.endswith(told)


def test_commits_between_tags_are_told_to_be_that() -> None:
    assert "These are between two tags of its source" in body(replace(CHANGES, by_tags=True))
    assert "between two tags" not in body(CHANGES)


def test_a_branch_of_its_own_is_told() -> None:
    assert "What runs now has commits that are not in this one" in body(replace(CHANGES, parted=True))


def test_the_source_that_a_policy_says_is_believed() -> None:
    silent = ImageFacts(replace(WAS, labels={}), replace(IS, labels={}))
    told = describe(change(replace(UPDATE, source="https://github.com/acme/api")), [silent]).body
    assert "[release notes](https://redirect.github.com/acme/api/releases" in told
    assert "no comparison: the images do not say from which commits they were built" in told
