"""imagebot.yaml and the environment become frozen `Settings`; the only reader of `os.environ`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, InstanceOf

from imagebot import knownforges
from imagebot.documents.model import Model
from imagebot.documents.read import fill
from imagebot.documents.tree import MAX_BYTES, ParsedFile, parse
from imagebot.errors import BadInput
from imagebot.knownforges import OF_APPS, ForgeKind
from imagebot.links import outside
from imagebot.policy.check_file import InSettings
from imagebot.policy.defaults import DefaultsFile
from imagebot.policy.fence import FolderFence
from imagebot.proxies import DIRECT, NO_PROXY, Proxies, WayOut
from imagebot.regular import read_regular
from imagebot.secret import Secret
from imagebot.settings.credentials import (
    GitCredentials,
    GitHubApp,
    GpgKey,
    PostgresDatabase,
    SigningKey,
    SshKey,
    SshSigningKey,
    StateBranch,
    TokenCredentials,
)
from imagebot.settings.file import (
    Author,
    Limits,
    Log,
    Pace,
    Repository,
    SettingsFile,
    Source,
    SourceForgeKeys,
    source_forge_of,
)
from imagebot.settings.grammar import registry_host
from imagebot.settings.paths import Surroundings
from imagebot.settings.policies import CommittedPolicies, PolicyRules, committed_of, fences_of, paths_of
from imagebot.settings.registries import RegistrySettings
from imagebot.settings.registry_logins import (
    BasicCredentials,
    BearerCredentials,
    CloudCredentials,
    CredentialHelper,
    CredentialSources,
    HelperCredentials,
    RegistryLogin,
)
from imagebot.settings.ways import Reached, signed_by, way_for_all

# Rooms import these from here, beside the resolved ones.
__all__ = [
    "Author",
    "BasicCredentials",
    "BearerCredentials",
    "CloudCredentials",
    "CredentialHelper",
    "CredentialSources",
    "ForgeKind",
    "GitCredentials",
    "GitHubApp",
    "GpgKey",
    "HelperCredentials",
    "Limits",
    "Log",
    "Pace",
    "PostgresDatabase",
    "RegistryLogin",
    "RegistrySettings",
    "SigningKey",
    "SshKey",
    "SshSigningKey",
    "StateBranch",
    "TokenCredentials",
]

M = TypeVar("M", bound=Model)
ByWay = TypeVar("ByWay", bound=Reached)
DEFAULT_FILE = "imagebot.yaml"
DEFAULT_LIMITS = Limits(open_pull_requests=10, opened_per_hour=20)
"""Over all repositories, where nothing else is written."""


class RepositorySettings(Repository):
    """One repository at one branch: its keys, and what follows from them.

    `url` is https, ssh, scp-like or an absolute local path, and holds no password. `api_url` has no slash at its end;
    it is empty for the `local` forge. `api_credentials` are for the forge where git uses an ssh key. Proxies and
    `ca_file` are those of all hosts, where it has none of its own.
    """

    name: str
    forge: ForgeKind = "local"
    api_url: str = ""

    @property
    def api_way(self) -> WayOut:
        """How the forge's API is reached."""
        return self.way if self.api_proxy is None else replace(self.way, proxies=self.api_proxy)

    @property
    def forge_credentials(self) -> TokenCredentials | GitHubApp | None:
        """What the forge's API is asked with."""
        if self.api_credentials is not None or isinstance(self.credentials, SshKey):
            return self.api_credentials
        return self.credentials


class SourceForgeSettings(RepositorySettings):
    """A forge that is asked what changed, as if it were one repository there; `owners` are those asked about."""

    owners: tuple[str, ...] = ()


