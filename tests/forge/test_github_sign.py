"""Commits that GitHub makes and signs are those that git would make."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.errors import BadResponse, NotFound
from imagebot.forge.github import GitHub
from imagebot.forge.github_sign import noreply
from imagebot.forge.protocol import Blob, Signs
from imagebot.gitrepo import commits
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.remote import Remote
from tests.forge.conftest import client, gitlab_client
from tests.support.git_repos import a_repository
from tests.support.github_git import BASE, object_id, signed, tree_id
from tests.support.github_server import Fault, GitHubServer
from tests.support.gitlab_server import GitLabServer
from tests.support.sound import proved

FILES = {
    "staging/values.yaml": Blob("100644", proved(b"\xef\xbb\xbftag: 6.5.1\r\n# gr\xc3\xbc\xc3\x9fe\n")),
    "staging/run.sh": Blob("100755", proved(b"echo 6.5.1\n")),
    "latin": Blob("100644", proved(b"# gr\xfc\xdfe\ntag: 6.5.1")),
}


@pytest.fixture
def app(with_app: Callable[[str], GitHub]) -> GitHub:
    """A client that is an App."""
    return with_app("")


def test_what_comes_back_is_the_commit_that_git_makes(github_server: GitHubServer, app: GitHub) -> None:
    """Bytes that are no text, an executable, and the files that nobody touched: the ids are git's own."""
    there = {"staging/values.yaml": ("100644", "1" * 40), "README.md": ("100644", "2" * 40)}
    github_server.git.files = dict(there)
    commit = app.sign(BASE, FILES, "podinfo to 6.5.1\n\nImage-Update: a -> b\n")
    made = {path: (blob.mode, object_id("blob", blob.content)) for path, blob in FILES.items()}

    assert commit.tree == tree_id({**there, **made})
    assert commit.id == object_id("commit", signed(commit.payload.encode(), commit.signature))
    assert commit.payload.endswith("\n\npodinfo to 6.5.1\n\nImage-Update: a -> b\n")
    assert commit.payload.startswith(f"tree {commit.tree}\nparent {BASE}\nauthor ")
    assert commit.warnings == ()


def test_git_makes_the_same_commit_again(github_server: GitHubServer, app: GitHub, tmp_path: Path) -> None:
    """What GitHub tells of its commit is all that the git room needs to write and push it."""
    file, new = "staging/values.yaml", FILES["staging/values.yaml"]
    environments = a_repository(tmp_path / "environments.git", {file: "tag: 6.5.0\n", "README.md": "x"})
    mirror = Mirror.open(tmp_path / "mirror.git", Remote(str(environments.folder)))
    base = mirror.fetch("imagebot/").base
    there = {path: environments.git("rev-parse", f"{base}:{path}") for path in (file, "README.md")}
    github_server.git.base = base
    github_server.git.files = {path: ("100644", blob) for path, blob in there.items()}
    commit = app.sign(base, {file: new}, "podinfo to 6.5.1\n")

    tree = mirror.tree(base, {file: new.content})
    assert tree == commit.tree
    assert mirror.adopt(base, tree, commits.ForgeSignature(commit.id, commit.payload, commit.signature)) == commit.id


def test_only_what_is_no_text_costs_a_request_of_its_own(github_server: GitHubServer, app: GitHub) -> None:
    app.sign(BASE, FILES, "podinfo to 6.5.1")

    assert [call.path.rpartition("/")[2] for call in github_server.writes] == ["blobs", "trees", "commits"]
    assert app.writes == 3


def test_it_is_known_by_whom_such_commits_are(github_server: GitHubServer, app: GitHub) -> None:
    name, address = app.identity()
    commit = app.sign(BASE, FILES, "podinfo to 6.5.1")

    assert f"\nauthor {name} <{address}> " in commit.payload
    asked = len(github_server.calls)
    assert (app.identity(), len(github_server.calls)) == ((name, address), asked)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        pytest.param("api.github.com", "7+a[bot]@users.noreply.github.com", id="github.com"),
        pytest.param("ghe.acme.test:8443", "7+a[bot]@users.noreply.ghe.acme.test", id="Enterprise"),
        pytest.param("api.acme.ghe.com", "7+a[bot]@users.noreply.acme.ghe.com", id="data residency"),
    ],
)
def test_the_address_is_that_of_the_host(host: str, address: str) -> None:
    assert noreply(host, "a[bot]", 7) == address


def test_a_token_of_a_person_gets_no_signature(github_server: GitHubServer) -> None:
    commit = client(github_server).sign(BASE, FILES, "podinfo to 6.5.1")

    assert (commit.payload, commit.signature) == ("", "")
    (warning,) = commit.warnings
    assert "GitHub did not sign a commit in acme/environments (unsigned): it signs those of Apps alone" in warning


def test_another_commit_than_the_one_that_was_asked_for_is_none(github_server: GitHubServer, app: GitHub) -> None:
    wrong = {**github_server.description.sample("git-commit"), "sha": "f" * 40}
    github_server.faults = [Fault("POST", 201, ending="/commits", body=json.dumps(wrong).encode())]
    with pytest.raises(BadResponse, match="is about another commit"):
        app.sign(BASE, FILES, "podinfo to 6.5.1")


def test_a_base_that_github_does_not_have_is_not_found(app: GitHub) -> None:
    with pytest.raises(NotFound, match="would not show the commit"):
        app.sign("c" * 40, FILES, "podinfo to 6.5.1")


def test_only_github_signs(github_server: GitHubServer, gitlab_server: GitLabServer) -> None:
    assert isinstance(client(github_server), Signs)
    assert not isinstance(gitlab_client(gitlab_server), Signs)
