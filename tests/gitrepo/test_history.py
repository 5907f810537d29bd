"""Commits, diffs and merges between two points."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from imagebot.errors import BadInput
from imagebot.gitrepo.history import LARGEST_DIFF, MOST_COMMITS
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.gitrepo.push import PushUpdate
from imagebot.settings.resolve import Author
from tests.support.git_repos import BareRepository, Link, commit_chain, merge_branch
from tests.support.sound import proved

BOT = Author(name="imagebot", email="bot@example.com")
API = "clusters/staging/api/deployment.yaml"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def branch_and_base(environments: BareRepository, mirror: Mirror) -> tuple[str, str]:
    """A bot's branch of one commit, and a base that has gone on without conflict."""
    first = mirror.fetch("imagebot/").base
    ours = mirror.commit(first, {API: proved(b"image: acme/api:1.1.0\n")}, "api 1.1.0\n\nImage-Update: x\n", BOT)
    mirror.push([PushUpdate("imagebot/a", ours, None)])
    base = environments.commit("main", {"README.md": "more\n"})
    mirror.fetch("imagebot/")
    return ours, base


def test_the_commits_that_base_has_not_newest_first(
    environments: BareRepository, mirror: Mirror, branch_and_base: tuple[str, str]
) -> None:
    ours, base = branch_and_base
    person = "Ünï <\"x\"> 'y' <p@example.com>".replace('<"x"> ', "")
    persons = environments.commit("imagebot/a", {"b": "1"}, "by hand\n\nwith a body\n", by=person)
    mirror.fetch("imagebot/")
    parent = mirror.merge_base(base, ours)
    assert parent is not None

    found = mirror.commits_between(base, persons)
    assert [(one.id, one.parents, one.author, one.author_email, one.committer_email, one.message) for one in found] == [
        (persons, (ours,), "Ünï 'y'", "p@example.com", "p@example.com", "by hand\n\nwith a body\n"),
        (ours, (parent,), BOT.name, BOT.email, BOT.email, "api 1.1.0\n\nImage-Update: x\n"),
    ]
    assert [[change.path for change in one.changes] for one in found] == [["b"], [API]]
    assert mirror.commits_between(persons, persons) == ()


def test_a_commit_without_a_message(environments: BareRepository, mirror: Mirror) -> None:
    first = environments.branches()["main"]
    empty = environments.commit("imagebot/a", {"a": "1"}, "", on=first)
    second = environments.commit("imagebot/a", {"a": "2"}, "two")
    mirror.fetch("imagebot/")

    assert [(commit.id, commit.message) for commit in mirror.commits_between(first, second)] == [
        (second, "two"),
        (empty, ""),
    ]


def test_histories_without_a_common_commit(environments: BareRepository, mirror: Mirror) -> None:
    environments.commit("imagebot/stranger", {"README.md": "another\n"})
    heads = mirror.fetch("imagebot/")
    stranger = heads.branches["imagebot/stranger"]

    assert mirror.merge_base(heads.base, stranger) is None
    assert mirror.conflicts(heads.base, stranger)


def test_a_diff_reads_as_people_know_it(mirror: Mirror, branch_and_base: tuple[str, str]) -> None:
    ours, base = branch_and_base
    parent = mirror.merge_base(base, ours)
    assert parent is not None
    lines = mirror.diff(parent, ours).splitlines()

    assert lines[0] == f"diff --git a/{API} b/{API}"
    assert lines[-2:] == ["-image: acme/api:1.0.0", "+image: acme/api:1.1.0"]


def test_a_long_diff_is_cut_and_says_so(environments: BareRepository, mirror: Mirror) -> None:
    first = environments.branches()["main"]
    long = environments.commit("imagebot/a", {"long": "0123456789\n" * 300_000}, on=first)
    mirror.fetch("imagebot/")
    text = mirror.diff(first, long)

    assert LARGEST_DIFF < len(text) < LARGEST_DIFF + 100
    assert text.endswith("\n[the diff goes on; this is its first MiB]\n")


