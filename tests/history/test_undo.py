"""What a rollback puts back."""

from __future__ import annotations

import pytest

from imagebot.history.commits import Commit, arrivals
from imagebot.history.undo import AlreadyBack, NoWayBack, RollbackTarget, Undo, undo_last, undo_to
from tests.support.commits import BOT, NOW, commit, policies, told

TWO_IMAGES = """\
app: podinfo
repository: environments
environments: {staging: {}}
images: [{image: podinfo, semver: '*'}, {image: other, semver: '*'}]
"""
DIGEST, OTHER = (f"sha256:{digit * 64}" for digit in "ab")


def line(*states: dict[str, str]) -> list[Commit]:
    """A commit a day, after each of which the files hold this."""
    commits, before = [], dict[str, str]()
    for n, state in enumerate(states):
        paths = [path for path in {**before, **state} if before.get(path) != state.get(path)]
        files = {path: (before.get(path), state.get(path)) for path in paths}
        commits.append(commit(f"c{n}", *([f"c{n - 1}"] if n else []), at=n, files=files))
        before = state
    return commits


def image(tag: str, name: str = "podinfo") -> str:
    return f"image: {name}:{tag}\n"


def undo(*states: dict[str, str], to: str = "", text: str = "") -> Undo:
    (policy,) = policies(text) if text else policies()
    commits = line(*states)
    tracks = told(*commits, by=(policy,)).tracks
    if to:
        return undo_to(policy, tracks, RollbackTarget.parse(to))
    return undo_last(policy, tracks, arrivals(commits[::-1], BOT, NOW))


def short(found: Undo) -> list[str] | str:
    if isinstance(found, AlreadyBack | NoWayBack):
        return found.because
    return [f"{back.file} {back.now} > {back.then}" for back in found]


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        pytest.param([{"a.yaml": image(tag)} for tag in "123"], ["a.yaml 3 > 2"], id="one step, not two"),
        pytest.param(
            [{"a.yaml": image("1"), "b.yaml": image("1")}, {"a.yaml": image("2"), "b.yaml": image("2")}],
            ["a.yaml 2 > 1", "b.yaml 2 > 1"],
            id="every field",
        ),
        pytest.param(
            [{"a.yaml": image(a), "b.yaml": image(b)} for a, b in ("11", "21", "22")],
            ["a.yaml 2 > 1", "b.yaml 2 > 1"],
            id="fields that came one by one",
        ),
        pytest.param(
            [{"a.yaml": image(a), "b.yaml": image(b)} for a, b in ("12", "23")],
            ["a.yaml 2 > 1", "b.yaml 3 > 2"],
            id="a canary stays ahead",
        ),
        pytest.param(
            [{"a.yaml": image(a), "b.yaml": image(b)} for a, b in ("12", "32")],
            ["a.yaml 3 > 1"],
            id="what says another version stays",
        ),
        pytest.param(
            [{"a.yaml": image("1")}, {"a.yaml": image("2")}, {"a.yaml": image("2"), "b.yaml": image("2")}],
            ["a.yaml 2 > 1", "b.yaml 2 > 1"],
            id="a copy goes with its original",
        ),
        pytest.param(
            [
                {"a.yaml": image("1")},
                {"a.yaml": image("2")},
                {"a.yaml": image("2"), "x": "more"},
                {"b.yaml": image("2")},
            ],
            ["b.yaml 2 > 1"],
            id="a file that was renamed since",
        ),
        pytest.param(
            [{"a.yaml": image(f"1@{DIGEST}")}, {"a.yaml": image(f"1@{OTHER}")}],
            [f"a.yaml 1@{OTHER} > 1@{DIGEST}"],
            id="a tag that was pushed again",
        ),
    ],
)
def test_what_goes_is_the_newest_version_and_what_comes_is_what_was_before(
    states: list[dict[str, str]], expected: list[str]
) -> None:
    assert short(undo(*states)) == expected


