"""How the bot is known to git, forges and registries; secrets are read where they are used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from imagebot.secret import SecretSource


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
