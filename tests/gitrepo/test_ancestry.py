"""The history of real branches: merges, force-pushes, paths, ten thousand commits."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagebot.errors import NotFound
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.remote import Remote
from imagebot.policy.watch import Watch
from imagebot.selection.rank import rank
from imagebot.versions.commit import History
from imagebot.versions.known import OrderInputs
from tests.support.git_repos import BareRepository, a_repository, commit_chain, merge_branch

SEVEN = 7


@pytest.fixture
def source(tmp_path: Path) -> BareRepository:
    """A source repository with one commit on main."""
    return a_repository(tmp_path / "api.git", {"README.md": "hello\n"})


def history_of(source: BareRepository, branch: str = "main", paths: tuple[str, ...] = ()) -> History:
    """What a pass makes of it; the mirror is the same each time."""
    mirror = Mirror.open(source.folder.parent / "state" / f"{branch}.git", Remote(str(source.folder), branch))
    return mirror.history(mirror.fetch(None).base, paths)


def chosen(source: BareRepository, *commits: str, deployed: str = "") -> str:
    """The reason for the best tag, of tags that are short ids of these commits."""
    watch = Watch.model_validate({"image": "acme/api", "commit": {"source": "api"}})
    tags = [commit[:SEVEN] for commit in commits]
    ranking = rank(watch, tags, {deployed} if deployed else (), OrderInputs(history=history_of(source)))
    return "nothing" if ranking.best is None else f"{ranking.best.tag} is {ranking.praise}"


def test_the_newest_commit_with_an_image_wins(source: BareRepository) -> None:
    first, second, third = (source.commit("main", {"a": str(number)}) for number in range(3))
    assert chosen(source, first, second, third) == f"{third[:7]} is the newest of 3 commits of main with an image"
    assert chosen(source, second, first) == (
        f"{second[:7]} is the newest of 2 commits of main with an image; 1 newer commit has none yet: {third[:7]}"
    )


def test_commits_of_other_branches_and_bot_branches_do_not_count(source: BareRepository) -> None:
    base = source.commit("main", {"a": "1"})
    aside = source.commit("feature", {"a": "2"}, on=base)
    assert history_of(source).named(aside) == ()
    assert chosen(source, base, aside).startswith(base[:7])


def test_a_merge_brings_its_commits_in_below_itself(source: BareRepository) -> None:
    base = source.commit("main", {"a": "1"})
    side = source.commit("feature", {"b": "1"}, on=base)
    main = source.commit("main", {"a": "2"})
    merge = merge_branch(source, "main", side)
    history = history_of(source)
    assert history.line[:3] == (merge, main, base)
    assert history.merged == {side: 0}
    assert chosen(source, side, main).startswith(main[:7])
    assert chosen(source, side, main, merge).startswith(merge[:7])


def test_a_fast_forward_puts_every_commit_on_the_line(source: BareRepository) -> None:
    base = source.commit("main", {"a": "1"})
    one = source.commit("feature", {"b": "1"}, on=base)
    two = source.commit("feature", {"b": "2"})
    source.git("update-ref", "refs/heads/main", two)
    assert history_of(source).line[:3] == (two, one, base)


def test_after_a_merge_the_wrong_way_round_the_old_line_keeps_its_place(source: BareRepository) -> None:
    """Somebody merges main into a feature and pushes that as main: what main was at is a second parent now."""
    base = source.commit("main", {"a": "1"})
    deployed = source.commit("main", {"a": "2"})
    source.commit("feature", {"b": "1"}, on=base)
    foxtrot = merge_branch(source, "feature", deployed)
    source.git("update-ref", "refs/heads/main", foxtrot)
    history = history_of(source)
    assert deployed not in history.line
    assert history.place(base) < history.place(deployed) < history.place(foxtrot)


def test_a_force_push_leaves_the_old_commits_without_a_place(source: BareRepository) -> None:
    base = source.commit("main", {"a": "1"})
    gone = source.commit("main", {"a": "2"})
    assert chosen(source, base, gone).startswith(gone[:7])
    source.git("update-ref", "refs/heads/main", base)
    kept = source.commit("main", {"a": "3"})
    assert history_of(source).line[:2] == (kept, base)
    assert history_of(source).named(gone) == ()
    assert chosen(source, base, gone).startswith(base[:7])


@pytest.mark.parametrize("paths", [("api",), ("api/", "shared.txt"), ("api/a.py",)])
def test_only_commits_that_change_a_path_are_wanted(source: BareRepository, paths: tuple[str, ...]) -> None:
    base = source.commit("main", {"api/a.py": "1", "web/b.js": "1"})
    source.commit("main", {"web/b.js": "2"})
    side = source.commit("feature", {"api/a.py": "2"}, on=base)
    merge = merge_branch(source, "main", side)
    source.commit("main", {"README.md": "2"})
    history = history_of(source, paths=tuple(path.removesuffix("/") for path in paths))
    assert history.newer(history.place(history.line[-1])) == (merge, base)


def test_paths_are_taken_literally(source: BareRepository) -> None:
    odd = source.commit("main", {"*.py": "1", ":(exclude)a": "1"})
    source.commit("main", {"a.py": "1", "a": "1"})
    assert history_of(source, paths=("*.py",)).wanted == frozenset({odd})
    assert history_of(source, paths=(":(exclude)a",)).wanted == frozenset({odd})


def test_another_branch(source: BareRepository) -> None:
    main = source.commit("main", {"a": "1"})
    release = source.commit("release/1.x", {"a": "2"}, on=main)
    history = Mirror.open(source.folder.parent / "m.git", Remote(str(source.folder), "release/1.x"))
    assert history.history(history.fetch(None).base).line[0] == release


def test_a_branch_that_is_not_there(source: BareRepository) -> None:
    with pytest.raises(NotFound, match="has no branch release: it has main; set `branch`"):
        history_of(source, "release")


def test_ten_thousand_commits(source: BareRepository) -> None:
    ids = commit_chain(source, "main", 10_000)
    history = history_of(source)
    assert history.line[:10_000] == tuple(reversed(ids))
    assert chosen(source, ids[5000], ids[17]).startswith(ids[5000][:7])
