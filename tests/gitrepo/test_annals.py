"""Every commit with what it changed, as git tells it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagebot.errors import BadInput
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.gitrepo.remote import Remote
from imagebot.history.commits import Commit
from tests.support.git_odd import TIMELESS
from tests.support.git_repos import BareRepository, Content, Link, Program, Submodule, a_repository, merge_branch


def annals(repository: BareRepository, wanted: Callable[[str], bool] = lambda _: True) -> list[Commit]:
    """What a fresh clone tells, oldest first."""
    mirror = Mirror.open(repository.folder.parent / "state" / "fresh.git", Remote(str(repository.folder)))
    return list(mirror.annals(mirror.fetch(None).base, wanted))[::-1]


def changed(commit: Commit) -> dict[str, tuple[bool, bool]]:
    """By path: whether there was a file before, and after."""
    return {each.path: (each.old is not None, each.new is not None) for each in commit.changes}


@pytest.fixture
def empty(tmp_path: Path) -> BareRepository:
    return a_repository(tmp_path / "environments.git")


def test_each_commit_has_its_own_changes_and_a_merge_what_it_brings(empty: BareRepository) -> None:
    first = empty.commit("main", {"a": "1", "b": "1"})
    side = empty.commit("side", {"a": "2"}, on=first)
    main = empty.commit("main", {"b": None})
    merge = merge_branch(empty, "main", side)
    told = {commit.id: commit for commit in annals(empty)}
    assert changed(told[first]) == {"a": (False, True), "b": (False, True)}
    assert changed(told[side]) == {"a": (True, True)}
    assert changed(told[main]) == {"b": (True, False)}
    assert changed(told[merge]) == {"a": (True, True)}
    assert told[merge].parents == (main, side)
    assert next(iter(told[merge].changes)).new == empty.git("rev-parse", f"{side}:a")


def test_an_empty_commit_between_others_is_told_with_nothing(empty: BareRepository) -> None:
    empty.commit("main", {"a": "1"})
    empty.commit("main", {}, "nothing")
    empty.commit("main", {"a": "2"})
    assert [len(commit.changes) for commit in annals(empty)] == [1, 0, 1]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param("x", Program("x"), {}, id="only the mode"),
        pytest.param("x", Link("y"), {"p": (True, False)}, id="file to link"),
        pytest.param(Link("y"), "x", {"p": (False, True)}, id="link to file"),
        pytest.param(Link("y"), Link("z"), {}, id="link to link"),
        pytest.param(Submodule("1" * 40), Submodule("2" * 40), {}, id="submodule"),
        pytest.param("x", None, {"p": (True, False)}, id="deleted"),
    ],
)
def test_only_regular_files_are_files(
    empty: BareRepository, before: Content, after: Content, told: dict[str, tuple[bool, bool]]
) -> None:
    empty.commit("main", {"p": before})
    empty.commit("main", {"p": after})
    assert changed(annals(empty)[1]) == told


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        pytest.param("p", Link("y"), Link("z"), id="link"),
        pytest.param("p", "x", Program("x"), id="mode"),
        pytest.param("\udcff", "x", "y", id="a name that is no text"),
    ],
)
def test_regret_what_people_change_beside_the_content_of_files_is_not_overlooked(
    empty: BareRepository, path: str, before: Content, after: Content
) -> None:
    empty.commit("main", {path: before})
    empty.commit("main", {path: after})
    assert (annals(empty)[1].changes, annals(empty)[1].more) == ((), True)


def test_only_wanted_paths_are_told_and_those_that_are_utf8(empty: BareRepository) -> None:
    empty.commit("main", {"a.yaml": "1", "b.txt": "1", "\udcff.yaml": "1", ':x "ü"\n.yaml': "1"})
    (commit,) = annals(empty, lambda path: path.endswith(".yaml"))
    assert sorted(changed(commit)) == [':x "ü"\n.yaml', "a.yaml"]


def test_what_looks_like_a_change_in_a_message_is_none(empty: BareRepository) -> None:
    message = "one\ntwo\n\n:100644 100644 0000 1111 M\n\n"
    empty.commit("main", {"a": "1"}, message, by="\x1b[31mEve\u202e [b] <e'v\"e@x y>")
    empty.commit("main", {"a": "2"}, "")
    first, second = annals(empty)
    assert first.message.rstrip("\n") == message.rstrip("\n")
    assert (first.author, first.author_email, first.subject) == ("\x1b[31mEve\u202e [b]", "e'v\"e@x y", "one")
    assert (second.message, len(second.changes)) == ("", 1)


def test_author_and_committer_are_told_apart_with_their_dates(empty: BareRepository) -> None:
    stream = (
        b"commit refs/heads/main\nauthor Ada <ada@x> 1767225600 +0900\n"
        b"committer GitHub <noreply@github.com> 1767312000 -0300\ndata 1\nx\n"
    )
    empty.git("fast-import", "--quiet", stdin=stream)
    (commit,) = annals(empty)
    assert (commit.author, commit.authored) == ("Ada", datetime(2026, 1, 1, tzinfo=UTC))
    assert (commit.committer, commit.committer_email) == ("GitHub", "noreply@github.com")
    assert commit.committed == datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "at"),
    [
        pytest.param("A <a@x> 0 +0000", None, id="the beginning"),
        pytest.param("A <a@x> 1 +0000", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), id="a second later"),
        pytest.param(
            "A <a@x> 253402300799 +0000", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), id="the last second"
        ),
        pytest.param("A <a@x> 253402300800 +0000", None, id="after the last second"),
        pytest.param("A <a@x> 900000000000 +0000", None, id="year 30489"),
        *(pytest.param(written, None, id=name) for name, written in TIMELESS.items()),
        pytest.param("A <a@x> 1767225600 +5130", datetime(2026, 1, 1, tzinfo=UTC), id="a zone that is none"),
        pytest.param("A <a@x>1767225600 +0000", datetime(2026, 1, 1, tzinfo=UTC), id="no space before it"),
    ],
)
def test_dates_that_no_calendar_has_stop_nothing(empty: BareRepository, written: str, at: datetime | None) -> None:
    tree = empty.git("hash-object", "-t", "tree", "-w", "--stdin")
    text = f"tree {tree}\nauthor {written}\ncommitter {written}\n\nx\n"
    commit = empty.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=text.encode())
    empty.git("update-ref", "refs/heads/main", commit)
    assert [told.committed for told in annals(empty)] == [at]


def test_what_is_no_commit_id_never_reaches_git(mirror: Mirror, heads: Heads) -> None:
    with pytest.raises(BadInput, match="is no commit id"):
        mirror.annals("--output=/tmp/x", lambda _: True)
    assert mirror.annals(heads.base, lambda _: False)[0].changes == ()
