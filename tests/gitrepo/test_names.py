"""Names that may reach git."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imagebot.errors import BadInput
from imagebot.gitrepo.names import branch_name, branch_prefix, commit_id

GOOD = ["main", "imagebot/staging/api", "imagebot/staging/+group", "release-1.2", "ünïcode", "a@b", "@a", "a.b", "{x}"]
BAD = [
    "",
    "@",
    "HEAD",
    "-main",
    "--upload-pack=touch x",
    "/main",
    "main/",
    "a//b",
    ".a",
    "a/.b",
    "a.",
    "a..b",
    "a.lock",
    "a.lock/b",
    "a b",
    "a~1",
    "a^",
    "a:b",
    "a?",
    "a*",
    "a[",
    "a\\b",
    "a@{1}",
    "a\nb",
    "a\x00b",
    "a\x7fb",
    "a" * 300,
    "\ud800",
]


def allowed(text: str) -> bool:
    try:
        return branch_name(text) == text
    except BadInput:
        return False


@pytest.mark.parametrize("name", GOOD)
def test_a_good_branch_name(name: str) -> None:
    assert branch_name(name) == name


@pytest.mark.parametrize("name", BAD)
def test_a_bad_branch_name(name: str) -> None:
    with pytest.raises(BadInput, match="is no branch name"):
        branch_name(name)


@given(st.text("ab.@{}/-~^:?*[\\ \x7fHEADlock", min_size=1, max_size=8))
@example("a.lock/b")
@example("a/-b")
@settings(max_examples=150)
def test_what_is_allowed_is_what_git_allows(text: str) -> None:
    done = subprocess.run(["git", "check-ref-format", f"refs/heads/{text}"], check=False)

    assert allowed(text) == (done.returncode == 0 and text not in ("@", "HEAD") and text[0] != "-")


@pytest.mark.parametrize("prefix", ["imagebot/", "bot-", "imagebot/staging/api", ""])
def test_a_good_prefix(prefix: str) -> None:
    assert branch_prefix(prefix) == prefix


@pytest.mark.parametrize("prefix", ["/", "a//", "-", "a b/", "*", "refs/../", "a@{"])
def test_a_bad_prefix(prefix: str) -> None:
    with pytest.raises(BadInput):
        branch_prefix(prefix)


def test_a_commit_is_named_in_full() -> None:
    assert commit_id("0123456789" * 4) == "0123456789" * 4
    for text in ("main", "0123456", "HEAD", "A" * 40, "0" * 41, "-" + "0" * 39, "0" * 40 + "\n"):
        with pytest.raises(BadInput, match="no commit id"):
            commit_id(text)
