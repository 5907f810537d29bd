"""Which files belong to an environment: gitignore's patterns, the last match winning."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathspec import PathSpec

from imagebot.policy.paths import PathIndex, check_path_pattern, check_path_patterns, covers

APP = "clusters/production/podinfo/"


@pytest.mark.parametrize(
    ("patterns", "path", "covered"),
    [
        pytest.param((), "any/file.yaml", True, id="no patterns: every file"),
        pytest.param((APP,), f"{APP}deployment.yaml", True, id="in the folder"),
        pytest.param((APP,), f"{APP}deep/er/deployment.yaml", True, id="deep in the folder"),
        pytest.param((APP,), "clusters/production/podinfo2/x.yaml", False, id="a folder with a longer name"),
        pytest.param((APP,), f"old/{APP}x.yaml", False, id="a slash inside anchors the pattern"),
        pytest.param((f"/{APP}",), f"{APP}x.yaml", True, id="a leading slash is the root of the repository"),
        pytest.param(("podinfo/",), f"{APP}x.yaml", True, id="no slash inside: at any depth"),
        pytest.param((APP, "!**/charts/"), f"{APP}charts/x.yaml", False, id="left out again"),
        pytest.param((APP, "!**/charts/"), f"{APP}x.yaml", True, id="not left out"),
        pytest.param(("*.yaml", "!charts/"), "charts/x.yaml", False, id="the last match wins, also of a folder"),
        pytest.param(("*.yaml", "!x.yaml", "a/x.yaml"), "a/x.yaml", True, id="let in a second time"),
        pytest.param(("*.yaml", "!x.yaml", "a/x.yaml"), "b/x.yaml", False, id="not let in a second time"),
        pytest.param(("a?[bc].yaml",), "axb.yaml", True, id="wildcards"),
        pytest.param(("a/*/c",), "a/b/x/c", False, id="a star does not cross a slash"),
        pytest.param(("a/**/c",), "a/b/x/c", True, id="two stars do"),
        pytest.param((r"\#x",), "#x", True, id="an escaped hash"),
        pytest.param(("ümläut/",), "ümläut/x", True, id="beyond ASCII"),
    ],
)
def test_covers(patterns: tuple[str, ...], path: str, covered: bool) -> None:
    assert covers(patterns, path) is covered


@pytest.mark.parametrize(
    ("pattern", "because"),
    [
        ("", "1 to 512 printable characters"),
        ("   ", "1 to 512 printable characters"),
        ("a\x00b", "1 to 512 printable characters"),
        ("a\nb", "1 to 512 printable characters"),
        ("a" * 513, "1 to 512 printable characters"),
        ("#a", r"is a comment in gitignore; write '\\#a'"),
        ("!", "write '\\*\\*' for every file"),
        (".", "write '\\*\\*' for every file"),
        ("/", "write '\\*\\*' for every file"),
        ("./a", "from the root of the repository"),
        ("../a", "from the root of the repository"),
        ("a/../b", "from the root of the repository"),
        ("a//b", "from the root of the repository"),
        ("[[:alpha:]]", "write the characters"),
        ("[z-a]", "is no gitignore pattern"),
        ("[a", "matches nothing"),
        ("a\\", "is no gitignore pattern"),
    ],
)
def test_refuses_what_would_match_nothing(pattern: str, because: str) -> None:
    with pytest.raises(ValueError, match=because):
        check_path_pattern(pattern)


def test_patterns_that_only_leave_out_are_refused() -> None:
    with pytest.raises(ValueError, match="begin with"):
        check_path_patterns(("!charts/",))


def test_many_stars_cost_nothing() -> None:
    """Six stars and a name of 200 letters kept Python's `re` busy for ten minutes."""
    assert not covers((check_path_pattern("*a" * 25 + "b"),), "a" * 2000)


@pytest.mark.parametrize(
    "pattern", ["a/", "/a", "a/b", "*.yaml", "a/**", "**/b", "a/*/c", "a?c", "[ab]", "\\*", "a/**/b"]
)
def test_one_pattern_matches_as_in_git(pattern: str, tmp_path: Path) -> None:
    paths = ["a", "a/b", "a/x.yaml", "x.yaml", "c/a/b", "a/b/c", "a/b/x/c", "abc", "b", "*", "x/b", "a/q/r/b"]
    (tmp_path / ".gitignore").write_text(f"{pattern}\n")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    asked = subprocess.run(
        ["git", "-C", str(tmp_path), "check-ignore", "--no-index", "--stdin"],
        input="\n".join(paths),
        capture_output=True,
        text=True,
        check=False,
    )
    assert [path for path in paths if covers((pattern,), path)] == asked.stdout.splitlines()


SEGMENTS = st.sampled_from(["a", "b", "ab", "*", "**", "a*", "a.yaml", ".a", "?", "[ab]"])
PATTERNS = st.builds(
    lambda start, segments, end: start + "/".join(segments) + end,
    st.sampled_from(["", "", "/", "!"]),
    st.lists(SEGMENTS, min_size=1, max_size=4),
    st.sampled_from(["", "", "/"]),
)
PATHS = st.lists(st.sampled_from(["a", "b", "ab", "a.yaml", ".a", "c"]), min_size=1, max_size=5).map("/".join)


@given(st.lists(PATTERNS, min_size=1, max_size=3), PATHS)
def test_a_pattern_that_is_written_out_means_what_it_means_to_gitignore(patterns: list[str], path: str) -> None:
    assert covers(tuple(patterns), path) is PathSpec.from_lines("gitignore", patterns).match_file(path)


@given(st.lists(PATTERNS, max_size=3), st.lists(PATHS, unique=True, max_size=12))
def test_what_is_not_near_is_not_covered(patterns: list[str], paths: list[str]) -> None:
    near = PathIndex(paths).near(tuple(patterns), len(paths))

    covered = {path for path in paths if covers(tuple(patterns), path)}
    assert near is None or covered <= near