class Settings(SettingsFile):
    """All of imagebot.yaml; every path is absolute. `registries` is keyed by canonical host, as in `ImageName`.

    Without `database` there is one in the folder `state`. `sources` are read only: no branch, no pull request.
    `fences` are those of folders in `policies`, `defaults_file` is where `defaults` stand. `way` is how all hosts are
    reached of which there is nothing else; registries, repositories and sources have theirs. `source_forges` are those
    in `release_notes`. `google_file` is what the environment says that Google's libraries should know the bot by.
    """

    policies: tuple[Path, ...]
    committed_policies: tuple[CommittedPolicies, ...] = ()
    repositories: Mapping[str, RepositorySettings]
    sources: Mapping[str, RepositorySettings] = Field(default={})
    registries: Mapping[str, RegistrySettings] = Field(default={})
    way: InstanceOf[WayOut] = DIRECT
    source_forges: Mapping[str, SourceForgeSettings] = Field(default={})
    limits: Limits = DEFAULT_LIMITS
    fences: Mapping[Path, FolderFence] = Field(default={})
    defaults_file: DefaultsFile | None = None
    google_file: Path | None = None

    @property
    def credential_sources(self) -> CredentialSources:
        """Where registries' credentials come from, besides what `registries` has of each."""
        return CredentialSources(
            self.docker_config, self.credential_helpers, frozenset(self.identities), self.google_file
        )

    @property
    def proxies_told(self) -> Mapping[str, str]:
        """Who is reached by which proxy, in words: all hosts first, then those that have another one."""
        parties: dict[str, Proxies] = {f"registry {host}": one.way.proxies for host, one in self.registries.items()}
        for one in (*self.repositories.values(), *self.sources.values(), *self.source_forges.values()):
            parties[f"git of {one.name}"] = one.way.proxies
            parties[f"forge of {one.name}"] = one.api_way.proxies
        everybodys = {} if self.way.proxies == NO_PROXY else {"all hosts": str(self.way.proxies)}
        return everybodys | {name: str(one) for name, one in parties.items() if one != self.way.proxies}

    @property
    def metrics_address(self) -> str | None:
        """Where `run` serves metrics and health; None: nowhere."""
        return None if self.metrics is None else self.metrics.listen

    @property
    def policy_rules(self) -> PolicyRules:
        """What holds for the files in `policies`."""
        return PolicyRules(self.policies, self.fences, self.defaults_file, _in_settings(self))


def find(path: Path | None = None) -> Path:
    """Where the settings are looked for; whether there is such a file is another question."""
    return path or Path(os.environ.get("IMAGEBOT_CONFIG") or DEFAULT_FILE)


def load(path: Path | None = None) -> Settings:
    """Settings from `path`, else from the file that `IMAGEBOT_CONFIG` names, else from imagebot.yaml in this folder.

    Secrets in variables are read now, those in files at each use. Raises `BadInput` with every problem.
    """
    file = find(path)
    return read_settings(str(file), _bytes(file), file.parent.absolute(), os.environ)


