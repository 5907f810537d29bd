"""Pushing many branches at once, each under its lease."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from imagebot.errors import BadInput, NotFound
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.gitrepo.push import Pushed, PushUpdate, Rejected
from imagebot.settings.resolve import Author
from tests.support.git_repos import BareRepository
from tests.support.sound import proved

MOVED = Rejected("the branch was moved by somebody else meanwhile", moved=True)


def a_commit(mirror: Mirror, base: str, text: str) -> str:
    return mirror.commit(base, {"README.md": proved(text.encode())}, text, Author())


def test_one_push_makes_moves_and_deletes_branches(environments: BareRepository, mirror: Mirror) -> None:
    base = environments.branches()["main"]
    moving = environments.commit("imagebot/moving", {"a": "1"}, on=base)
    gone = environments.commit("imagebot/gone", {"a": "1"}, on=base)
    mirror.fetch("imagebot/")
    made, moved = a_commit(mirror, base, "made"), a_commit(mirror, base, "moved")

    assert mirror.push(
        [
            PushUpdate("imagebot/made", made, None),
            PushUpdate("imagebot/moving", moved, moving),
            PushUpdate("imagebot/gone", None, gone),
        ]
    ) == {"imagebot/made": Pushed(), "imagebot/moving": Pushed(), "imagebot/gone": Pushed()}
    assert environments.branches() == {"main": base, "imagebot/made": made, "imagebot/moving": moved}
    assert mirror.pushes == 1


def test_nothing_to_push_asks_nobody(mirror: Mirror) -> None:
    assert mirror.push([]) == {}
    assert mirror.pushes == 0


def test_pushing_again_after_an_answer_was_lost_is_fine(mirror: Mirror, heads: Heads) -> None:
    update = PushUpdate("imagebot/a", a_commit(mirror, heads.base, "a"), None)

    assert mirror.push([update]) == {"imagebot/a": Pushed()}
    assert mirror.push([update]) == {"imagebot/a": Pushed()}


def test_two_bots_race_and_the_later_one_loses(
    environments: BareRepository, open_mirror: Callable[[], Mirror], heads: Heads
) -> None:
    one, other = open_mirror(), open_mirror()
    ones, others = a_commit(one, heads.base, "one"), a_commit(other, heads.base, "other")

    assert one.push([PushUpdate("imagebot/a", ones, None)]) == {"imagebot/a": Pushed()}
    assert other.push([PushUpdate("imagebot/a", others, None)]) == {"imagebot/a": MOVED}
    assert environments.branches()["imagebot/a"] == ones


@pytest.mark.parametrize("delete", [False, True], ids=["move", "delete"])
def test_what_a_person_pushed_meanwhile_is_never_lost(
    environments: BareRepository, mirror: Mirror, delete: bool
) -> None:
    base = environments.branches()["main"]
    seen = environments.commit("imagebot/a", {"a": "1"}, on=base)
    mirror.fetch("imagebot/")
    persons = environments.commit("imagebot/a", {"a": "2"})
    made = a_commit(mirror, base, "b")
    new = None if delete else a_commit(mirror, base, "a")

    assert mirror.push([PushUpdate("imagebot/a", new, seen), PushUpdate("imagebot/b", made, None)]) == {
        "imagebot/a": MOVED,
        "imagebot/b": Pushed(),
    }
    assert mirror.pushes == 1
    assert environments.branches() == {"main": base, "imagebot/a": persons, "imagebot/b": made}


def test_deleting_what_is_gone_already_is_told(environments: BareRepository, mirror: Mirror) -> None:
    seen = environments.commit("imagebot/a", {"a": "1"}, on=environments.branches()["main"])
    mirror.fetch("imagebot/")
    environments.git("update-ref", "-d", "refs/heads/imagebot/a")

    assert mirror.push([PushUpdate("imagebot/a", None, seen)]) == {"imagebot/a": MOVED}


def test_a_hook_of_the_remote_that_says_no_is_told_per_branch(
    environments: BareRepository, mirror: Mirror, heads: Heads
) -> None:
    hook = environments.folder / "hooks" / "update"
    hook.parent.mkdir()
    hook.write_text('#!/bin/sh\ntest "$1" != refs/heads/imagebot/a\n')
    hook.chmod(0o755)
    commit = a_commit(mirror, heads.base, "a")

    assert mirror.push([PushUpdate("imagebot/a", commit, None), PushUpdate("imagebot/b", commit, None)]) == {
        "imagebot/a": Rejected("the remote rejects it: hook declined", moved=False),
        "imagebot/b": Pushed(),
    }


def test_ninety_branches_are_one_push(environments: BareRepository, mirror: Mirror, heads: Heads) -> None:
    commits = {f"imagebot/staging/app-{number}": a_commit(mirror, heads.base, str(number)) for number in range(90)}

    found = mirror.push([PushUpdate(branch, commit, None) for branch, commit in commits.items()])
    assert found == dict.fromkeys(commits, Pushed())
    assert environments.branches() == {"main": heads.base, **commits}
    assert mirror.pushes == 1
    assert mirror.fetch("imagebot/").branches == commits


def test_a_remote_that_is_gone(environments: BareRepository, mirror: Mirror, heads: Heads) -> None:
    commit = a_commit(mirror, heads.base, "a")
    environments.folder.rename(environments.folder.with_name("moved.git"))

    with pytest.raises(NotFound, match=r"cannot push to .*environments\.git.*check the URL"):
        mirror.push([PushUpdate("imagebot/a", commit, None)])


def test_an_update_without_content_is_refused(mirror: Mirror, heads: Heads) -> None:
    assert heads.base
    with pytest.raises(BadInput, match="neither"):
        mirror.push([PushUpdate("imagebot/a", None, None)])
