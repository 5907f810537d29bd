"""Commits without a work tree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imagebot.errors import BadInput, CannotEdit
from imagebot.gitrepo.commits import Draft, commits
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.gitrepo.process import Git
from imagebot.gitrepo.push import PushUpdate
from imagebot.gitrepo.remote import Remote
from imagebot.settings.resolve import Author
from tests.support.git_repos import BareRepository, a_repository, run_git
from tests.support.sound import proved

BOT = Author(name="imagebot", email="bot@example.com")
API = "clusters/staging/api/deployment.yaml"
MESSAGE = "staging: api 1.1.0\n\nImage-Update: acme/api 1.0.0 -> 1.1.0\n"


def test_a_commit_changes_the_named_files_and_nothing_else(
    environments: BareRepository, mirror: Mirror, heads: Heads
) -> None:
    odd = 'with spaces/ü "x"\tb.yaml'
    new = {API: b"image: acme/api:1.1.0\n", "deploy.sh": b"#!/bin/sh\r\n", odd: b"\xff\n", "README.md": b""}
    commit = mirror.commit(heads.base, {path: proved(data) for path, data in new.items()}, MESSAGE, BOT)
    mirror.push([PushUpdate("imagebot/staging/api", commit, None)])

    before = environments.git("ls-tree", "-r", "-z", heads.base).split("\0")
    after = environments.git("ls-tree", "-r", "-z", commit).split("\0")
    changed = [(old.split()[0], old.split("\t", 1)[1]) for old, now in zip(before, after, strict=True) if old != now]
    assert changed == [("100644", "README.md"), ("100644", API), ("100755", "deploy.sh"), ("100644", odd)]
    assert [line.split("\t", 1)[1] for line in before if line] == [line.split("\t", 1)[1] for line in after if line]
    assert [line.split()[0] for line in before if line] == [line.split()[0] for line in after if line]
    assert {path: environments.file(commit, path) for path in new} == new
    environments.git("fsck", "--strict", "--no-dangling")


def test_who_when_and_what(environments: BareRepository, mirror: Mirror, heads: Heads) -> None:
    commit = mirror.commit(heads.base, {API: proved(b"x\n")}, MESSAGE, BOT)
    mirror.push([PushUpdate("imagebot/staging/api", commit, None)])

    shown = environments.git("show", "-s", "--format=%P|%an <%ae>|%cn <%ce>|%at %ct|%B", commit)
    first = 1_767_225_600
    assert (
        shown == f"{heads.base}|imagebot <bot@example.com>|imagebot <bot@example.com>|{first} {first}|{MESSAGE}".strip()
    )


def test_the_same_input_gives_the_same_commit(tmp_path: Path, environments: BareRepository, mirror: Mirror) -> None:
    base = mirror.fetch("imagebot/").base
    other = Mirror.open(tmp_path / "another" / "mirror.git", Remote(str(environments.folder)))
    other.fetch("imagebot/")
    files = {API: proved(b"x\n"), "README.md": proved(b"y\n")}

    commits = {
        mirror.commit(base, files, MESSAGE, BOT),
        mirror.commit(base, dict(reversed(files.items())), MESSAGE, BOT),
        other.commit(base, files, MESSAGE, BOT),
    }
    assert commits == {"80e615bb94e8a031788dc40358472f122b1e9334"}


# Git strips other characters from the ends of names as well, but its versions differ on dots.
NAMES = st.text(st.characters(codec="utf-8", exclude_characters=".", exclude_categories=["Cc", "Cn", "Cs"])).filter(
    lambda text: text.strip(",:;<>\"\\' ")
)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> BareRepository:
    """A repository that examples share: each adds objects to it and moves nothing."""
    return a_repository(tmp_path_factory.mktemp("git") / "alone.git", {"a/b": "1\n", "a.b": "2\n", "z": "3\n"})


@example(name=" ,Ünï <c> 'bot' ", message="", seconds=0, zone="-0000", content=b"")
@settings(max_examples=25)
@given(
    name=NAMES,
    message=st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cn", "Cs"])),
    seconds=st.integers(1, 10**11),  # 0 is what broken tools write: no time, and no zone of it
    zone=st.from_regex("[+-](0[0-9]|1[0-4])[0-9]{2}", fullmatch=True),
    content=st.binary(max_size=5000),
)
def test_ids_are_those_of_commit_tree(
    alone: BareRepository, name: str, message: str, seconds: int, zone: str, content: bytes
) -> None:
    """Whatever git would make of a name, a date, a message and a file, this makes as well."""
    tree = alone.git("rev-parse", "main^{tree}")
    text = f"tree {tree}\nauthor A <a@b> 0 +0000\ncommitter A <a@b> {seconds} {zone}\n\nodd\n"
    base = alone.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=text.encode())
    (made,) = commits(
        Git(alone.folder),
        base,
        [Draft({"a/b": proved(content)}, message)],
        Author.model_construct(name=name, email="bot@example.com"),
    )

    blob = alone.git("hash-object", "-w", "--stdin", stdin=content)
    folder = alone.git("mktree", stdin=f"100644 blob {blob}\tb\n".encode())
    listed = alone.git("ls-tree", base).replace(alone.git("rev-parse", f"{base}:a"), folder)
    expected = alone.git("mktree", stdin=f"{listed}\n".encode())
    who = {"NAME": name, "EMAIL": "bot@example.com", "DATE": f"@{seconds} {zone}"}
    variables = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    command = ["-C", str(alone.folder), "commit-tree", "-p", base, expected]
    assert made == run_git(command, message.encode(), variables).decode().strip()
    assert alone.git("cat-file", "-t", str(made)) == "commit"


def test_one_draft_that_cannot_be_made_stops_no_other(
    environments: BareRepository, mirror: Mirror, heads: Heads
) -> None:
    good = [Draft({API: proved(b"image: acme/api:%d\n" % number)}, f"{number}\n") for number in range(30)]
    bad = [Draft({API: proved(b"x\n"), "latest": proved(b"y\n")}, "a link\n"), Draft({API: proved(b"x\n")}, "a\0b")]
    made = mirror.commits(heads.base, [*bad, *good], BOT)

    assert [str(error) for error in made[:2]] == [
        "latest:1:1: it is a symbolic link, which is never followed or replaced",
        "a commit message cannot hold a NUL character",
    ]
    ids = [commit for commit in made[2:] if isinstance(commit, str)]
    assert ids == [mirror.commit(heads.base, draft.files, draft.message, BOT) for draft in good]
    assert len(set(ids)) == len(good)
    mirror.push([PushUpdate(f"imagebot/{number}", commit, None) for number, commit in enumerate(ids)])
    assert environments.file("imagebot/29", API) == b"image: acme/api:29\n"
    environments.git("fsck", "--strict", "--no-dangling")


def test_no_drafts_are_no_commits(mirror: Mirror, heads: Heads) -> None:
    assert mirror.commits(heads.base, [], BOT) == []


def test_a_draft_that_fails_leaves_nothing_behind(tmp_path: Path, mirror: Mirror, heads: Heads) -> None:
    mirror.commits(heads.base, [Draft({API: proved(b"never to be seen\n"), "nothing": proved(b"y\n")}, "m\n")], BOT)

    assert list((tmp_path / "state" / "environments.git" / "objects").glob("??/*")) == []


def test_a_repository_whose_ids_are_sha256(tmp_path: Path) -> None:
    folder = tmp_path / "long.git"
    run_git(["init", "--bare", "--quiet", "--object-format=sha256", "--initial-branch=main", str(folder)])
    long = BareRepository(folder)
    base = long.commit("main", {"a/b": "1\n"})
    (made,) = commits(Git(folder), base, [Draft({"a/b": proved(b"2\n")}, "m\n")], BOT)

    assert len(base) == 64
    assert long.file(str(made), "a/b") == b"2\n"
    long.git("fsck", "--strict")


def test_modes_as_old_tools_wrote_them_are_not_carried_on(
    environments: BareRepository, open_mirror: Callable[[], Mirror]
) -> None:
    """Forges refuse a push with `040000` in a tree, however long their own history has had it."""
    inner = environments.git("rev-parse", "main:clusters/staging")
    tree = b"040000 staging\0" + bytes.fromhex(inner)
    padded = environments.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=tree)
    base = environments.git("commit-tree", padded, "-m", "old")
    environments.git("update-ref", "refs/heads/main", base)
    mirror = open_mirror()
    mirror.fetch("imagebot/")
    made = mirror.tree(base, {"staging/api/deployment.yaml": proved(b"x\n")})
    clean = mirror.commit(base, {"staging/api/deployment.yaml": proved(b"x\n")}, "m", BOT)
    mirror.push([PushUpdate("imagebot/x", clean, None)])

    assert environments.git("rev-parse", "imagebot/x^{tree}") == made
    assert environments.git("cat-file", "-s", made) == str(len(tree) - 1)


@pytest.mark.parametrize("line", ["99 -1130", "4102444800 +1400", "0 +0000"])
def test_the_dates_are_those_of_the_base_however_odd(
    environments: BareRepository, open_mirror: Callable[[], Mirror], line: str
) -> None:
    tree = environments.git("rev-parse", "main^{tree}")
    text = f"tree {tree}\nauthor A <a@b> 0 +0000\ncommitter A <a@b> {line}\n\nodd\n"
    base = environments.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=text.encode())
    environments.git("update-ref", "refs/heads/main", base)
    mirror = open_mirror()
    mirror.fetch("imagebot/")
    commit = mirror.commit(base, {API: proved(b"x\n")}, MESSAGE, BOT)
    mirror.push([PushUpdate("imagebot/x", commit, None)])

    assert f"> {line}\ncommitter" in environments.git("cat-file", "commit", commit)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("link.yaml", "it is a symbolic link"),
        ("latest", "it is a symbolic link"),
        ("latest/api/deployment.yaml", "latest is a symbolic link"),
        ("vendor", "it is a submodule"),
        ("vendor/x.yaml", "vendor is a submodule"),
        ("clusters/staging", "it is a folder"),
        ("README.md/x", "README.md is a file"),
        ("nothing.yaml", "no such file"),
        ("clusters/staging/nothing/x.yaml", "no such file"),
        ("../outside", "no such file"),
        ("/etc/passwd", "no such file"),
        ("clusters/../README.md", "no such file"),
        (".git/config", "no such file"),
        ("readme.md", "no such file"),
        ("", "no such file"),
        ("\ud800", "no such file"),
    ],
)
def test_only_regular_files_of_the_base_are_changed(mirror: Mirror, heads: Heads, path: str, why: str) -> None:
    with pytest.raises(CannotEdit, match=why):
        mirror.commit(heads.base, {API: proved(b"x\n"), path: proved(b"y\n")}, MESSAGE, BOT)


def test_an_author_of_dots_alone_is_one_line_and_no_damage(mirror: Mirror, heads: Heads) -> None:
    with pytest.raises(BadInput, match="cannot stand in a commit"):
        mirror.commit(heads.base, {API: proved(b"x\n")}, MESSAGE, Author(name="."))


def test_a_message_with_nul(mirror: Mirror, heads: Heads) -> None:
    with pytest.raises(BadInput, match="NUL"):
        mirror.commit(heads.base, {API: proved(b"x\n")}, "a\0b", BOT)