def test_every_path_that_differs_is_named(environments: BareRepository, mirror: Mirror) -> None:
    first = environments.branches()["main"]
    odd = b"caf\xe9".decode(errors="surrogateescape")
    changes = {"link.yaml": Link("elsewhere"), "vendor": None, "deploy.sh": "now a file\n", odd: "x", "n\nl": "x"}
    tip = environments.commit("imagebot/a", changes, on=first)
    mirror.fetch("imagebot/")

    assert set(mirror.changed_paths(first, tip)) == {"link.yaml", "vendor", "deploy.sh", "caf\\xe9", "n\nl"}


def test_a_branch_that_base_has_left_behind_may_conflict_or_not(
    environments: BareRepository, mirror: Mirror, branch_and_base: tuple[str, str]
) -> None:
    ours, base = branch_and_base
    assert not mirror.conflicts(base, ours)

    moved = environments.commit("main", {API: "image: acme/api:1.0.5\n"})
    mirror.fetch("imagebot/")
    assert mirror.conflicts(moved, ours)
    with pytest.raises(BadInput, match="cannot be merged"):
        mirror.merge(moved, ours, "merge", BOT, NOON)


def test_a_merge_holds_both_sides(
    environments: BareRepository, mirror: Mirror, branch_and_base: tuple[str, str]
) -> None:
    ours, base = branch_and_base
    merged = mirror.merge(base, ours, "merge\n", Author(name="P", email="p@x"), NOON)
    mirror.push([PushUpdate("main", merged, base)])

    assert environments.file("main", "README.md") == b"more\n"
    assert environments.file("main", API) == b"image: acme/api:1.1.0\n"
    assert environments.git("show", "-s", "--format=%P %an %ct", merged) == f"{base} {ours} P {int(NOON.timestamp())}"


def test_a_branch_brings_a_change_that_base_has_gone_past_elsewhere(
    environments: BareRepository, mirror: Mirror, branch_and_base: tuple[str, str]
) -> None:
    ours, base = branch_and_base
    content = b"image: acme/api:1.1.0\n"

    assert mirror.brings(base, ours, {API: content})
    assert not mirror.brings(base, ours, {API: b"image: acme/api:1.2.0\n"})
    assert not mirror.brings(base, ours, {API: content, "README.md": b"more\n"})
    conflicting = environments.commit("main", {API: "image: acme/api:1.0.5\n"})
    mirror.fetch("imagebot/")
    assert not mirror.brings(conflicting, ours, {API: content})
    more = environments.commit("imagebot/a", {"deploy.sh": None})
    mirror.fetch("imagebot/")
    assert not mirror.brings(base, more, {API: content})


def test_only_a_merge_as_git_makes_it_adds_nothing(
    environments: BareRepository, mirror: Mirror, branch_and_base: tuple[str, str]
) -> None:
    ours, base = branch_and_base
    button = mirror.merge(ours, base, "Merge branch 'main'", Author(name="P", email="p@x"), NOON)
    tree = environments.git("rev-parse", f"{base}^{{tree}}")
    evil = environments.git("commit-tree", tree, "-p", ours, "-p", base, "-m", "drops our change", stdin=b"")
    environments.git("update-ref", "refs/heads/imagebot/evil", evil)
    mirror.push([PushUpdate("imagebot/a", button, ours)])
    mirror.fetch("imagebot/")

    found = {
        commit.id: mirror.adds_nothing(commit) for tip in (button, evil) for commit in mirror.commits_between(base, tip)
    }
    assert found == {button: True, evil: False, ours: False}


