"""Which versions people took back, told by what a field said from commit to commit."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

import pytest

from imagebot.fields.field import Value
from imagebot.history.commits import Commit
from imagebot.history.undone import WentBack, says_so, taken_back
from imagebot.selection.rank import version_of
from tests.support.watches import watch

A, B, C = ("sha256:" + letter * 64 for letter in "abc")
FILE, PATH = "clusters/staging/app.yaml", "spec.containers[0].image"


def value(text: str) -> Value:
    tag, _, digest = text.partition("@")
    return Value(tag or None, digest or None)


def commit(message: str = "") -> Commit:
    return Commit("1" * 40, ("0" * 40,), "Ada", "ada@x", None, "Ada", "ada@x", None, message)


def past(*texts: str) -> list[WentBack]:
    """What a field said, newest first; the first is what it says now."""
    values = [value(text) for text in texts]
    return [WentBack(old, new, commit(), FILE, PATH) for new, old in pairwise(values)]


def back(texts: Collection[str], ours: Collection[int] = ()) -> list[str]:
    """The versions that were taken back; `ours` are the steps of the bot, the newest is 0."""
    steps = past(*texts)
    found = taken_back(steps, lambda tag: version_of(watch(), tag), lambda left: steps.index(left) in ours)
    return [str(version) for version, _ in found]


@pytest.mark.parametrize(
    ("texts", "ours", "versions"),
    [
        pytest.param(["1.5.0"], [], [], id="nothing else ever"),
        pytest.param(["1.5.0", "1.4.0"], [], [], id="one step on"),
        pytest.param(["1.4.0", "1.5.0", "1.4.0"], [], ["1.5.0"], id="one step back"),
        pytest.param(["1.4.0", "1.6.0", "1.5.0", "1.4.0"], [], ["1.6.0", "1.5.0"], id="two steps back at once"),
        pytest.param(["1.3.9", "1.5.0"], [], ["1.5.0"], id="back to what never was"),
        pytest.param(["1.4.1", "1.4.0", "1.5.0", "1.4.0"], [], ["1.5.0"], id="back, and on a little"),
        pytest.param(["1.5.0", "1.4.0", "1.5.0", "1.4.0"], [], [], id="back, and the same again"),
        pytest.param(["1.6.0", "1.4.0", "1.5.0", "1.4.0"], [], [], id="back, and beyond it"),
        pytest.param(["1.4.0", "1.5.0", "1.4.0", "1.5.0"], [], ["1.5.0"], id="back, again, and back"),
        pytest.param(["1.4.0", "2.0.0", "1.5.0"], [], ["2.0.0", "1.5.0"], id="over what may not run"),
        pytest.param(["1.4.0", "latest", "1.5.0"], [], ["1.5.0"], id="by way of what is no version"),
        pytest.param(["latest", "1.5.0"], [], [], id="away to what is no version"),
        pytest.param(["1.4.0", "1.5.0", "1.4.0"], [0], [], id="the bot went down itself"),
        pytest.param(["1.4.0", "1.5.0", "1.6.0", "1.4.0"], [1], ["1.5.0"], id="the bot down, people further"),
        pytest.param([f"1.5.0@{A}", f"1.5.0@{B}", f"1.5.0@{A}"], [], [f"1.5.0@{B}"], id="another digest"),
        pytest.param([f"1.5.0@{A}", f"1.5.0@{B}"], [0], [], id="the bot took another digest"),
        pytest.param([f"1.5.0@{A}", f"1.5.0@{B}", f"1.5.0@{A}"], [0, 1], [], id="a tag that went back by itself"),
        pytest.param([f"1.5.0@{C}", f"1.5.0@{B}", f"1.5.0@{A}"], [0], [f"1.5.0@{A}"], id="an older digest"),
        pytest.param([f"@{A}", f"@{B}", f"@{A}"], [], [f"@{B}"], id="a digest alone"),
        pytest.param([f"1.4.0@{A}", f"1.5.0@{B}", f"1.4.0@{A}"], [], ["1.5.0"], id="back with a digest"),
        pytest.param(["1.4.0", f"1.5.0@{B}", "1.4.0"], [], ["1.5.0"], id="back without a digest"),
    ],
)
def test_what_people_took_back(texts: list[str], ours: list[int], versions: list[str]) -> None:
    assert back(texts, ours) == versions


def message(old: str, new: str, *, place: str = f"{FILE}#{PATH}", more: str = "") -> str:
    return f"deps\n\nImage-Update: ghcr.io/acme/api {old} -> {new}\nImage-Field: {place}\n{more}"


@pytest.mark.parametrize(
    ("said", "so"),
    [
        pytest.param(message("1.4.0", "1.5.0"), True, id="just that"),
        pytest.param(message("1.4.0, 1.3.0", "1.5.0"), True, id="of several"),
        pytest.param(message("1.3.0, 1.2.0, 1.1.0 and 4 more", "1.5.0"), True, id="of many"),
        pytest.param(message("1.4.0", f"1.5.0@{A}"), True, id="without its digest"),
        pytest.param(message("1.3.0", "1.5.0"), False, id="from something else"),
        pytest.param(message("1.4.0", "1.6.0"), False, id="to something else"),
        pytest.param(message("1.4.0", "1.5.0", place=f"{FILE}#other"), False, id="of another field"),
        pytest.param(message("1.4.0", "1.5.0", more="Image-Rollback: api@staging\n"), False, id="as a rollback"),
        pytest.param("deps", False, id="without a word"),
    ],
)
def test_a_step_is_ours_if_its_commit_says_just_that(said: str, so: bool) -> None:
    assert says_so(said, WentBack(value("1.4.0"), value("1.5.0"), commit(said), FILE, PATH)) is so
