"""A commit above the bot's own freezes its branch: by what it does, not by who it says it is."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from imagebot.fields.field import Field
from imagebot.fields.find import find
from imagebot.pulls.freeze import BranchStanding, FreezeDoubt, Judges, does_as_it_says, standing

BRANCH = "imagebot/staging/podinfo"


@dataclass(frozen=True)
class Made:
    """A commit as a test writes it: `kind` is how it would be judged, `tree` what the branch holds then."""

    id: str
    parents: tuple[str, ...]
    kind: str
    tree: str = ""
    author: str = "Ada"
    committer: str = "Ada"


def judged(*commits: Made) -> BranchStanding:
    """How a branch with these commits stands, the tip first."""
    kinds = {commit.id: commit.kind for commit in commits}
    judges = Judges(
        ours=lambda commit: kinds[commit].startswith("ours"),
        untouched=lambda commit: kinds[commit] == "ours",
        adds_nothing=lambda commit: kinds[commit] == "nothing",
        former=lambda commit: kinds[commit] == "former",
    )
    return standing(BRANCH, commits, judges)


OURS = Made("b", ("base",), "ours", "B")
REBASED = Made("b", ("base",), "ours, rebased", "B")


@pytest.mark.parametrize(
    ("commits", "frozen", "rewritten"),
    [
        pytest.param([], None, False, id="nothing but the base"),
        pytest.param([OURS], None, False, id="ours"),
        pytest.param([REBASED], None, False, id="ours, put elsewhere"),
        pytest.param([Made("p", ("b",), "people"), OURS], "p", False, id="a person's on top"),
        pytest.param([Made("q", ("p",), "people"), Made("p", ("b",), "people"), OURS], "q", False, id="two on top"),
        pytest.param([Made("p", ("base",), "people")], "p", False, id="a person's alone"),
        pytest.param([Made("m", ("b", "base2"), "nothing"), OURS], None, False, id="an update from the base"),
        pytest.param(
            [Made("m", ("b", "f"), "nothing"), Made("f", ("base",), "people"), OURS],
            "f",
            False,
            id="another branch",
        ),
        pytest.param(
            [Made("m", ("b", "x"), "nothing"), Made("x", ("base",), "former"), OURS],
            None,
            True,
            id="an update from a base that was written anew since",
        ),
        pytest.param(
            [Made("r", ("p",), "people", "B"), Made("p", ("b",), "people", "P"), OURS],
            None,
            False,
            id="taken away",
        ),
        pytest.param(
            [Made("b", ("x",), "ours", "B"), Made("x", ("base",), "people")],
            None,
            True,
            id="on a base forgotten",
        ),
        pytest.param(
            [Made("b", ("x",), "ours, rebased", "B"), Made("x", ("base",), "former")],
            None,
            True,
            id="on a base amended",
        ),
        pytest.param(
            [Made("b", ("p",), "ours, rebased", "B"), Made("p", ("base",), "people")], "p", False, id="a person's below"
        ),
        pytest.param(
            [Made("c", ("b",), "ours, rebased", "C"), Made("b", ("base",), "ours", "B")], None, False, id="two of ours"
        ),
        pytest.param(
            [Made("p", ("b",), "people", "P"), Made("b", ("x",), "ours", "B"), Made("x", ("base",), "people")],
            "p",
            True,
            id="a person's on top of ours on an amended base",
        ),
    ],
)
def test_how_a_branch_stands(commits: list[Made], frozen: str | None, rewritten: bool) -> None:
    found = judged(*commits)
    assert (found.frozen.commit if found.frozen else None, found.rewritten) == (frozen, rewritten)


def test_a_freeze_says_who() -> None:
    kept = judged(Made("2" * 40, ("b",), "people"), OURS).frozen

    assert kept is not None
    assert (kept.who, kept.commit) == ("Ada", "2" * 40)
    assert "Ada committed 2222222222 to imagebot/staging/podinfo" in kept.because


def test_a_freeze_never_blames_the_bot_for_what_was_made_of_its_commit() -> None:
    kept = judged(Made("2" * 40, ("base",), "people", author="imagebot", committer="Grace")).frozen

    assert kept is not None
    assert kept.because.startswith(f"Grace (author: imagebot) committed 2222222222 to {BRANCH}; ")


A, B = ("sha256:" + letter * 64 for letter in "ab")
FILE = "staging/app.yaml"
POD = """\
kind: Pod
spec:
  containers:
    - image: "ghcr.io/acme/api:1.4.0"   # the app
    - image: ghcr.io/acme/web:1.4.0
