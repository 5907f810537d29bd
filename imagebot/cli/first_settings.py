"""The settings that `init` writes policies for: those that are there, or the first ones."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from imagebot.cli.sources import GitAccess, RepositoryLocation, by_https
from imagebot.errors import BadInput
from imagebot.settings import resolve as settings
from imagebot.settings.policies import paths_of
from imagebot.settings.resolve import DEFAULT_FILE, GitHubApp, RepositorySettings
from imagebot.suggest.settings_page import settings_page

_SCHEMA = "schemas/settings.schema.json"


@dataclass(frozen=True, slots=True)
class FirstSettings:
    """What policies need to know of the settings. `page` is the file to write, None where there is one.

    `branch` is empty while nobody has named one; `policies` is a folder beside the settings. `access` is by the
    proxy of the environment, where there are no settings yet.
    """

    name: str
    url: str
    branch: str
    access: GitAccess
    policies: Path = Path("policies")
    page: bytes | None = None
    keys: Mapping[str, str] | None = None

    def on(self, branch: str) -> FirstSettings:
        """The same for the branch that was read."""
        if self.keys is None:
            return self
        return replace(self, branch=branch, page=_page(self.name, self.url, branch or "main", self.keys))


def first_settings(
    into: Path, source: RepositoryLocation, branch: str | None, keys: Mapping[str, str]
) -> FirstSettings:
    """Settings for a repository; `keys` are those of `credentials`. Raises `BadInput`."""
    file = into / DEFAULT_FILE
    if file.exists():
        return _known(file, source, branch)
    if source.path is not None and source.url != str(source.path):
        # A clone of what no forge is known for is still a repository on this machine.
        with suppress(BadInput):
            return _new(file, source.url if "sshKeyFile" in keys else by_https(source.url), branch, keys)
        return _new(file, str(source.path), branch, keys)
    return _new(file, source.url, branch, keys)


def _new(file: Path, url: str, branch: str | None, keys: Mapping[str, str]) -> FirstSettings:
    name = _name(url)
    page = _page(name, url, branch or "main", keys)
    found = settings.resolve(str(file), page, file.parent.absolute()).repositories[name]
    return FirstSettings(name, url, branch or "", _access(found), page=page, keys=keys)


def _known(file: Path, source: RepositoryLocation, branch: str | None) -> FirstSettings:
    written = settings.read_document(file)[1]
    ours = {_plain(url, file.parent) for url in (source.url, by_https(source.url), str(source.path or ""))}
    name = next((name for name, one in written.repositories.items() if _plain(one.url, file.parent) in ours), None)
    if name is None:
        raise BadInput(f"{file} names no repository with the URL {source.url}: add it there, then run init again")
    there = written.repositories[name]
    if branch is not None and branch != there.branch:
        raise BadInput(f"{file} says that {there.branch} is the branch of {name}: leave --branch out")
    access = _access(settings.load(file).repositories[name]) if source.path is None else GitAccess()
    folders = [path for path in paths_of(written.policies) if path.suffix not in (".yaml", ".yml")]
    if not folders:
        raise BadInput(f"{file} names no folder under `policies`: there is nowhere to write to")
    return FirstSettings(name, there.url, there.branch, access, folders[0].expanduser())


def _page(name: str, url: str, branch: str, keys: Mapping[str, str]) -> bytes:
    return settings_page(name, url, branch, keys, _SCHEMA)


def _name(url: str) -> str:
    """A repository's name in the settings: the last part of its URL."""
    return url.rstrip("/").replace(":", "/").rpartition("/")[2].removesuffix(".git") or "environments"


def _plain(url: str, folder: Path) -> str:
    """A URL so that two spellings of one are equal; a path from the folder of the settings."""
    bare = url.rstrip("/").removesuffix(".git")
    return bare if ":" in url else str((folder / bare).resolve())


def _access(repository: RepositorySettings) -> GitAccess:
    credentials = repository.credentials
    if isinstance(credentials, GitHubApp):
        raise BadInput(
            "init reads with a token or an ssh key, not as a GitHub App: clone the repository, and name the clone"
        )
    return GitAccess(credentials, repository.way)
