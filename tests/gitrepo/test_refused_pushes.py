"""What is refused costs itself, and says why in the remote's own words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imagebot.errors import NotFound, Refused, Unavailable
from imagebot.gitrepo.failures import explain, remote_words
from imagebot.gitrepo.git_env import sealed
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.gitrepo.process import GitOutput
from imagebot.gitrepo.push import Pushed, PushUpdate, Rejected, in_the_way
from imagebot.gitrepo.remote import Remote
from imagebot.settings.resolve import Author
from tests.support.git_repos import BareRepository
from tests.support.sound import proved


def hook(repository: BareRepository, name: str, script: str) -> None:
    """A hook of the server's; `$refs` are those that are pushed, where the hook is told all at once."""
    file = repository.folder / "hooks" / name
    file.parent.mkdir(exist_ok=True)
    read = 'refs=""\nwhile read old new ref; do refs="$refs $ref"; done\n' if name == "pre-receive" else ""
    file.write_text(f"#!/bin/sh\n{read}{script}\n")
    file.chmod(0o755)


def updates(mirror: Mirror, heads: Heads, *names: str) -> list[PushUpdate]:
    return [
        PushUpdate(
            f"imagebot/{name}", mirror.commit(heads.base, {"README.md": proved(name.encode())}, name, Author()), None
        )
        for name in names
    ]


@pytest.mark.parametrize("bad", [["a3"], ["a0"], ["a8"], ["a2", "a7"], ["a0", "a1", "a2", "a3"]])
def test_one_refused_branch_keeps_no_other_back(
    environments: BareRepository, mirror: Mirror, heads: Heads, bad: list[str]
) -> None:
    """A hook that looks at all of a push, as GitLab's does, refuses all of it."""
    tests = "\n".join(
        f'case "$refs" in *imagebot/{name}*) echo "GL-HOOK-ERR: no {name}"; exit 1;; esac' for name in bad
    )
    hook(environments, "pre-receive", tests)
    names = [f"a{number}" for number in range(9)]

    found = mirror.push(updates(mirror, heads, *names))

    assert found == {
        f"imagebot/{name}": Rejected(
            f"the remote rejects it: GL-HOOK-ERR: no {name} (pre-receive hook declined)", moved=False
        )
        if name in bad
        else Pushed()
        for name in names
    }
    assert environments.branches().keys() == {"main", *(f"imagebot/{name}" for name in names if name not in bad)}


def test_a_remote_that_takes_nothing_is_not_asked_for_ever(
    environments: BareRepository, mirror: Mirror, heads: Heads
) -> None:
    hook(environments, "pre-receive", "echo 'we are closed'; exit 1")

    found = mirror.push(updates(mirror, heads, *map(str, range(90))))

    assert set(found.values()) == {
        Rejected("the remote rejects it: we are closed (pre-receive hook declined)", moved=False)
    }
    assert mirror.pushes == 5


@pytest.mark.parametrize(
    ("setting", "reason"),
    [("receive.denyDeletes", "deletion prohibited"), ("receive.denyNonFastForwards", "non-fast-forward")],
)
def test_what_the_remote_forbids_is_told_of_the_one(
    environments: BareRepository, mirror: Mirror, heads: Heads, setting: str, reason: str
) -> None:
    old = environments.commit("imagebot/old", {"x": "1"}, on=heads.base)
    mirror.fetch("imagebot/")
    environments.git("config", setting, "true")
    (new,) = updates(mirror, heads, "new")
    over = PushUpdate("imagebot/old", None if "Deletes" in setting else new.new, old)

    found = mirror.push([new, over])

    assert found["imagebot/new"] == Pushed()
    refused = found["imagebot/old"]
    assert isinstance(refused, Rejected)
    assert (reason in refused.because, refused.moved) == (True, False)