def names(path: Path | None = None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the repositories and the sources are called, which needs none of the variables. Raises `BadInput`."""
    keys = read_document(find(path))[1]
    return tuple(keys.repositories), tuple(keys.sources)


def rules_for_policies(path: Path | None = None) -> PolicyRules:
    """What the file says about policy files, which needs none of the variables. Raises `BadInput`."""
    file = find(path)
    document = _document(str(file), data := _bytes(file))
    there = _filled(document, Surroundings(file.parent.absolute()))
    return _rules(_filled(document), there, DefaultsFile(str(file), data, ("defaults",)))


def read_document(path: Path) -> tuple[ParsedFile, SettingsFile]:
    """The file as its author wrote it, and where; it needs none of the variables. Raises `BadInput`."""
    document = _document(str(path), _bytes(path))
    return document, _filled(document)


def resolve(file: str, data: bytes, folder: Path) -> Settings:
    """What `load` would make of these bytes if they were in `file`. Raises `BadInput`."""
    return read_settings(file, data, folder, os.environ)


def read_settings(file: str, data: bytes, folder: Path, environ: Mapping[str, str]) -> Settings:
    """Settings from a file's bytes; relative paths begin at `folder`. Raises `BadInput` with every problem.

    The environment is looked into once all else is right: what lacks in it is then all that there is to do.
    """
    _know_secrets_of_clouds(environ)
    document = _document(file, data)
    spelled = _filled(document)
    there = _filled(document, Surroundings(folder, environ))
    rules = _rules(spelled, there, DefaultsFile(file, data, ("defaults",)))
    way = way_for_all(there.proxy, there.ca_file, environ)
    values = _and(
        there,
        policies=rules.folders,
        committed_policies=committed_of(there.policies),
        repositories={name: _by(way, _repository(name, one)) for name, one in there.repositories.items()},
        sources={name: _by(way, _source(name, one)) for name, one in there.sources.items()},
        registries={host: _by(way, one) for host, one in _registries(there).items()},
        source_forges={
            (name := registry_host(host)): _by(way, _forge(name, one)) for host, one in there.release_notes.items()
        },
        way=replace(way, only_listed=there.only_listed_registries),
        limits=_over(DEFAULT_LIMITS, there.limits),
        docker_config=there.docker_config or _docker_config(environ),
        google_file=_named(environ, "GOOGLE_APPLICATION_CREDENTIALS"),
        fences=rules.fences,
        defaults_file=rules.defaults,
    )
    return Settings.model_construct(**values)


def _know_secrets_of_clouds(environ: Mapping[str, str]) -> None:
    """Those that their own libraries find: masked wherever they turn up."""
    for variable in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_CLIENT_SECRET"):
        if value := environ.get(variable):
            Secret(value)


def _bytes(file: Path) -> bytes:
    if elsewhere := outside(file, file.parent):
        raise BadInput(f"the settings {file} are a link to {elsewhere}, in another folder; name that file by --config")
    try:
        return read_regular(file, MAX_BYTES)
    except OSError as error:
        hint = "name the file by --config or IMAGEBOT_CONFIG, or work in its folder; `imagebot init` writes a first one"
        raise BadInput(f"cannot read the settings {file}: {error.strerror}; {hint}") from None


def _document(file: str, data: bytes) -> ParsedFile:
    document = parse(file, data)
    if not isinstance(document, ParsedFile):
        raise BadInput(*document)
    return document


def _filled(document: ParsedFile, around: Surroundings | None = None) -> SettingsFile:
    filled = fill(SettingsFile, document, around)
    if not isinstance(filled, SettingsFile):
        raise BadInput(*filled)
    return filled


def inherited_names() -> frozenset[str]:
    """Names, not values, of this process's environment: for whoever must start a child process without it."""
    return frozenset(os.environ)


def wants_colours() -> bool:
    """Whether this process's user has not said no: https://no-color.org."""
    return not os.environ.get("NO_COLOR")


def _and(keys: Model, **beside: object) -> dict[str, Any]:
    """All of the keys as they are, and what is beside them: a new key needs no line here."""
    return {**dict(keys), **beside}


def _over(guess: M, written: M) -> M:
    """What is written, and the rest as it is without."""
    return guess.model_copy(update=written.model_dump(exclude_none=True))


def _repository(name: str, keys: Repository) -> RepositorySettings:
    kind = keys.forge_kind
    assert kind is not None, "the model lets none through"
    pace = Pace.model_construct(
        writes_per_minute=knownforges.writes_per_minute(keys.address),
        writes_per_hour=knownforges.writes_per_hour(keys.address, kind),
    )
    values = _and(keys, name=name, forge=kind, api_url=keys.forge_api, pace=_over(pace, keys.pace))
    return RepositorySettings.model_construct(**values)


def _forge(host: str, keys: SourceForgeKeys) -> SourceForgeSettings:
    kind, api_url = source_forge_of(host, keys)
    reached = {name: getattr(keys, name) for name in Reached.model_fields}
    written = Repository.model_construct(url=f"https://{host}/sources", forge=kind, api_url=api_url, **reached)
    known = _repository(f"releaseNotes/{host}", written)
    values = _and(known, api_credentials=keys.credentials, owners=keys.owners)
    return SourceForgeSettings.model_construct(**values)


def _source(name: str, keys: Source) -> RepositorySettings:
    is_app = isinstance(keys.credentials, GitHubApp)
    api_url = knownforges.api_of(keys.address, OF_APPS) if is_app else ""
    values = _and(keys, name=f"sources/{name}", forge=OF_APPS if is_app else "local", api_url=api_url)
    return RepositorySettings.model_construct(**values)


def _by(way: WayOut, keys: ByWay) -> ByWay:
    """The same, reached as all hosts are where it says nothing else."""
    authority = way.certificates.ca_file
    said = {name: getattr(keys, name, None) for name in ("proxy", "api_proxy")}
    own = {name: signed_by(proxies, authority) for name, proxies in said.items() if proxies is not None}
    everybodys = {} if way.proxies == NO_PROXY else {"proxy": way.proxies}
    return keys.model_copy(update={**everybodys, **own, "ca_file": keys.ca_file or authority})


def _rules(spelled: SettingsFile, there: SettingsFile, defaults: DefaultsFile) -> PolicyRules:
    folders = paths_of(there.policies)
    names, fences = dict(zip(folders, paths_of(spelled.policies), strict=True)), fences_of(there.policies)
    return PolicyRules(
        folders=folders,
        fences={folder: FolderFence(str(names.get(folder, folder)), may) for folder, may in fences.items()},
        defaults=None if there.defaults is None else defaults,
        settings=_in_settings(there),
    )


def _registries(keys: SettingsFile) -> Mapping[str, RegistrySettings]:
    """What is written of each, by canonical host; those named as mirrors, or as what one caches, are listed by that."""
    written = {registry_host(host): one for host, one in keys.registries.items()}
    mirrors = {one.mirrored.url.registry for one in written.values() if one.mirrored is not None}
    upstreams = {prefix.registry for one in written.values() for prefix in one.upstreams.values()}
    return dict.fromkeys(mirrors | upstreams, RegistrySettings()) | written


def _in_settings(keys: SettingsFile) -> InSettings:
    listed = frozenset(_registries(keys)) if keys.only_listed_registries else None
    return InSettings(frozenset(keys.trust.keys), listed, keys.trust.has_root)


def _docker_config(environ: Mapping[str, str]) -> tuple[Path, ...]:
    folder = _named(environ, "DOCKER_CONFIG")
    return (folder / "config.json",) if folder else ()


def _named(environ: Mapping[str, str], variable: str) -> Path | None:
    """The path in a variable that others have as well."""
    path = environ.get(variable)
    return Path(path).absolute() if path else None
