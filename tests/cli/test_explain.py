"""`explain` and `status`: what a colleague would say about an app, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imagebot.errors import FINE, WRONG_INPUT
from tests.cycle.conftest import DEPLOYMENT
from tests.support.stage import Stage, set_up

POLICY = """\
app: podinfo
repository: environments
environments:
  staging: {paths: ["staging/"]}
  production: {paths: ["production/"], from: {environment: staging}, minimumAge: 3d, windows: ["* * 29 2 * UTC"]}
images:
  - image: IMAGE
    semver: ^6.5
"""
TAGS = [
    "6.5.2",
    "6.5.3",
    "6.5.4",
    "6.4.9",
    "5.0.0",
    "7.0.0",
    "7.1.0",
    "8.0.0",
    "9.0.0",
    "10.0.0",
    "6.6.0-rc.1",
    "latest",
]


@pytest.fixture
def explained(tmp_path: Path) -> Iterator[Stage]:
    """Staging is ahead of production, which waits for three gates."""
    stage = set_up(tmp_path)
    stage.publish(*TAGS)
    stage.policy(POLICY)
    ahead = DEPLOYMENT.replace("6.5.3", "6.5.4")
    stage.commit({"staging/app.yaml": ahead, "production/app.yaml": DEPLOYMENT})
    with stage.registry:
        yield stage


def data(stage: Stage, *words: str) -> Any:
    said = stage.imagebot(*words, "--json")
    assert said.code == FINE, said.err
    return json.loads(said.out)


def test_it_reads_like_a_colleague(explained: Stage) -> None:
    lines = explained.imagebot("explain", "podinfo@production").out.replace(explained.image, "IMAGE").splitlines()

    assert lines[:4] == [
        "podinfo@production  IMAGE",
        "  deployed  6.5.3  production/app.yaml:8  spec.template.spec.containers[0].image",
        "  from      staging, which has 6.5.4",
        "  rule      semver: ^6.5  (policies/podinfo.yaml)",
    ]
    assert lines[4].startswith("  answer    held (soak) until ")
    assert lines[5] == "  What 6.5.4 has to pass"
    gates = [line.split()[:2] for line in lines[6:10]]
    assert gates == [["promotion", "open"], ["soak", "shut"], ["window", "shut"], ["people", "open"]]
    assert [line for line in lines if line.startswith("  Refused")] == [
        "  Refused by prerelease: 1 tag",
        "  Refused by range: 7 tags",
        "  Refused by semver: 1 tag",
    ]


def test_the_nearest_misses_come_first_and_the_rest_is_counted(explained: Stage) -> None:
    lines = explained.imagebot("explain", "podinfo@staging").out.splitlines()
    start = lines.index("  Refused by range: 7 tags")
    assert [line.split()[0] for line in lines[start + 1 : start + 6]] == ["6.4.9", "7.0.0", "5.0.0", "7.1.0", "8.0.0"]
    assert lines[start + 6] == "    and 2 more: --json has them"


def test_data_has_every_gate_with_its_time_and_every_tag(explained: Stage) -> None:
    staging, production = data(explained, "explain", "podinfo")
    assert (staging["state"], staging["gates"], staging["from"]) == ("up to date", [], None)
    assert production["from"] == {"environment": "staging", "tag": "6.5.4", "digest": None}
    assert (production["state"], production["chosen"]) == ("held (soak)", "6.5.4")
    gates = {gate["gate"]: gate for gate in production["gates"]}
    assert production["until"] == gates["soak"]["until"]
    assert gates["window"]["until"] == "2028-02-29T00:00:00+00:00"
    assert "minimumAge 3d" in gates["soak"]["because"]
    told = [each["tag"] for each in (*production["candidates"], *production["refused"])]
    assert sorted(told) == sorted(TAGS)


@pytest.mark.parametrize("name", ["IMAGE", "podinfo", "acme/podinfo"])
def test_one_image_alone(explained: Stage, name: str) -> None:
    name = name.replace("IMAGE", explained.image)
    assert len(data(explained, "explain", "podinfo@staging", "--image", name)) == 1


def test_an_image_that_is_not_there(explained: Stage) -> None:
    said = explained.imagebot("explain", "podinfo", "--image", "redis")
    assert (said.code, said.out) == (WRONG_INPUT, "")
    assert f"podinfo watches no image 'redis'; it watches {explained.image}" in said.err


def test_status_shows_each_hold(explained: Stage) -> None:
    for words in (["podinfo@staging", "6.5.4"], ["podinfo@production"]):
        assert explained.imagebot("hold", *words, "--because", "it breaks the login").code == FINE

    text = explained.imagebot("status").out

    assert "Kept back by hand; `imagebot unhold` lifts it:\n  podinfo@production, by " in text
    assert text.count("it breaks the login") == 3
    staging = data(explained, "status", "podinfo@staging")
    assert [(hold["environment"], hold["version"]) for hold in staging["holds"]] == [("staging", "6.5.4")]
    held = {each["environment"]: each for each in data(explained, "status")["images"]}["production"]
    assert (held["state"], held["until"]) == ("held (by hand)", None)


def test_it_says_which_file_a_value_is_from(explained: Stage) -> None:
    (explained.folder / "policies" / "_defaults.yaml").write_text(
        "image:\n  semver: ^6.5\n  pin: none\nenvironments: {production: {minimumAge: 3d}, staging: {minimumAge: 1d}}\n"
    )
    explained.policy(POLICY.replace("    semver: ^6.5\n", "").replace("minimumAge: 3d, ", ""))
    lines = explained.imagebot("explain", "podinfo@production").out.splitlines()
    assert lines[3:6] == [
        "  rule      semver: ^6.5  (policies/_defaults.yaml:2)",
        "  default   minimumAge: 3d  (policies/_defaults.yaml:4)",
        "  default   pin: none  (policies/_defaults.yaml:3)",
    ]
    (found,) = data(explained, "explain", "podinfo@production")
    assert {"key": "pin", "value": "none", "file": "policies/_defaults.yaml", "line": 3} in found["inherited"]
