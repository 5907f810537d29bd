"""A commit that the bot did not make freezes its branch."""

from __future__ import annotations

import pytest

from imagebot.plan.freeze import BranchCommit, frozen

BOT = "imagebot@example.com"
OURS = BranchCommit("1" * 40, "imagebot", frozenset({BOT}), "deps\n\nImage-Update: a 1 -> 2\n")
PERSON = BranchCommit("2" * 40, "Ada", frozenset({"ada@example.com"}), "mend it")
BUTTON = BranchCommit("3" * 40, "Ada", frozenset({"ada@example.com", "noreply@github.com"}), "Merge branch main", True)


@pytest.mark.parametrize(
    ("commits", "is_frozen"),
    [
        pytest.param([], False, id="nothing but the base"),
        pytest.param([OURS], False, id="ours"),
        pytest.param([PERSON, OURS], True, id="a person's on top"),
        pytest.param([OURS, PERSON], True, id="a person's below"),
        pytest.param([BUTTON, OURS], False, id="an update from the base that adds nothing"),
        pytest.param(
            [BranchCommit("4" * 40, "Ada", frozenset({BOT, "ada@example.com"}), OURS.message)],
            True,
            id="amended by Ada",
        ),
        pytest.param([BranchCommit("5" * 40, "imagebot", frozenset({BOT}), "hello")], True, id="no trailer of ours"),
    ],
)
def test_frozen(commits: list[BranchCommit], is_frozen: bool) -> None:
    assert (frozen("imagebot/staging/podinfo", commits, {BOT}) is not None) is is_frozen


def test_a_freeze_says_who() -> None:
    kept = frozen("imagebot/staging/podinfo", [PERSON], {BOT})

    assert kept is not None
    assert (kept.author, kept.commit) == ("Ada", PERSON.id)
    assert "Ada committed 2222222222 to imagebot/staging/podinfo" in kept.because