def test_a_files_versions_as_the_branch_saw_them(
    environments: BareRepository, mirror: Mirror, branch_and_base: tuple[str, str]
) -> None:
    """A merge is one change of the branch, made when it was merged; what went on behind it is not told."""
    ours, base = branch_and_base
    merged = mirror.merge(base, ours, "merge", Author(name="Ada", email="ada@example.com"), NOON)
    mirror.push([PushUpdate("main", merged, base)])
    gone = environments.commit("main", {API: None}, by="Eve \x01 <eve@example.com>")
    mirror.fetch("imagebot/")

    line = mirror.line(gone, [API], 100)

    first = line[-1]
    assert [commit.id for commit in line] == [gone, merged, first.id]
    assert [commit.author for commit in line[:2]] == ["Eve \x01", "Ada"]
    assert (line[1].committed, line[1].committer_email) == (NOON, "ada@example.com")
    (last,) = line[0].changes
    assert (last.path, last.new) == (API, None)
    contents = list(mirror.blobs([change.new for commit in line for change in commit.changes if change.new]))
    assert contents == [b"image: acme/api:1.1.0\n", b"image: acme/api:1.0.0\n"]
    assert mirror.line(gone, [API], 1) == line[:1]
    assert mirror.line(gone, ["no/such file"], 100) == ()
    assert len(mirror.line(gone, ['with spaces/ü "x"\tb.yaml'], 100)) == 1
    assert [commit.id for commit in mirror.line(gone, (), 100)] == [gone, merged, base, first.id]


@pytest.mark.parametrize("path", ["../x", "a/./b", ".git/config", "", "/etc/passwd", "x" * 200_000])
def test_a_path_that_no_work_tree_can_have_has_no_history(mirror: Mirror, heads: Heads, path: str) -> None:
    assert mirror.line(heads.base, [path], 100) == ()
    assert mirror.fetch("imagebot/") == heads


def test_more_paths_than_arguments_may_hold(mirror: Mirror, heads: Heads) -> None:
    many = [f"{'x' * 90_000}{number}" for number in range(6)]
    assert [[change.path for change in commit.changes] for commit in mirror.line(heads.base, [API, *many], 9)] == [
        [API]
    ]


def test_what_a_commit_changed_tells_what_was_renamed(environments: BareRepository, mirror: Mirror) -> None:
    text = "".join(f"line: {number}\n" for number in range(20))
    environments.commit("main", {"a/old.yaml": text})
    environments.commit("main", {"a/old.yaml": None, "b/new.yaml": text.replace("7", "8"), "more": "x"})
    base = mirror.fetch("imagebot/").base

    found = {change.path: (change.was, change.old is None) for change in mirror.changes(base)}

    assert found == {"b/new.yaml": ("a/old.yaml", False), "more": ("", True)}


def test_the_commits_of_many_branches_from_one_look(environments: BareRepository, mirror: Mirror) -> None:
    first = environments.branches()["main"]
    one = environments.commit("imagebot/one", {"a": "1"}, on=first)
    two = environments.commit("imagebot/two", {"b": "1"}, on=first)
    base = environments.commit("main", {"README.md": "more\n"})
    on_top = environments.commit("imagebot/three", {"c": "1"}, on=one)
    merged = merge_branch(environments, "imagebot/three", base)
    stranger = environments.commit("imagebot/stranger", {"README.md": "another\n"})
    mirror.fetch("imagebot/")
    tips = [one, two, merged, stranger, first]

    found = mirror.commits_of_each(base, tips)

    assert found == {tip: mirror.commits_between(base, tip) for tip in tips}
    assert [commit.id for commit in found[merged]] == [merged, on_top, one]
    assert found[first] == ()
    assert mirror.commits_of_each(base, []) == {}


def test_no_commit_of_a_branch_is_overlooked_beside_a_very_long_one(
    environments: BareRepository, mirror: Mirror
) -> None:
    """The newest 1 000 of all would leave none for the branch whose commits are older: it would not be frozen."""
    first = environments.branches()["main"]
    tip = environments.commit("imagebot/a", {"a": "1"}, by="Eve <eve@example.com>", on=first)
    commit_chain(environments, "imagebot/long", MOST_COMMITS)
    long = environments.branches()["imagebot/long"]
    mirror.fetch("imagebot/")

    found = mirror.commits_of_each(first, [long, tip])
    assert [commit.author for commit in found[tip]] == ["Eve"]
    assert len(found[long]) == MOST_COMMITS