@pytest.mark.parametrize("there", ["imagebot", "imagebot/prod/shop/deeper", "imagebot/prod"])
def test_a_name_in_the_way_is_named(environments: BareRepository, mirror: Mirror, heads: Heads, there: str) -> None:
    wanted = updates(mirror, heads, "prod/shop", *(["staging/web"] if there != "imagebot" else []))
    environments.git("update-ref", f"refs/heads/{there}", heads.base)

    found = mirror.push(wanted)

    because = f"the branch {there} is in the way of imagebot/prod/shop: rename or delete it, or set branchPrefix"
    assert found.pop("imagebot/prod/shop") == Rejected(because, moved=False)
    assert set(found.values()) <= {Pushed()}
    assert mirror.pushes == 1


def test_a_tag_of_the_same_name_is_in_nobodys_way(environments: BareRepository, mirror: Mirror, heads: Heads) -> None:
    environments.git("update-ref", "refs/tags/imagebot", heads.base)
    (update,) = updates(mirror, heads, "prod/shop")
    assert mirror.push([update]) == {update.branch: Pushed()}
    environments.git("update-ref", "refs/tags/imagebot2/prod/shop", heads.base)
    assert mirror.fetch("imagebot/").branches == {update.branch: update.new}


@pytest.mark.parametrize(
    ("branch", "heads", "way"),
    [
        ("imagebot/prod/shop", ["main", "imagebot"], "imagebot"),
        ("imagebot/prod/shop", ["main", "imagebot/prod/shop/deeper"], "imagebot/prod/shop/deeper"),
        ("imagebot/prod/shop", ["Imagebot/prod/shop"], "Imagebot/prod/shop"),
        ("imagebot/prod/shop", ["imagebot/prod/shop2", "imagebot/prod", "image"], "imagebot/prod"),
        ("imagebot/prod/shop", ["imagebot/prod/shop2", "imagebot-prod", "imagebot/prod/sho"], None),
    ],
)
def test_which_name_is_in_the_way(branch: str, heads: list[str], way: str | None) -> None:
    said = in_the_way(branch, heads)
    assert (said is None) == (way is None)
    assert said is None or f"the branch {way} is in the way of {branch}" in said


def test_a_lock_that_was_left_on_the_remote_is_no_race(
    environments: BareRepository, mirror: Mirror, heads: Heads
) -> None:
    """Nobody moved the branch: looking again in the same pass would find the same."""
    lock = environments.folder / "refs" / "heads" / "imagebot" / "a.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()

    found = mirror.push(updates(mirror, heads, "a", "b"))

    assert found["imagebot/b"] == Pushed()
    refused = found["imagebot/a"]
    assert isinstance(refused, Rejected)
    assert not refused.moved
    assert "cannot lock ref" in refused.because
    assert mirror.pushes == 1


def test_a_server_that_dies_in_the_middle_is_looked_at(
    environments: BareRepository, mirror: Mirror, heads: Heads
) -> None:
    """It had taken the first branch; nobody says so."""
    hook(environments, "update", 'test "$1" != refs/heads/imagebot/b || kill -9 $PPID')

    found = mirror.push(updates(mirror, heads, "a", "b", "c"))

    assert (found["imagebot/a"], found["imagebot/c"]) == (Pushed(), Pushed())
    refused = found["imagebot/b"]
    assert isinstance(refused, Rejected)
    assert "unexpected disconnect" in refused.because
    assert environments.branches().keys() == {"main", "imagebot/a", "imagebot/c"}


def test_a_hook_that_never_ends_holds_up_its_own_branch(
    tmp_path: Path, environments: BareRepository, mirror: Mirror, heads: Heads
) -> None:
    """What went through before the time was up is known to have gone through."""
    os.mkfifo(tmp_path / "never")
    hook(environments, "update", f'test "$1" != refs/heads/imagebot/b || read x < {tmp_path}/never')
    wanted = updates(mirror, heads, "a", "b", "c")
    hasty = Mirror.open(tmp_path / "state" / "environments.git", Remote(str(environments.folder)), network_seconds=2)

    found = hasty.push(wanted)

    assert (found["imagebot/a"], found["imagebot/c"]) == (Pushed(), Pushed())
    refused = found["imagebot/b"]
    assert isinstance(refused, Rejected)
    assert "was stopped: it did not end within" in refused.because


