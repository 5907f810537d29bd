"""Which URLs and credentials go together, and what git is told about them."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from imagebot.errors import BadInput
from imagebot.gitrepo.remote import Remote, mask
from imagebot.secret import Secret, SecretFile
from imagebot.settings.resolve import SshKey, TokenCredentials

TOKEN = TokenCredentials(Secret("s3^cr%t/+="), "bot")
KEY = SshKey(Path("/run/secrets/key"), Path("/run/secrets/known hosts"))


@pytest.mark.parametrize(
    ("url", "protocol"),
    [
        ("https://github.com/acme/environments.git", "https"),
        ("https://git.example:8443/a/b", "https"),
        ("http://127.0.0.1:8000/a.git", "http"),
        ("/srv/with space/ü.git", "file"),
        ("file:///srv/git/environments.git", "file"),
    ],
)
def test_git_may_speak_one_protocol(url: str, protocol: str) -> None:
    assert Remote(url).environment()["GIT_ALLOW_PROTOCOL"] == protocol


@pytest.mark.parametrize("url", ["ssh://git@git.example:2222/a.git", "git@github.com:acme/a.git", "host:a.git"])
def test_an_ssh_url_is_spoken_to_over_ssh(url: str) -> None:
    assert Remote(url, "main", KEY).environment()["GIT_ALLOW_PROTOCOL"] == "ssh"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "environments.git",
        "../environments.git",
        "--upload-pack=touch x",
        "ext::sh -c touch% x",
        "git://github.com/a",
        "https://-host/a",
        "ssh://-oProxyCommand=x/a",
        "-x@host:a",
        "file://host/a",
        "http://git.example/a.git",
        "https://host/a\nb",
        "https://host/a%0ab",
        "https://host/a%00b",
        "/srv/a\0b",
    ],
)
def test_a_url_that_git_never_sees(url: str) -> None:
    for credentials in (None, KEY):
        with pytest.raises(BadInput):
            Remote(url, "main", credentials)


def test_a_url_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(BadInput, match="leave user and password out") as caught:
        Remote("https://bot:hunter2@github.com/acme/environments.git")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "credentials"),
    [
        ("https://github.com/a/b", KEY),
        ("/srv/a.git", KEY),
        ("/srv/a.git", TOKEN),
        ("git@github.com:a/b", TOKEN),
        ("git@github.com:a/b", None),
    ],
)
def test_credentials_of_the_wrong_kind(url: str, credentials: TokenCredentials | SshKey | None) -> None:
    with pytest.raises(BadInput, match=r"an ssh URL needs an ssh key|needs no credentials"):
        Remote(url, "main", credentials)


@pytest.mark.parametrize("token", ["a\nb", "a\rb", "a\0b"])
def test_a_token_with_a_line_break_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(BadInput, match="control character") as caught:
        Remote("https://host/a", "main", TokenCredentials(Secret(token))).environment()
    assert token not in str(caught.value)


def test_a_token_file_is_read_at_each_use(tmp_path: Path) -> None:
    file = tmp_path / "token"
    remote = Remote("https://host/a", "main", TokenCredentials(SecretFile(file)))
    for token in ("first", "second"):
        file.write_text(f"{token}\n")
        assert token in remote.environment().values()


@pytest.mark.parametrize("spelling", ["s3^cr%t/+=", "s3%5Ecr%25t%2F%2B%3D", "czNeY3IldC8rPQ==", "Ym90OnMzXmNyJXQvKz0="])
def test_the_token_is_masked_in_every_spelling(spelling: str) -> None:
    environment = Remote("https://host/a", "main", TOKEN).environment()

    assert mask(f"remote: no {spelling}!", environment) == "remote: no …!"


def test_ssh_trusts_the_named_files_and_nothing_else() -> None:
    words = shlex.split(Remote("git@github.com:a/b", "main", KEY).environment()["GIT_SSH_COMMAND"])

    assert words[:5] == ["ssh", "-F", "/dev/null", "-i", "/run/secrets/key"]
    assert 'UserKnownHostsFile="/run/secrets/known hosts"' in words
    assert {"StrictHostKeyChecking=yes", "IdentitiesOnly=yes", "BatchMode=yes"} <= set(words)


@pytest.mark.parametrize("path", ["key", "/k%d", "/$HOME/key", '/a"b', "/a\nb", "/a\\b"])
def test_a_key_file_that_ssh_would_read_otherwise_is_refused(path: str) -> None:
    for key in (SshKey(Path(path), Path("/known")), SshKey(Path("/key"), Path(path))):
        with pytest.raises(BadInput, match="cannot be given to ssh"):
            Remote("git@github.com:a/b", "main", key).environment()
