from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from imagebot.cli.compose import load
from imagebot.errors import BadInput
from imagebot.operations.simulate import Simulation, Span, simulate
from tests.cycle.conftest import DEPLOYMENT
from tests.support import oci_folder
from tests.support.stage import NOON, Stage, set_up
from tests.support.web_function import Answer, Asked, Served

SINCE = NOON - timedelta(days=90)
POLICY = """\
app: podinfo
repository: environments
environments: {staging: {}, production: {minimumAge: 3d, from: {environment: staging, after: 1d}}}
images:
  - image: IMAGE
    semver: ^6.5
"""
RELEASES = {
    "6.4.0": "2025-01-01T00:00:00Z",
    "6.5.0": "2025-02-01T00:00:00Z",
    "6.5.1": "2025-09-01T00:00:00Z",
    "6.5.2": "2025-11-01T00:00:00Z",
    "6.6.0": "2025-12-01T10:30:00Z",
    "7.0.0": "2025-12-02T00:00:00Z",
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Stage]:
    stage = set_up(tmp_path)
    stage.commit({"README.md": "hello\n"})
    stage.policy(POLICY)
    with stage.registry:
        yield stage


def published(stage: Stage, releases: dict[str, str]) -> None:
    for tag, created in releases.items():
        oci_folder.publish(stage.folder / "registry", "acme/podinfo", tag, created=created)


def simulated(stage: Stage, limit: int = 500) -> Simulation:
    _, policies = load(stage.config)
    assert policies.problems == ()
    return simulate(stage.world(), policies.policies, Span(SINCE, NOON, limit))


def moves(found: Simulation) -> list[str]:
    return [
        f"{opened.at:%Y-%m-%d %H:%M} {opened.environment} {move.old} -> {move.new.tag}"
        for opened in found.replay.opened
        for move in opened.moves
    ]


def test_the_past_of_an_app_in_two_environments(shop: Stage) -> None:
    published(shop, RELEASES)
    assert moves(simulated(shop)) == [
        "2025-11-01 00:00 staging 6.5.1 -> 6.5.2",
        "2025-11-04 00:00 production 6.5.1 -> 6.5.2",
        "2025-12-01 10:30 staging 6.5.2 -> 6.6.0",
        "2025-12-04 10:30 production 6.5.2 -> 6.6.0",
    ]


def test_only_tags_that_could_be_chosen_are_asked_for(shop: Stage) -> None:
    """Below 6.5.1, which was there at the beginning, none could; above the range none may."""
    shop.policy(POLICY.replace("^6.5", "^6.0"))
    published(shop, {f"6.1.{number}": "2025-12-24T00:00:00Z" for number in range(30)} | RELEASES)
    found = simulated(shop)
    (left,) = found.left
    assert (left.older, left.silent, left.unasked) == (32, (), ())
    assert found.requests <= 1 + 8 * 3  # the list, and for each tag of one batch its digest, manifest and config


def test_what_was_asked_is_not_asked_again(shop: Stage) -> None:
    published(shop, RELEASES)
    first, second = simulated(shop), simulated(shop)
    assert second.replay == first.replay
    assert second.requests == 1 + 4  # the list, and what each tag stands for now
    assert first.requests > second.requests


def test_the_limit_bounds_the_requests_and_what_is_left_out_is_named(shop: Stage) -> None:
    published(shop, {f"6.5.{number}": f"2025-12-{number + 1:02}T00:00:00Z" for number in range(25)})
    found = simulated(shop, limit=40)
    assert found.requests <= 40
    (left,) = found.left
    assert left.unasked
    assert left.unasked[-1] == "6.5.0"
    assert len(left.unasked) + left.claimed == 25


@pytest.mark.parametrize(
    "created",
    [
        pytest.param("1970-01-01T00:00:00Z", id="a build that can be repeated"),
        pytest.param("2036-01-01T00:00:00Z", id="not yet"),
        pytest.param("yesterday", id="no time"),
    ],
)
def test_a_time_that_cannot_be_true_is_none(shop: Stage, created: str) -> None:
    published(shop, RELEASES | {"6.5.9": created})
    found = simulated(shop)
    assert found.left[0].silent == ("6.5.9",)
    assert [line for line in moves(found) if "6.5.9" in line] == []


def test_times_of_the_registry_come_first(tmp_path: Path) -> None:
    """As Google's registries tell them; what an image says about itself is asked only of the others."""

    def answer(asked: Asked) -> Answer:
        plain = oci_folder.answer(tmp_path / "registry", asked)
        if not asked.path.endswith("/tags/list"):
            return plain
        at = int((NOON - timedelta(days=2)).timestamp()) * 1000
        told = {"manifest": {"sha256:any": {"tag": ["6.6.0"], "timeUploadedMs": str(at)}}}
        assert isinstance(plain.body, bytes)
        return replace(plain, body=json.dumps(json.loads(plain.body) | told).encode())

    plain_stage = set_up(tmp_path)
    plain_stage.registry.close()
    stage = replace(plain_stage, registry=Served(answer))
    stage.settings()
    stage.commit({"README.md": "hello\n"})
    stage.policy(POLICY)
    published(stage, RELEASES)
    with stage.registry:
        found = simulated(stage)
    assert moves(found)[-1] == "2025-12-30 12:00 staging 6.5.2 -> 6.6.0"
    assert found.replay.opened[-1].moves[0].new.attested
    assert (found.left[0].attested, found.left[0].claimed) == (1, 2)


def test_the_order_of_creation_is_replayed(shop: Stage) -> None:
    shop.policy(
        "app: podinfo\nrepository: environments\nenvironments: {staging: {}}\n"
        "images: [{image: IMAGE, created: newest}]\n"
    )
    names = dict(zip(RELEASES, ("d", "c", "b", "a", "z", "m"), strict=True))
    published(shop, {names[tag]: created for tag, created in RELEASES.items()})
    assert moves(simulated(shop)) == [
        "2025-11-01 00:00 staging b -> a",
        "2025-12-01 10:30 staging a -> z",
        "2025-12-02 00:00 staging z -> m",
    ]


def test_the_variant_is_the_one_that_runs_today(shop: Stage) -> None:
    shop.policy(
        "app: podinfo\nrepository: environments\nenvironments: {staging: {}}\n"
        "images: [{image: IMAGE, semver: ^6.5, tags: {variant: keep}}]\n"
    )
    shop.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "6.5.2-alpine")})
    published(shop, RELEASES | {f"{tag}-alpine": created for tag, created in RELEASES.items()})
    assert moves(simulated(shop)) == [
        "2025-11-01 00:00 staging 6.5.1-alpine -> 6.5.2-alpine",
        "2025-12-01 10:30 staging 6.5.2-alpine -> 6.6.0-alpine",
    ]


def test_a_tag_that_moves_has_no_past(shop: Stage) -> None:
    shop.policy(
        "app: podinfo\nrepository: environments\nenvironments: {staging: {}}\n"
        "images: [{image: IMAGE, digest: latest}]\n"
    )
    with pytest.raises(BadInput, match="follows the tag latest: no registry tells what a tag stood for"):
        simulated(shop)
