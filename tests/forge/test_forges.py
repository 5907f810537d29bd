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
from tests.support.forge_server import ForgeServer

TOKEN = TokenCredentials(Secret("x"))


def at(kind: ForgeKind, api: str, url: str = "https://a.test/a/b") -> RepositorySettings:
    return RepositorySettings(
        name="r", url=url, branch="main", forge=kind, api_url=f"https://a.test{api}", credentials=TOKEN
    )


KINDS: dict[ForgeKind, RepositorySettings] = {
    "azure": at("azure", "", "https://a.test/c/p/_git/r"),
    "bitbucket": at("bitbucket", "/2.0"),
    "gitea": at("gitea", "/api/v1"),
    "github": at("github", "/api/v3"),
    "gitlab": at("gitlab", "/api/v4"),
    "local": RepositorySettings(name="r", url="/srv/b.git"),
}
LIBRARIES = {"github": "github"}
CODE = """
import sys
from imagebot.forge import forges
from imagebot.forge.manners import Manners
from imagebot.settings.resolve import RepositorySettings, TokenCredentials
from imagebot.secret import Secret
token = TokenCredentials(Secret("x"))
settings = RepositorySettings(name="r", url={url!r}, forge={kind!r}, api_url={api!r}, credentials=token)
forges.connect(settings, Manners())
print(sorted({{"github", "gitlab"}} & sys.modules.keys()))
"""


def test_settings_know_every_forge() -> None:
    assert list(FORGES) == list(get_args(ForgeKind)), "the entries of forge/forges.py stand as in ForgeKind"
    assert list(KINDS) == list(FORGES), "each forge needs settings in KINDS of this file, in the same order"


def test_every_forge_with_an_api_is_tried_against_a_fake_of_its_server() -> None:
    without = FORGES.keys() - {"local", *(fake.kind for fake in ForgeServer.__subclasses__())}
    assert not without, f"{without} needs a fake in REST of tests/forge/conftest.py"


@pytest.mark.parametrize("kind", KINDS)
def test_a_forge_is_connected_by_its_name(kind: ForgeKind) -> None:
    assert type(FORGES[kind](KINDS[kind], Manners())).__name__.lower().startswith(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_forge_loads_its_own_library_alone(kind: ForgeKind) -> None:
    settings = KINDS[kind]
    code = CODE.format(url=settings.url, kind=kind, api=settings.api_url)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == str([LIBRARIES[kind]] if kind in LIBRARIES else [])
