"""The environment repository that the tests of this room start from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.gitrepo.remote import Remote
from tests.support.git_repos import BareRepository, Content, Link, Program, Submodule, a_repository

FILES: dict[str, Content] = {
    "README.md": "environments\n",
    "clusters/staging/api/deployment.yaml": "image: acme/api:1.0.0\n",
    "clusters/staging/web/deployment.yaml": "image: acme/web:1.0.0\r\n",
    "clusters/production/api/deployment.yaml": "image: acme/api:0.9.0\n",
    "deploy.sh": Program("#!/bin/sh\n"),
    "latest": Link("clusters/staging"),
    "link.yaml": Link("README.md"),
    "vendor": Submodule("1" * 40),
    'with spaces/ü "x"\tb.yaml': "a: b\n",
}


@pytest.fixture
def environments(tmp_path: Path) -> BareRepository:
    """A repository with files of every kind and one commit."""
    return a_repository(tmp_path / "environments.git", FILES)


@pytest.fixture
def open_mirror(tmp_path: Path, environments: BareRepository) -> Callable[[], Mirror]:
    """Opens the same mirror of `environments` again and again."""
    return lambda: Mirror.open(tmp_path / "state" / "environments.git", Remote(str(environments.folder)))


@pytest.fixture
def mirror(open_mirror: Callable[[], Mirror]) -> Mirror:
    return open_mirror()


@pytest.fixture
def heads(mirror: Mirror) -> Heads:
    """What the first fetch found."""
    return mirror.fetch("imagebot/")
