"""Real bumps of a public repository come out byte for byte as its people merged them."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from tests.replay.replay import replay
from tests.support.shared import Bump, bumps

_KEY = re.compile(r"\s*(?:- )?([\w.$-]+):")


def changed_keys(bump: Bump) -> set[str]:
    """The keys of the lines that the bump changed."""
    keys = set()
    for file in bump.files:
        for before, after in zip(file.before.decode().splitlines(), file.after.decode().splitlines(), strict=True):
            key = _KEY.match(before)
            if before != after and key:
                keys.add(key[1])
    return keys


@pytest.fixture(scope="module")
def by_keys() -> dict[str, list[Bump]]:
    """The bumps by the keys of the lines they changed."""
    grouped = defaultdict(list)
    for bump in bumps():
        grouped["+".join(sorted(changed_keys(bump)))].append(bump)
    return grouped


@pytest.mark.parametrize("keys", ["tag", "image", "uses", "tag+version", "SYSTEM_UPGRADE_JOB_KUBECTL_IMAGE"])
def test_real_bumps_come_out_byte_for_byte(keys: str, by_keys: dict[str, list[Bump]]) -> None:
    replayed = [replay(bump, embedded=True) for bump in by_keys[keys]]
    assert replayed
    assert [(result.bump.commit, result.misses) for result in replayed if result.misses] == []


def test_only_versions_that_are_no_reference_are_missed(by_keys: dict[str, list[Bump]]) -> None:
    missed = {keys for keys, some in by_keys.items() for bump in some if replay(bump, embedded=True).misses}
    assert missed == {
        "talosVersion",
        "TALOS_VERSION+talosVersion",
        "kubernetesVersion",
        "KUBERNETES_VERSION+kubernetesVersion",
        "version",
    }


def test_references_in_scripts_are_left_unless_asked_for(by_keys: dict[str, list[Bump]]) -> None:
    missed = [bump for bump in by_keys["image"] if replay(bump).misses]
    assert {bump.image for bump in missed} == {"ghcr.io/bjw-s-labs/forgejo-runner"}
    assert len(missed) == 22
