"""imagebot.yaml and the environment become frozen `Settings`; the only reader of `os.environ`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from imagebot.documents.model import Model

ForgeKind = Literal["github", "local"]


class Credentials(Model):
    """Where a credential comes from: never the credential itself. At most one way is filled in."""

    token_env: str | None = None
    token_file: Path | None = None


class Limits(Model):
    """How many pull requests of the bot may be open at once."""

    open_pull_requests: int | None = None


class RepositorySettings(Model):
    """One environment repository at one branch."""

    url: str
    branch: str = "main"
    forge: ForgeKind
    limits: Limits = Limits()


class RegistrySettings(Model):
    """What is special about one registry host."""

    plain_http: bool = False


class Settings(Model):
    """All of imagebot.yaml."""

    policies: tuple[Path, ...]
    state: Path = Path(".imagebot")
    every: timedelta = timedelta(minutes=5)
    branch_prefix: str = "imagebot/"
    repositories: dict[str, RepositorySettings]
    registries: dict[str, RegistrySettings] = {}
    limits: Limits = Limits()
