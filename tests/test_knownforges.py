"""One row of facts for each forge: complete, without two meanings, and the only place that asks which forge it is."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from imagebot.gitnames import GitUrl
from imagebot.knownforges import FACTS, ForgeKind, api_of, kind_of
from imagebot.settings.webhooks import SourceType

ROOT = Path(__file__).parent.parent
CLOUDS = ("imagebot/settings/clouds.py", "imagebot/registry/identities/known.py")
"""Azure is a cloud, too."""
CALLERS = ("imagebot/settings/webhooks.py", "imagebot/webhooks/sources.py")
"""Each forge calls in its own way: a row for each."""
ROOMS = [
    path
    for path in sorted(ROOT.glob("imagebot/**/*.py"))
    if path.parent.name != "forge"
    and path.name != "knownforges.py"
    and path.relative_to(ROOT).as_posix() not in CLOUDS + CALLERS
]


def test_every_forge_has_its_row() -> None:
    assert sorted(FACTS) == sorted(get_args(ForgeKind))


def test_every_forge_may_call() -> None:
    assert {*get_args(ForgeKind)} - {"local"} <= {*get_args(SourceType)}


def test_a_well_known_host_is_one_forges() -> None:
    hosts = Counter(host for facts in FACTS.values() for host in (*facts.hosts, *facts.ssh_hosts))

    assert [host for host, times in hosts.items() if times > 1] == []
    assert {name for facts in FACTS.values() for name in facts.ssh_hosts.values()} <= hosts.keys()


@pytest.mark.parametrize("kind", FACTS)
def test_a_repository_at_a_well_known_host_is_that_forges(kind: ForgeKind) -> None:
    facts = FACTS[kind]
    for host, api in facts.hosts.items():
        url = GitUrl.parse(f"https://{host}/acme/environments.git")
        assert isinstance(url, GitUrl)
        assert (kind_of(url), api_of(url, kind)) == (kind, api)
    for host, same in facts.ssh_hosts.items():
        url = GitUrl.parse(f"ssh://git@{host}:443/acme/environments.git")
        assert isinstance(url, GitUrl)
        assert (kind_of(url), api_of(url, kind)) == (kind, facts.hosts[same])


@pytest.mark.parametrize("kind", FACTS)
def test_what_is_filled_in_later_can_be(kind: ForgeKind) -> None:
    facts = FACTS[kind]
    if facts.links is not None:
        assert _named(facts.links.compare) == {"repository", "old", "new"}
        assert _named(facts.links.versions) in ({"repository"}, {"repository", "version"})
    for pattern in (facts.merge_subject, facts.merge_trailer):
        assert not pattern or re.compile(pattern).groups == 1


def _named(page: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(page) if name}


def test_no_room_asks_which_forge_it_is() -> None:
    """A new one would have to be added there, too. The local one is a path, which is another question."""
    kinds = {*get_args(ForgeKind)} - {"local"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in ROOMS
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in kinds
    ]

    assert found == []