def test_a_remote_that_is_gone_in_the_middle_is_not_guessed_at(
    environments: BareRepository, mirror: Mirror, heads: Heads
) -> None:
    hook(environments, "update", f"mv {environments.folder} {environments.folder}.gone; kill -9 $PPID")
    with pytest.raises((Unavailable, NotFound)):
        mirror.push(updates(mirror, heads, "a", "b"))


TOKEN = "glpat-s3cr3t/+"


def environment(**more: str) -> dict[str, str]:
    return sealed(variables={"IMAGEBOT_GIT_USERNAME": "oauth2", "IMAGEBOT_GIT_PASSWORD": TOKEN, **more})


@pytest.mark.parametrize(
    ("said", "words"),
    [
        pytest.param("remote: GL-HOOK-ERR: ticket missing\n", "GL-HOOK-ERR: ticket missing", id="GitLab"),
        pytest.param(
            "remote: error: GH006: Protected branch update failed for refs/heads/x.        \n"
            "remote: error: Changes must be made through a pull request.        \n",
            "error: GH006: Protected branch update failed for refs/heads/x."
            " error: Changes must be made through a pull request.",
            id="GitHub",
        ),
        pytest.param(
            "remote: \nremote: ==========\nremote: Not allowed to push to protected branch x\nremote: ----\n",
            "Not allowed to push to protected branch x",
            id="ornaments",
        ),
        pytest.param(
            "remote: \nremote: Create a pull request for 'x' on GitHub by visiting:\n"
            "remote:      https://github.com/acme/env/pull/new/x\nremote: \nremote: closed for today\n",
            "closed for today",
            id="hints",
        ),
        pytest.param(
            "remote: error: hook declined to update refs/heads/x\nremote: no\nremote: no\n",
            "no",
            id="what git says too",
        ),
        pytest.param(
            f"remote: we saw {TOKEN} and Z2xwYXQtczNjcjN0Lys= and glpat-s3cr3t%2F%2B\n",
            "we saw … and … and …",
            id="a secret",
        ),
        pytest.param("remote: glpat-s3cr\x1b[0m3t/+ is yours\n", "… is yours", id="a secret in pieces"),
        pytest.param("remote: a\x1b]0;pwned\x07b\x1b[31mred\x1b[0m\x08\u202e\n", r"abred\x08\u202e", id="a terminal"),
        pytest.param("remote: a\x1b]8;;https://evil\x1b\\b\x1b[2J\x1b[1;1Hc\n", "abc", id="a terminal's link"),
        pytest.param("remote: one\rremote: two\r\nerror: ours\n", "one two", id="ends of lines"),
        pytest.param("To /x\n!\trefs\n", "", id="nothing"),
        pytest.param("remote: " + "x" * 5000, "x" * 399 + "…", id="too much"),
        pytest.param("remote: " + "ticket " * 99, "ticket " * 57 + "…", id="too many words"),
    ],
)
def test_the_remotes_own_words(said: str, words: str) -> None:
    assert remote_words(said, environment()) == words


def test_the_words_beside_a_refusal_of_everything() -> None:
    """What the rule shows is one line; the remote may have said more."""
    err = (
        "remote: This repository was archived so it is read-only.\n"
        "fatal: unable to access 'https://git.example/acme/env/': The requested URL returned error: 403\n"
    )
    error = explain("push to", Remote("https://git.example/acme/env"), GitOutput(128, b"", err), environment())
    assert isinstance(error, Refused)
    assert str(error) == (
        "cannot push to https://git.example/acme/env: unable to access: The requested URL returned error: 403"
        " (it says: This repository was archived so it is read-only); the credentials may not do this;"
        " give them read and write access to the repository's contents"
    )
