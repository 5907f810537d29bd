"""Who brought it, who merged it, and what a squash loses."""

from __future__ import annotations

from datetime import timedelta

import pytest

from imagebot.history.attribution import squashed
from imagebot.history.commits import Commit
from imagebot.history.entry import HistoryEntry, How
from tests.support.commits import commit, told

OLD, NEW, OTHER = ("image: podinfo:1\n", "image: podinfo:2\n", "image: podinfo:3\n")
FIRST = commit("first", files={"a.yaml": (None, OLD)})
MOVED = {"a.yaml": (OLD, NEW)}
TRAILERS = "deps\n\nwhy\n\nImage-Update: docker.io/library/podinfo 1 -> 2\nImage-Field: a.yaml#image\n"


def last(*commits: Commit) -> HistoryEntry:
    """The entry of the last commit."""
    return told(FIRST, *commits).entries[-1]


def test_a_push_has_an_author_and_nobody_who_merged() -> None:
    entry = last(commit("2", "first", at=3, files=MOVED))
    assert (entry.how, entry.authors, entry.merged_by, entry.took) == (How.BY_HAND, ("Ada",), "", None)


def test_a_merge_has_the_authors_of_what_it_brought_to_these_files() -> None:
    entry = last(
        commit("a", "first", at=1, by="Ada", files={"a.yaml": (OLD, OTHER)}),
        commit("b", "a", at=2, by="Bob", files={"README": (None, "x")}),
        commit("c", "b", at=3, by="Cleo", files={"a.yaml": (OTHER, NEW)}),
        commit(
            "m", "first", "c", at=5, by="Dan", through="GitHub", message="Merge pull request #12 from x/y", files=MOVED
        ),
    )
    assert (entry.authors, entry.merged_by, entry.number) == (("Ada", "Cleo"), "Dan", 12)
    assert entry.took == timedelta(days=4)


def test_a_merge_that_changes_it_itself_is_its_own_author() -> None:
    side = commit("a", "first", at=1, by="Bob", files={"README": (None, "x")})
    entry = last(side, commit("m", "first", "a", at=5, by="Dan", files=MOVED))
    assert (entry.authors, entry.merged_by) == (("Dan",), "Dan")


def test_who_only_merged_the_base_into_the_branch_is_no_author() -> None:
    entry = last(
        commit("a", "first", at=1, by="Ada", files={"a.yaml": (OLD, NEW)}),
        commit("main", "first", at=2, by="Bob", files={"README": (None, "x")}),
        commit("update", "a", "main", at=3, by="Eve", files={"a.yaml": (NEW, OTHER), "README": (None, "x")}),
        commit("m", "main", "update", at=5, by="Dan", files={"a.yaml": (OLD, OTHER)}),
    )
    assert entry.authors == ("Ada",)


def test_the_bot_is_nobody_who_merges() -> None:
    assert last(commit("2", "first", at=3, by="Ada", through="imagebot", files=MOVED)).merged_by == ""


def test_a_rebase_tells_who_did_it_and_since_when_it_waited() -> None:
    rebased = commit("2", "first", at=3, by="Ada", through="Bob", files=MOVED)
    entry = last(rebased)
    assert (entry.authors, entry.merged_by) == (("Ada",), "Bob")
    assert not squashed(rebased)


def test_a_squash_loses_who_merged_and_how_long_it_took() -> None:
    made = commit("2", "first", at=3, by="Ada", through="GitHub", message="Do it (#3) now (#14)", files=MOVED)
    entry = last(made)
    assert (entry.authors, entry.merged_by, entry.took, entry.number) == (("Ada",), "", None, 14)
    assert squashed(made)


@pytest.mark.parametrize(
    ("by", "message", "files", "how"),
    [
        pytest.param("imagebot", TRAILERS, MOVED, How.IMAGEBOT, id="both"),
        pytest.param("imagebot", "edited", MOVED, How.IMAGEBOT, id="address alone"),
        pytest.param("Ada", TRAILERS, MOVED, How.IMAGEBOT, id="trailers alone, as in a squash"),
        pytest.param("Ada", TRAILERS, {"a.yaml": (OLD, OTHER)}, How.EDITED, id="another version"),
        pytest.param("Ada", TRAILERS.replace("a.yaml", "b.yaml"), MOVED, How.EDITED, id="another file"),
        pytest.param("Ada", TRAILERS.replace("podinfo", "other"), MOVED, How.BY_HAND, id="another image"),
        pytest.param("Ada", TRAILERS.replace("-> 2", "-> $(id)"), MOVED, How.BY_HAND, id="no version"),
        pytest.param("Ada", "a squash without trailers", MOVED, How.BY_HAND, id="neither"),
    ],
)
def test_the_bots_work_is_known_by_its_trailers_or_its_address(
    by: str, message: str, files: dict[str, tuple[str, str]], how: How
) -> None:
    pushed = last(commit("2", "first", at=3, by=by, message=message, files=files))
    merged = last(
        commit("2", "first", at=3, by=by, message=message, files=files),
        commit("m", "first", "2", at=4, by="Dan", files=files),
    )
    assert (pushed.how, merged.how) == (how, how)


def test_how_long_the_bot_waited_is_not_in_git() -> None:
    """Its commits have the date of the base."""
    proposed = commit("2", "first", at=0, by="imagebot", message=TRAILERS, files=MOVED)
    assert last(proposed, commit("m", "first", "2", at=4, by="Dan", files=MOVED)).took is None


@pytest.mark.parametrize(
    ("message", "number"),
    [
        pytest.param("Merge pull request #7 from acme/imagebot/x\n\ntext (#9)", 7, id="GitHub"),
        pytest.param("Merge pull request 'a (#1) b' (#7) from x into main", 7, id="Gitea"),
        pytest.param("Merge branch 'x' into 'main'\n\nabc\n\nSee merge request a/b!7", 7, id="GitLab"),
        pytest.param('Revert "x (#6)" (#7)', 7, id="a revert of another"),
        pytest.param("fixes #7", None, id="an issue"),
        pytest.param("x\n\n(#7)", None, id="in the body"),
        pytest.param("(#7777777777777)", None, id="no number of ours"),
    ],
)
def test_the_number_of_a_pull_request_is_where_forges_write_it(message: str, number: int | None) -> None:
    assert last(commit("2", "first", message=message, files=MOVED)).number == number