"""
API, WEB = (f"Image-Field: {FILE}#spec.containers[{index}].image" for index in (0, 1))


def fields(file: str, data: bytes) -> tuple[Field, ...]:
    return find(file, data).fields


def says(version: str = "1.5.0", *places: str) -> str:
    return "\n".join(["deps", "", f"Image-Update: ghcr.io/acme/api 1.4.0 -> {version}", *(places or (API,)), ""])


def done(new: str, message: str = "", old: str = POD, file: str = FILE) -> bool | FreezeDoubt:
    return does_as_it_says(message or says(), {file: (old.encode(), new.encode())}, fields)


DONE = POD.replace("api:1.4.0", "api:1.5.0")


@pytest.mark.parametrize(
    ("new", "message", "answer"),
    [
        pytest.param(DONE, says(), True, id="just that"),
        pytest.param(DONE, says().replace("\n", "\r\n"), True, id="written in a browser"),
        pytest.param(DONE, "squashed\n\n* deps\n\n" + says() + "\nSigned-off-by: x\n", True, id="among other words"),
        pytest.param(POD.replace("api:1.4.0", f"api:1.5.0@{A}"), says(f"1.5.0@{A}"), True, id="with its digest"),
        pytest.param(DONE, says(f"1.5.0@{A}"), True, id="without its digest"),
        pytest.param(DONE, says("1.5.0", API, WEB), False, id="one of two fields"),
        pytest.param(POD.replace("api:1.4.0", "api:1.5.1"), says(), False, id="another version"),
        pytest.param(POD.replace("api:1.4.0", f"api:1.5.0@{B}"), says(f"1.5.0@{A}"), False, id="another digest"),
        pytest.param(POD, says(), False, id="nothing"),
        pytest.param(DONE + "# hello\n", says(), False, id="a line more"),
        pytest.param(DONE.replace("the app", "mine"), says(), False, id="a comment too"),
        pytest.param(DONE.replace("web:1.4.0", "web:1.5.0"), says(), False, id="another field too"),
        pytest.param(POD.replace("web:1.4.0", "web:1.5.0"), says(), False, id="another field instead"),
        pytest.param(DONE.replace('"', "'"), says(), False, id="other quotes"),
        pytest.param(DONE.replace("acme/api", "evil/api"), says(), False, id="another image"),
        pytest.param(DONE, "deps: api 1.5.0\n", False, id="without a word"),
        pytest.param(DONE, says().replace(FILE, "staging/b.yaml"), False, id="of another file"),
        pytest.param(
            DONE, says("1.5.0", API.replace("containers[0]", "containers[7]")), FreezeDoubt(), id="of no field"
        ),
    ],
)
def test_a_commit_is_ours_if_it_does_what_it_says_and_no_more(
    new: str, message: str, answer: bool | FreezeDoubt
) -> None:
    assert done(new, message) == answer


def test_a_file_that_is_not_told_of_is_not_ours() -> None:
    files = {FILE: (POD.encode(), DONE.encode()), "b.yaml": (b"a: 1\n", b"a: 2\n")}
    assert does_as_it_says(says(), files, fields) is False
    assert does_as_it_says(says(), {}, fields) is False


def test_one_that_says_more_than_it_had_to_do_is_ours() -> None:
    """A forge put it on a base that has one of its files already."""
    more = says("1.5.0", API, "Image-Field: other.yaml#spec.containers[0].image")
    assert done(DONE, more) is True
