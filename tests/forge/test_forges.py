"""Every forge that settings may name is there, and nobody pays for another's library."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest

from imagebot.forge.forges import FORGES
from imagebot.forge.manners import Manners
from imagebot.secret import Secret
from imagebot.settings.resolve import ForgeKind, RepositorySettings, TokenCredentials
from tests.forge.conftest import KIND_OF

TOKEN = TokenCredentials(Secret("x"))
KINDS: dict[ForgeKind, RepositorySettings] = {
    "azure": RepositorySettings("r", "https://a.test/c/p/_git/r", "main", "azure", "https://a.test", TOKEN),
    "bitbucket": RepositorySettings("r", "https://a.test/a/b", "main", "bitbucket", "https://a.test/2.0", TOKEN),
    "gitea": RepositorySettings("r", "https://a.test/a/b", "main", "gitea", "https://a.test/api/v1", TOKEN),
    "github": RepositorySettings("r", "https://a.test/a/b", "main", "github", "https://a.test/api/v3", TOKEN),
    "gitlab": RepositorySettings("r", "https://a.test/a/b", "main", "gitlab", "https://a.test/api/v4", TOKEN),
    "local": RepositorySettings("r", "/srv/b.git"),
}
LIBRARIES = {"github": "github"}
CODE = """
import sys
from imagebot.forge import forges
from imagebot.forge.manners import Manners
from imagebot.settings.resolve import RepositorySettings, TokenCredentials
from imagebot.secret import Secret
forges.connect(RepositorySettings("r", {url!r}, "main", {kind!r}, {api!r}, TokenCredentials(Secret("x"))), Manners())
print(sorted({{"github", "gitlab"}} & sys.modules.keys()))
"""


def test_settings_know_every_forge() -> None:
    assert list(FORGES) == list(get_args(ForgeKind)), "the entries of forge/forges.py stand as in ForgeKind"
    assert list(KINDS) == list(FORGES), "each forge needs settings in KINDS of this file, in the same order"


def test_every_forge_with_an_api_is_tried_against_a_fake_of_its_server() -> None:
    without = FORGES.keys() - {"local", "github", *KIND_OF.values()}
    assert not without, f"{without} needs a fake in REST and KIND_OF of tests/forge/conftest.py"


@pytest.mark.parametrize("kind", KINDS)
def test_a_forge_is_connected_by_its_name(kind: ForgeKind) -> None:
    assert type(FORGES[kind](KINDS[kind], Manners())).__name__.lower().startswith(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_forge_loads_its_own_library_alone(kind: ForgeKind) -> None:
    settings = KINDS[kind]
    code = CODE.format(url=settings.url, kind=kind, api=settings.api_url)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == str([LIBRARIES[kind]] if kind in LIBRARIES else [])
