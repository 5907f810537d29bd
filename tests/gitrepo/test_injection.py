"""No text becomes an option, a command, a transport or a file: each position that takes text, each hostile value."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import ValidationError

from imagebot.errors import ImagebotError
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.gitrepo.push import PushUpdate
from imagebot.gitrepo.remote import Remote
from imagebot.secret import Secret
from imagebot.settings.resolve import Author, SshKey, TokenCredentials
from tests.support.git_repos import BareRepository
from tests.support.sound import proved

HOSTILE = [
    "--upload-pack=touch CANARY",
    "--upload-p=touch CANARY",
    "-utouch CANARY",
    "--receive-pack=touch CANARY",
    "--exec=touch CANARY",
    "-ccore.sshCommand=touch CANARY",
    "--output=CANARY",
    "--config-env=x=y",
    "ext::sh -c touch% CANARY",
    "ext::touch CANARY",
    "ssh://-oProxyCommand=touch CANARY/x",
    "-oProxyCommand=touch CANARY",
    "file:///nowhere;touch CANARY",
    "$(touch CANARY)",
    "`touch CANARY`",
    "; touch CANARY;",
    "x' ; touch CANARY; '",
    'x" ; touch CANARY; "',
    "x%00--output=CANARY",
    "x\0--output=CANARY",
    "x\n--output=CANARY",
    "../../CANARY",
    "@{-1}",
    ":/x",
]

POSITIONS: dict[str, Callable[[str, Mirror, Heads], object]] = {
    "url": lambda text, mirror, _: reopened(mirror, text).fetch("imagebot/"),
    "url after a scheme": lambda text, mirror, _: reopened(mirror, f"https://127.0.0.1:1/{text}").fetch("imagebot/"),
    "url before the path": lambda text, mirror, _: reopened(mirror, f"{text}:path").fetch("imagebot/"),
    "local path": lambda text, mirror, _: reopened(mirror, f"/nowhere/{text}").fetch("imagebot/"),
    "base branch": lambda text, mirror, _: reopened(mirror, mirror.remote.url, text).fetch("imagebot/"),
    "user name": lambda text, mirror, _: with_token(mirror, text, "x").fetch("imagebot/"),
    "token": lambda text, mirror, _: with_token(mirror, "x", text).fetch("imagebot/"),
    "ssh key": lambda text, mirror, _: with_key(mirror, f"/{text}", "/nothing").fetch("imagebot/"),
    "known hosts": lambda text, mirror, _: with_key(mirror, "/nothing", f"/{text}").fetch("imagebot/"),
    "prefix": lambda text, mirror, _: mirror.fetch(text),
    "commit to list": lambda text, mirror, _: mirror.files(text),
    "blob": lambda text, mirror, _: list(mirror.blobs([text])),
    "path to read": lambda text, mirror, heads: mirror.read(heads.base, text),
    "base to commit on": lambda text, mirror, _: mirror.commit(text, {"README.md": proved(b"x")}, "m", Author()),
    "path to change": lambda text, mirror, heads: mirror.commit(heads.base, {text: proved(b"x")}, "m", Author()),
    "message": lambda text, mirror, heads: mirror.commit(heads.base, {"README.md": proved(b"x")}, text, Author()),
    "author": lambda text, mirror, heads: mirror.commit(
        heads.base, {"README.md": proved(b"x")}, "m", Author.model_construct(name=text)
    ),
    "address": lambda text, mirror, heads: mirror.commit(
        heads.base, {"README.md": proved(b"x")}, "m", Author.model_construct(email=text)
    ),
    "branch": lambda text, mirror, heads: mirror.push([PushUpdate(text, heads.base, None)]),
    "new commit": lambda text, mirror, _: mirror.push([PushUpdate("imagebot/a", text, None)]),
    "expected commit": lambda text, mirror, heads: mirror.push([PushUpdate("imagebot/a", heads.base, text)]),
    "commits from": lambda text, mirror, heads: mirror.commits_between(text, heads.base),
    "commits to": lambda text, mirror, heads: mirror.commits_between(heads.base, text),
    "diff": lambda text, mirror, heads: mirror.diff(heads.base, text),
    "changed paths": lambda text, mirror, heads: mirror.changed_paths(text, heads.base),
    "merge base": lambda text, mirror, heads: mirror.merge_base(heads.base, text),
    "conflicts": lambda text, mirror, heads: mirror.conflicts(heads.base, text),
}


def reopened(mirror: Mirror, url: str, branch: str = "main") -> Mirror:
    folder = Path(mirror.remote.url).parent / "state" / "hostile.git"
    return Mirror.open(folder, Remote(url, branch))


def with_token(mirror: Mirror, username: str, token: str) -> Mirror:
    remote = Remote("http://127.0.0.1:1/x", "main", TokenCredentials(Secret(token), username))
    return Mirror.open(Path(mirror.remote.url).parent / "state" / "hostile.git", remote)


def with_key(mirror: Mirror, key: str, known_hosts: str) -> Mirror:
    remote = Remote("ssh://127.0.0.1:1/x", "main", SshKey(Path(key), Path(known_hosts)))
    return Mirror.open(Path(mirror.remote.url).parent / "state" / "hostile.git", remote)


@pytest.mark.parametrize("position", POSITIONS)
def test_hostile_text_does_nothing(
    tmp_path: Path, environments: BareRepository, mirror: Mirror, heads: Heads, position: str
) -> None:
    """It fails with an error of ours or is taken as the plain text that it is."""
    canary = tmp_path / "canary"
    for text in (text.replace("CANARY", str(canary)) for text in HOSTILE):
        with suppress(ImagebotError, ValidationError):
            POSITIONS[position](text, mirror, heads)
        assert not canary.exists(), text
        made = environments.branches().keys() - {"main", "imagebot/a"}
        assert made <= {text}
        for branch in made:
            environments.git("update-ref", "-d", f"refs/heads/{branch}")
    assert environments.branches()["main"] == heads.base


def test_text_that_git_may_hold_is_held_as_it_is(environments: BareRepository, mirror: Mirror, heads: Heads) -> None:
    message = "--amend\n\x1b[31m $(x) `x` \\ ' \"\n"
    author = Author.model_construct(name="$(x) --author", email="`x`@$HOME")
    commit = mirror.commit(heads.base, {"README.md": proved(b"x")}, message, author)
    mirror.push([PushUpdate("imagebot/a", commit, None)])

    shown = environments.git("show", "-s", "--format=%an|%ae|%B", commit)
    assert shown == f"{author.name}|{author.email}|{message}".strip()
