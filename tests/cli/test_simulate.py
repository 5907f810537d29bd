from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from imagebot import clock
from tests.support import oci_folder
from tests.support.stage import Stage, set_up

POLICY = """\
app: podinfo
repository: environments
environments: {staging: {}, production: {minimumAge: 3d}}
images:
  - image: IMAGE
    semver: ^6.5
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Stage]:
    """6.5.0 is a hundred days old, 6.5.1 ten, 6.5.2 one; nobody knows about 6.5.3."""
    stage = set_up(tmp_path)
    stage.commit({"README.md": "hello\n"})
    stage.policy(POLICY)
    made = {"6.5.0": ago(100), "6.5.1": ago(10), "6.5.2": ago(1), "6.5.3": "1970-01-01T00:00:00Z"}
    for tag, created in made.items():
        oci_folder.publish(stage.folder / "registry", "acme/podinfo", tag, created=created)
    with stage.registry:
        yield stage


def ago(days: int) -> str:
    return (clock.now() - timedelta(days=days)).isoformat()


def test_it_reads_as_a_story(shop: Stage) -> None:
    done = shop.imagebot("simulate", "podinfo@staging")
    assert (done.code, done.err) == (0, "")
    lines = done.out.replace(shop.image, "IMAGE").splitlines()
    assert lines[0].startswith("podinfo: 2 pull requests in 12w6d, since ")
    assert [line for line in lines if "→" in line] == [
        "  IMAGE: 6.5.0 → 6.5.1 (patch)",
        "  IMAGE: 6.5.1 → 6.5.2 (patch)",
    ]
    assert lines[4].startswith("    made ")
    assert ", says the image; 6.5.1 is the newest of 2 tags in ^6.5 (now 6.5.0)" in lines[4]
    assert "podinfo@staging IMAGE ends at 6.5.2: up to date, 6.5.2 is the newest of 3 tags in ^6.5" in lines
    rest = lines[lines.index("Not in this picture") + 1 :]
    assert rest == [
        "  - IMAGE: 1 tag without a time that can be true: 6.5.3",
        "  - IMAGE: 3 tags with the time that the publisher wrote into the image, which is before the upload",
        "  - people: each pull request counts as merged at once; nothing was held, closed or rolled back",
        "  - tags that were deleted or pushed again since, and platforms that an image lacked",
        f"  - requests sent: {4 * 3 + 1}; what they told is remembered",
    ]


def test_as_data_for_all_environments(shop: Stage) -> None:
    done = shop.imagebot("simulate", "podinfo", "--since", "30d", "--json")
    assert done.code == 0
    data = json.loads(done.out)
    found = [(pull["environment"], pull["images"][0]["to"]) for pull in data["pullRequests"]]
    assert found == [("staging", "6.5.1"), ("production", "6.5.1"), ("staging", "6.5.2")]
    first = data["pullRequests"][0]["images"][0]
    assert (first["from"], first["kind"], first["saidBy"]) == ("6.5.0", "patch", "publisher")
    assert {(end["environment"], end["tag"], end["state"]) for end in data["ends"]} == {
        ("staging", "6.5.2", "up to date"),
        ("production", "6.5.1", "held (soak)"),
    }
    assert data["leftOut"][0]["silent"] == ["6.5.3"]


def test_it_writes_nothing_but_what_it_learned(shop: Stage) -> None:
    before = shop.heads()
    shop.imagebot("simulate", "podinfo")
    assert shop.heads() == before
    assert shop.pulls() == ()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("nope",), "no policy for 'nope'; there are: podinfo, ", id="unknown"),
        pytest.param(("podinfo", "--limit", "3"), "3 requests tell nothing about ", id="far too few"),
        pytest.param(("podinfo", "--since", "yesterday"), "--since: 'yesterday' is no duration", id="no duration"),
        pytest.param(("podinfo", "--since", "999999w"), "--since: 999999w ago there was nothing", id="before time"),
    ],
)
def test_wrong_words(shop: Stage, words: tuple[str, ...], said: str) -> None:
    done = shop.imagebot("simulate", *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"imagebot: {said}")


def test_a_registry_that_is_down_is_said(shop: Stage) -> None:
    shop.registry.close()
    done = shop.imagebot("simulate", "podinfo")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"imagebot: {shop.registry.host} ")
