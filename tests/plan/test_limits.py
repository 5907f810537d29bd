"""Small updates go first, and nobody opens more pull requests than was allowed."""

from __future__ import annotations

import pytest

from imagebot.images.reference import ImageName
from imagebot.plan.change import Change, ImageUpdate
from imagebot.plan.limits import waiting
from imagebot.policy.model import PullRequest
from imagebot.selection.verdict import Version


def change(app: str, kind: str, repository: str = "env") -> Change:
    old, new = Version("1.0.0"), Version("1.0.1")
    update = ImageUpdate(app, ImageName("ghcr.io", "a/b"), (old,), new, kind, "because", (), "semver: ^1", "a.yaml")
    branch = f"imagebot/staging/{app}"
    wishes = PullRequest()
    return Change(repository, "main", "staging", app, branch, (update,), {}, {}, "t", "m", (), (), (), wishes, "f")


MAJOR, MINOR, PATCH = change("a", "major"), change("b", "minor"), change("c", "patch")
OTHER = change("d", "patch", "other")


@pytest.mark.parametrize(
    ("open_now", "per_repository", "overall", "held"),
    [
        pytest.param({}, {}, None, "", id="no limit"),
        pytest.param({}, {"env": 2}, None, "a", id="the major one waits"),
        pytest.param({"env": 1}, {"env": 2}, None, "ab", id="open ones count"),
        pytest.param({"env": 5}, {"env": 2}, None, "abc", id="over the limit already"),
        pytest.param({}, {}, 2, "ab", id="in all, over repositories"),
        pytest.param({"other": 4}, {"other": 4}, None, "d", id="one repository's limit is not another's"),
        pytest.param({}, {"env": 0}, 10, "abc", id="none at all"),
    ],
)
def test_limits(
    open_now: dict[str, int], per_repository: dict[str, int | None], overall: int | None, held: str
) -> None:
    waits = waiting([MAJOR, MINOR, PATCH, OTHER], open_now, per_repository, overall)

    assert sorted(branch[-1] for _, branch in waits) == sorted(held)


def test_the_order_of_the_changes_does_not_matter() -> None:
    changes = [MAJOR, MINOR, PATCH, OTHER]

    assert waiting(changes, {}, {"env": 1}, None) == waiting(changes[::-1], {}, {"env": 1}, None)


def test_a_wait_says_for_what() -> None:
    assert waiting([PATCH], {"env": 3}, {"env": 3}, 10) == {
        ("env", "imagebot/staging/c"): "waits: 3 of 3 pull requests are open in env"
    }
    assert waiting([PATCH], {"env": 3, "other": 7}, {}, 10) == {
        ("env", "imagebot/staging/c"): "waits: 10 of 10 pull requests are open in all"
    }
