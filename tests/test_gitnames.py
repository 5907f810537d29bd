"""What may be given to git as a URL or a branch, with git as the judge of branches."""

from __future__ import annotations

import subprocess

import pytest

from imagebot.gitnames import GitUrl, branch_name, branch_prefix, is_loopback


@pytest.mark.parametrize(
    ("text", "scheme", "host"),
    [
        ("https://github.com/acme/environments.git", "https", "github.com"),
        ("https://GIT.example.com:8443/a/b", "https", "git.example.com:8443"),
        ("http://localhost:3000/a/b.git", "http", "localhost:3000"),
        ("http://127.0.0.1:3000/a/b.git", "http", "127.0.0.1:3000"),
        ("http://[::1]:3000/a", "http", "[::1]:3000"),
        ("https://example.com:1/a", "https", "example.com:1"),
        ("ssh://git@example.com:2222/a/b.git", "ssh", "example.com:2222"),
        ("ssh://example.com/a", "ssh", "example.com"),
        ("git@github.com:acme/environments.git", "ssh", "github.com"),
        ("example.com:a", "ssh", "example.com"),
        ("/srv/git/environments.git", "local", ""),
        ("../environments.git", "local", ""),
        ("environments.git", "local", ""),
        ("./a:b", "local", ""),
    ],
)
def test_urls(text: str, scheme: str, host: str) -> None:
    url = GitUrl.parse(text)
    assert (url.text, url.scheme, url.host) == (text, scheme, host)


def test_a_file_url_is_its_path() -> None:
    assert GitUrl.parse("file:///srv/git/x.git") == GitUrl("/srv/git/x.git", "local")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-oProxyCommand=x",
        "--upload-pack=x",
        "ext::sh -c x",
        "fd::17",
        "git://example.com/a",
        "ftp://example.com/a",
        "https://",
        "https://example.com",
        "https:///a",
        "http://example.com/a",
        "http://127.0.0.1.example.com/a",
        "ssh://-oProxyCommand=x/a",
        "ssh://-x@example.com/a",
        "-x@example.com:a",
        "git@-oProxyCommand=x:a",
        "https://example.com:0/a",
        "https://example.com/a?b",
        "https://example.com/a#b",
        "https://example.com/a b",
        "https://example.com:x/a",
        "https://[::1/a",
        "https://example.com/a\nb",
        "file://elsewhere/a",
    ],
)
def test_what_git_is_never_given(text: str) -> None:
    with pytest.raises(ValueError, match=r"URL|https|credentials") as caught:
        GitUrl.parse(text)
    assert "UnicodeError" not in repr(caught.value)


@pytest.mark.parametrize(
    "text", ["https://u:hunter2@example.com/a", "https://hunter2@example.com/a", "ssh://u:hunter2@e.com/a"]
)
def test_a_password_in_a_url_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="leave user and password out") as caught:
        GitUrl.parse(text)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


BRANCHES = ["main", "release/1.2", "a-b_c", "ümläut", "a@b", "x.y", "feature/+1"]
NO_BRANCHES = [
    "",
    "/a",
    "a/",
    "a//b",
    ".a",
    "a/.b",
    "a.lock",
    "a.lock/b",
    "a..b",
    "a.",
    "a b",
    "a~b",
    "a^b",
    "a:b",
    "a?b",
    "a*b",
    "a[b",
    "a\\b",
    "a@{b",
    "@",
    "-a",
    "a\x7fb",
    "a\nb",
]


@pytest.mark.parametrize("name", BRANCHES)
def test_branches(name: str) -> None:
    assert branch_name(name) == name


@pytest.mark.parametrize("name", NO_BRANCHES)
def test_no_branches(name: str) -> None:
    with pytest.raises(ValueError, match="is no branch name"):
        branch_name(name)


@pytest.mark.parametrize("name", [*BRANCHES, *(name for name in NO_BRANCHES if name != "@")])
def test_git_agrees(name: str) -> None:
    """But for `@`, which git takes for a branch and, in most other places, for HEAD."""
    asked = subprocess.run(["git", "check-ref-format", "--branch", name], capture_output=True, check=False)
    assert (asked.returncode == 0) is (name in BRANCHES)


def test_a_prefix_ends_in_a_slash() -> None:
    assert branch_prefix("bots/imagebot/") == "bots/imagebot/"
    with pytest.raises(ValueError, match="write a slash at the end: 'imagebot/'"):
        branch_prefix("imagebot")
    with pytest.raises(ValueError, match="is no branch name"):
        branch_prefix("a..b/")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "localhost.example.com", "10.0.0.1", "0.0.0.0", "127.1", "example.com"])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_a_branch_has_200_characters_at_most_and_no_invisible_ones() -> None:
    assert branch_name("a" * 200) == "a" * 200
    for text in ("a" * 201, "a\N{RIGHT-TO-LEFT OVERRIDE}b"):
        with pytest.raises(ValueError, match="is no branch name"):
            branch_name(text)
