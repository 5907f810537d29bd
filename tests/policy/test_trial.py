"""Tests in policy files: what they may hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from imagebot.policy.read import read_policies
from imagebot.policy.trial import commit_id, moment

HEAD = """\
app: shop
repository: envs
environments: {dev: }
images:
- {image: acme/api, created: newest}
- {image: acme/web, commit: {source: web}}
tests:
"""


def problems(test: str) -> list[str]:
    found = read_policies({"x": (HEAD + f"- {test}\n").encode()}, None)
    return [f"{problem.line}:{problem.column} {problem.message}" for problem in found.problems]


def test_a_sound_test_knows_its_watch_and_its_place() -> None:
    test = "{image: acme/api, tags: [a, 1.10], created: {a: 2026-01-31}, current: a, chosen: a}"
    found = read_policies({"x": (HEAD + f"- {test}\n").encode()}, None)
    (trial,) = found.trials
    assert str(trial.watch.image) == "docker.io/acme/api"
    assert trial.test.tags == ("a", "1.10")
    assert trial.test.created == {"a": datetime(2026, 1, 31, tzinfo=UTC)}
    assert (trial.place.line, trial.place.column, trial.place.source[trial.place.column - 1 :]) == (8, 84, "a}")


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        ("{tags: [a], chosen: a}", "8:3 there are several images: say which `image` the test is about"),
        ("{image: nginx, tags: [a]}", "8:11 this image is not watched here"),
        ("{image: acme/api, tags: [a], history: [aaaaaaa]}", "8:41 only the order `commit` looks at a history"),
        ("{image: acme/web, tags: [a], created: {a: 2026-01-01}}", "8:41 only the order `created` looks at times"),
        ("{image: acme/api, tags: []}", "8:27 write at least one"),
        ("{image: acme/api, tags: [a b]}", "8:28 'a b' is no tag"),
        ("{image: acme/api, chosen: a}", "8:3 the key 'tags' is missing"),
        ("{image: acme/api, tags: [a], created: {a: noon}}", "8:45 'noon' is no moment; write one such as"),
        ("{image: acme/web, tags: [a], history: [xyz]}", "8:42 'xyz' is no commit id"),
        ("{image: acme/web, tags: [a], choosen: a}", "8:32 unknown key 'choosen'; did you mean 'chosen'?"),
    ],
)
def test_one_wrong_thing(test: str, problem: str) -> None:
    (found,) = problems(test)
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T14:00:00+02:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
    ],
)
def test_moments(text: str, at: datetime) -> None:
    assert moment(text) == at


@pytest.mark.parametrize("text", ["", "noon", "2026", "31.1.2026", "2026-02-30"])
def test_no_moments(text: str) -> None:
    with pytest.raises(ValueError, match="is no moment"):
        moment(text)


def test_commit_ids() -> None:
    assert commit_id("0123abc") == "0123abc"
    for text in ("", "012345", "0123ABC", "g123456"):
        with pytest.raises(ValueError, match="is no commit id"):
            commit_id(text)