def test_only_the_image_that_moved_last_goes_back() -> None:
    states = [{"a.yaml": image(a), "b.yaml": image(b, "other")} for a, b in ("11", "12", "22")]
    assert short(undo(*states, text=TWO_IMAGES)) == ["a.yaml 2 > 1"]
    together = [{"a.yaml": image(a), "b.yaml": image(a, "other")} for a in "12"]
    assert short(undo(*together, text=TWO_IMAGES)) == ["a.yaml 2 > 1", "b.yaml 2 > 1"]


def test_regret_a_rollback_is_not_rolled_back_into_what_was_bad() -> None:
    back = "podinfo@staging was taken back from 2 to 1 on 2026-01-03 with c2 by Ada; --to goes back further"
    assert short(undo(*({"a.yaml": image(tag)} for tag in "121"))) == back
    assert short(undo(*({"a.yaml": image(tag)} for tag in "1212"))) == ["a.yaml 2 > 1"]


def test_what_never_moved_has_no_way_back() -> None:
    assert short(undo({"a.yaml": image("1")})) == "the base branch never had another version of podinfo@staging"
    assert isinstance(undo({}), NoWayBack)


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        pytest.param("1", ["a.yaml 3 > 1", "b.yaml 3 > 1"], id="the first"),
        pytest.param("2", ["a.yaml 3 > 2", f"b.yaml 3 > 2@{DIGEST}"], id="each as it was"),
        pytest.param(f"2@{DIGEST}", [f"a.yaml 3 > 2@{DIGEST}", f"b.yaml 3 > 2@{DIGEST}"], id="with its digest"),
        pytest.param(DIGEST, [f"a.yaml 3 > 2@{DIGEST}", f"b.yaml 3 > 2@{DIGEST}"], id="by its digest"),
        pytest.param("3", "podinfo@staging is at 3", id="what is there"),
        pytest.param("7", f"podinfo@staging never was at 7; it was at 3, 2@{DIGEST}, 2, 1", id="what never was"),
        pytest.param("1.0", f"podinfo@staging never was at 1.0; it was at 3, 2@{DIGEST}, 2, 1", id="another spelling"),
    ],
)
def test_a_version_is_put_back_as_each_field_last_had_it(to: str, expected: list[str] | str) -> None:
    states = [{"a.yaml": image(a), "b.yaml": image(b)} for a, b in ("11", "22", ("2", f"2@{DIGEST}"), "33")]
    assert short(undo(*states, to=to)) == expected


def test_a_field_that_came_later_gets_what_the_others_had() -> None:
    states = [{"a.yaml": image("1")}, {"a.yaml": image("2")}, {"a.yaml": image("2"), "b.yaml": image("2")}]
    assert short(undo(*states, to="1")) == ["a.yaml 2 > 1", "b.yaml 2 > 1"]


def test_images_that_never_were_at_a_version_stay() -> None:
    states = [{"a.yaml": image(a), "b.yaml": image(b, "other")} for a, b in ("17", "28")]
    assert short(undo(*states, to="1", text=TWO_IMAGES)) == ["a.yaml 2 > 1"]


def test_up_is_no_way_back() -> None:
    states = [{"a.yaml": image(tag)} for tag in "121"]
    assert short(undo(*states, to="2")) == "2 is above 1, which podinfo@staging has: that is no way back"


@pytest.mark.parametrize("text", ["", "a b", "1@2", "sha256:abc", "--upload-pack=x", "1.0@"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no version"):
        RollbackTarget.parse(text)


def test_nothing_of_another_policy_is_put_back() -> None:
    text = "app: podinfo\nrepository: environments\nenvironments: {staging: {paths: [s/]}}\n"
    states = [{"s/a.yaml": image(tag), "p/a.yaml": image(tag)} for tag in "12"]
    assert short(undo(*states, text=f"{text}images: [{{image: podinfo, semver: '*'}}]\n")) == ["s/a.yaml 2 > 1"]
