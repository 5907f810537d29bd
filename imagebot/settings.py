"""imagebot.yaml and the environment become frozen `Settings`; the only reader of `os.environ`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from imagebot.secret import SecretSource
from imagebot.settingsfile import Author, ForgeKind, Limits, Log

__all__ = ["Author", "ForgeKind", "Limits", "Log"]


@dataclass(frozen=True, slots=True)
class TokenCredentials:
    """A token that git sends as a password and a forge takes as a bearer token."""

    token: SecretSource
    username: str = "x-access-token"


@dataclass(frozen=True, slots=True)
class SshKey:
    """A private key for git over ssh, and the only host keys that it is used with."""

    key_file: Path
    known_hosts_file: Path


@dataclass(frozen=True, slots=True)
class GitHubApp:
    """A GitHub App's installation: its private key makes tokens that live for an hour."""

    id: str
    installation: int
    key_file: Path


GitCredentials = TokenCredentials | SshKey | GitHubApp


@dataclass(frozen=True, slots=True)
class BasicCredentials:
    """A registry's user name and password."""

    username: SecretSource | str
    password: SecretSource


@dataclass(frozen=True, slots=True)
class BearerCredentials:
    """A registry's ready-made bearer token."""

    token: SecretSource


RegistryCredentials = BasicCredentials | BearerCredentials


@dataclass(frozen=True, slots=True)
class RepositorySettings:
    """One environment repository at one branch.

    `url` is https, ssh, scp-like or an absolute local path, and holds no password. `api_url` has no slash at its end;
    it is empty for the `local` forge. `api_credentials` are for the forge where git uses an ssh key.
    """

    name: str
    url: str
    branch: str = "main"
    forge: ForgeKind = "local"
    api_url: str = ""
    credentials: GitCredentials | None = None
    api_credentials: TokenCredentials | GitHubApp | None = None
    limits: Limits = Limits()

    @property
    def forge_credentials(self) -> TokenCredentials | GitHubApp | None:
        """What the forge's API is asked with."""
        if self.api_credentials is not None or isinstance(self.credentials, SshKey):
            return self.api_credentials
        return self.credentials


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """What is special about one registry host; `auth_hosts` are other hosts that may see its credentials for a token."""

    plain_http: bool = False
    credentials: RegistryCredentials | None = None
    auth_hosts: tuple[str, ...] = ()
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """All of imagebot.yaml; every path is absolute. `registries` is keyed by canonical host, as in `ImageName`."""

    policies: tuple[Path, ...]
    repositories: Mapping[str, RepositorySettings]
    registries: Mapping[str, RegistrySettings] = field(default_factory=dict)
    state: Path = Path(".imagebot")
    every: timedelta = timedelta(minutes=5)
    branch_prefix: str = "imagebot/"
    author: Author = Author()
    limits: Limits = Limits(open_pull_requests=10)
    log: Log = Log()
    docker_config: Path | None = None


def inherited_names() -> frozenset[str]:
    """Names, not values, of this process's environment: for whoever must start a child process without it."""
    return frozenset(os.environ)
