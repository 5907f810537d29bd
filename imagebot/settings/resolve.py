"""imagebot.yaml and the environment become frozen `Settings`; the only reader of `os.environ`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from imagebot import knownforges
from imagebot.documents.model import Model
from imagebot.documents.model import Path as Place
from imagebot.documents.read import fill
from imagebot.documents.tree import MAX_BYTES, ParsedFile, parse
from imagebot.errors import BadInput
from imagebot.gitnames import GitUrl
from imagebot.knownforges import EVERYBODYS_WRITES_PER_MINUTE, OF_APPS, ForgeKind
from imagebot.links import outside
from imagebot.policy.defaults import DefaultsFile
from imagebot.policy.fence import FolderFence
from imagebot.regular import read_regular
from imagebot.secret import Secret, SecretSource, known
from imagebot.settings import file as settingsfile
from imagebot.settings.credentials import (
    BasicCredentials,
    BearerCredentials,
    GitCredentials,
    GitHubApp,
    RegistryCredentials,
    SshKey,
    TokenCredentials,
)
from imagebot.settings.file import DEFAULT_EVERY, Limits, Log, SettingsFile
from imagebot.settings.grammar import registry_host
from imagebot.settings.policies import PolicyRules, fences_of, paths_of

# Rooms import these from here, beside the resolved ones.
__all__ = [
    "BasicCredentials",
    "BearerCredentials",
    "ForgeKind",
    "GitCredentials",
    "GitHubApp",
    "Limits",
    "Log",
    "RegistryCredentials",
    "SshKey",
    "TokenCredentials",
]

DEFAULT_FILE = "imagebot.yaml"
_NOBODY = settingsfile.Author()
DEFAULT_LIMITS = Limits(open_pull_requests=10, opened_per_hour=20)
"""Over all repositories, where nothing else is written."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a forge may be asked to change something; None is as often as need be."""

    writes_per_minute: int = EVERYBODYS_WRITES_PER_MINUTE
    writes_per_hour: int | None = None

    @property
    def apart_s(self) -> float:
        """From the end of a write to the beginning of the next, in seconds."""
        return 60.0 / self.writes_per_minute


@dataclass(frozen=True, slots=True)
class RepositorySettings:
    """One environment repository at one branch.

    `url` is https, ssh, scp-like or an absolute local path, and holds no password. `api_url` has no slash at its end;
    it is empty for the `local` forge. `api_credentials` are for the forge where git uses an ssh key. `ca_file` is what
    both trust in place of public authorities.
    """

    name: str
    url: str
    branch: str = "main"
    forge: ForgeKind = "local"
    api_url: str = ""
    credentials: GitCredentials | None = None
    api_credentials: TokenCredentials | GitHubApp | None = None
    ca_file: Path | None = None
    limits: Limits = Limits()
    verified_commits: bool = False
    pace: Pace = Pace()

    @property
    def forge_credentials(self) -> TokenCredentials | GitHubApp | None:
        """What the forge's API is asked with."""
        if self.api_credentials is not None or isinstance(self.credentials, SshKey):
            return self.api_credentials
        return self.credentials


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """What is special about one registry host; `auth_hosts` are other hosts that may see its credentials."""

    plain_http: bool = False
    credentials: RegistryCredentials | None = None
    auth_hosts: tuple[str, ...] = ()
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """A database by its URL, which may hold a password."""

    url: SecretSource


@dataclass(frozen=True, slots=True)
class StateBranch:
    """A branch of one environment repository, by that one's name."""

    repository: str


Database = PostgresDatabase | StateBranch


@dataclass(frozen=True, slots=True)
class SshSigningKey:
    """A private key, in a file of ssh-keygen's."""

    file: Path


@dataclass(frozen=True, slots=True)
class GpgKey:
    """A secret key, in a file that gpg exported."""

    file: Path


SigningKey = SshSigningKey | GpgKey


@dataclass(frozen=True, slots=True)
class Author:
    """Who commits are by, whether their messages are signed off, and the key that they are signed with."""

    name: str = _NOBODY.name
    email: str = _NOBODY.email
    sign_off: bool = False
    signing: SigningKey | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """All of imagebot.yaml; every path is absolute. `registries` is keyed by canonical host, as in `ImageName`.

    Without `database` there is one in the folder `state`. `sources` are read only: no branch, no pull request.
    `fences` are those of folders in `policies`, `defaults` those that stand in the file.
    """

    policies: tuple[Path, ...]
    repositories: Mapping[str, RepositorySettings]
    sources: Mapping[str, RepositorySettings] = field(default_factory=dict)
    registries: Mapping[str, RegistrySettings] = field(default_factory=dict)
    state: Path = Path(".imagebot")
    database: Database | None = None
    every: timedelta = DEFAULT_EVERY
    branch_prefix: str = "imagebot/"
    author: Author = Author()
    limits: Limits = DEFAULT_LIMITS
    log: Log = Log()
    docker_config: Path | None = None
    fences: Mapping[Path, FolderFence] = field(default_factory=dict)
    defaults: DefaultsFile | None = None

    @property
    def policy_rules(self) -> PolicyRules:
        """What holds for the files in `policies`."""
        return PolicyRules(self.policies, self.fences, self.defaults)


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
    file = find(path)
    written = _written(str(file), _bytes(file))[1]
    return tuple(written.repositories), tuple(written.sources)


def rules_for_policies(path: Path | None = None) -> PolicyRules:
    """What the file says about policy files, which needs none of the variables. Raises `BadInput`."""
    file = find(path)
    data = _bytes(file)
    return _Resolving(file.parent.absolute(), {}).rules(_written(str(file), data)[1], str(file), data)


def read_document(path: Path) -> tuple[ParsedFile, SettingsFile]:
    """The file as its author wrote it, and where; it needs none of the variables. Raises `BadInput`."""
    return _written(str(path), _bytes(path))


def resolve(file: str, data: bytes, folder: Path) -> Settings:
    """What `load` would make of these bytes if they were in `file`. Raises `BadInput`."""
    return read_settings(file, data, folder, os.environ)


def read_settings(file: str, data: bytes, folder: Path, environ: Mapping[str, str]) -> Settings:
    """Settings from a file's bytes; relative paths begin at `folder`. Raises `BadInput` with every problem."""
    document, written = _written(file, data)
    missing = [document.problem(place, f"{place[-1]}: no such variable is set") for place in _unset(written, environ)]
    if missing:
        raise BadInput(*sorted(missing))
    resolving = _Resolving(folder, environ)
    rules = resolving.rules(written, file, data)
    return replace(resolving.settings(written), fences=rules.fences, defaults=rules.defaults)


def _bytes(file: Path) -> bytes:
    if elsewhere := outside(file, file.parent):
        raise BadInput(f"the settings {file} are a link to {elsewhere}, in another folder; name that file by --config")
    try:
        return read_regular(file, MAX_BYTES)
    except OSError as error:
        hint = "name the file by --config or IMAGEBOT_CONFIG, or work in its folder"
        raise BadInput(f"cannot read the settings {file}: {error.strerror}; {hint}") from None


def _written(file: str, data: bytes) -> tuple[ParsedFile, SettingsFile]:
    document = parse(file, data)
    if not isinstance(document, ParsedFile):
        raise BadInput(*document)
    written = fill(SettingsFile, document)
    if not isinstance(written, SettingsFile):
        raise BadInput(*written)
    return document, written


def inherited_names() -> frozenset[str]:
    """Names, not values, of this process's environment: for whoever must start a child process without it."""
    return frozenset(os.environ)


def wants_colours() -> bool:
    """Whether this process's user has not said no: https://no-color.org."""
    return not os.environ.get("NO_COLOR")


def _unset(value: object, environ: Mapping[str, str], place: Place = ()) -> Iterator[Place]:
    """Where a variable is named that is not set, or empty."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _unset(inner, environ, (*place, key))
    elif isinstance(value, Model):
        for key, name in value.known_keys().items():
            inner = getattr(value, name)
            if name.endswith("_env") and inner is not None and not environ.get(inner):
                yield (*place, key)
            yield from _unset(inner, environ, (*place, key))


@dataclass(frozen=True, slots=True)
class _Resolving:
    """From what is written in a file to what it means in this folder and environment, all variables being set."""

    folder: Path
    environ: Mapping[str, str]

    def settings(self, written: SettingsFile) -> Settings:
        docker = written.docker_config
        if docker is None and self.environ.get("DOCKER_CONFIG"):
            docker = Path(self.environ["DOCKER_CONFIG"], "config.json").absolute()
        return Settings(
            policies=tuple(self.path(path) for path in paths_of(written.policies)),
            repositories={name: self.repository(name, one) for name, one in written.repositories.items()},
            sources={name: self.source(name, one) for name, one in written.sources.items()},
            registries={registry_host(host): self.registry(one) for host, one in written.registries.items()},
            state=self.path(written.state),
            database=self.database(written.database) if written.database else None,
            every=written.every,
            branch_prefix=written.branch_prefix,
            author=self.author(written.author),
            limits=DEFAULT_LIMITS.model_copy(update=written.limits.model_dump(exclude_none=True)),
            log=written.log,
            docker_config=self.path(docker) if docker else None,
        )

    def rules(self, written: SettingsFile, file: str, data: bytes) -> PolicyRules:
        return PolicyRules(
            folders=tuple(self.path(path) for path in paths_of(written.policies)),
            fences={self.path(path): FolderFence(str(path), may) for path, may in fences_of(written.policies).items()},
            defaults=None if written.defaults is None else DefaultsFile(file, data, ("defaults",)),
        )

    def repository(self, name: str, written: settingsfile.Repository) -> RepositorySettings:
        assert written.forge_kind is not None, "the model lets none through"
        return RepositorySettings(
            name=name,
            url=self.url(written.url),
            branch=written.branch,
            forge=written.forge_kind,
            api_url=written.forge_api,
            credentials=self.git_credentials(written.credentials) if written.credentials else None,
            api_credentials=self.api_credentials(written.api_credentials) if written.api_credentials else None,
            ca_file=self.path(written.ca_file) if written.ca_file else None,
            limits=written.limits,
            verified_commits=written.verified_commits,
            pace=Pace(
                written.pace.writes_per_minute or knownforges.writes_per_minute(written.url),
                written.pace.writes_per_hour or knownforges.writes_per_hour(written.url, written.forge_kind),
            ),
        )

    def source(self, name: str, written: settingsfile.Source) -> RepositorySettings:
        is_app = written.credentials is not None and written.credentials.app is not None
        return RepositorySettings(
            name=f"sources/{name}",
            url=self.url(written.url),
            branch=written.branch,
            forge=OF_APPS if is_app else "local",
            api_url=knownforges.api_of(written.url, OF_APPS) if is_app else "",
            credentials=self.git_credentials(written.credentials) if written.credentials else None,
        )

    def url(self, written: GitUrl) -> str:
        return str(self.path(Path(written.text))) if written.scheme == "local" else written.text

    def git_credentials(self, written: settingsfile.Credentials) -> GitCredentials:
        if written.ssh_key_file is not None and written.known_hosts_file is not None:
            return SshKey(self.path(written.ssh_key_file), self.path(written.known_hosts_file))
        return self.api_credentials(written)

    def api_credentials(
        self, written: settingsfile.Credentials | settingsfile.ApiCredentials
    ) -> TokenCredentials | GitHubApp:
        if written.app is not None:
            return GitHubApp(written.app.id, written.app.installation, self.path(written.app.key_file))
        token = self.secret(written.token_env, written.token_file)
        return TokenCredentials(token, written.username) if written.username else TokenCredentials(token)

    def author(self, written: settingsfile.Author) -> Author:
        return Author(written.name, written.email, written.sign_off, self.signing(written.signing))

    def signing(self, written: settingsfile.Signing | None) -> SigningKey | None:
        if written is None:
            return None
        if written.ssh_key_file is not None:
            return SshSigningKey(self.path(written.ssh_key_file))
        assert written.gpg_key_file is not None, "the model lets nothing else through"
        return GpgKey(self.path(written.gpg_key_file))

    def database(self, written: settingsfile.Database) -> Database:
        if written.repository is not None:
            return StateBranch(written.repository)
        if written.url is not None:
            return PostgresDatabase(Secret(written.url))
        return PostgresDatabase(self.secret(written.url_env, written.url_file))

    def registry(self, written: settingsfile.Registry) -> RegistrySettings:
        return RegistrySettings(
            plain_http=written.plain_http,
            credentials=self.registry_credentials(written.credentials) if written.credentials else None,
            auth_hosts=written.auth_hosts,
            ca_file=self.path(written.ca_file) if written.ca_file else None,
        )

    def registry_credentials(self, written: settingsfile.RegistryCredentials) -> RegistryCredentials:
        if written.token_env is not None or written.token_file is not None:
            return BearerCredentials(self.secret(written.token_env, written.token_file))
        username = written.username or self.secret(written.username_env, written.username_file)
        return BasicCredentials(username, self.secret(written.password_env, written.password_file))

    def secret(self, variable: str | None, file: Path | None) -> SecretSource:
        if file is not None:
            return known(self.path(file))
        assert variable is not None, "the model lets none through"
        return Secret(self.environ[variable])

    def path(self, written: Path) -> Path:
        try:
            return self.folder / written.expanduser()
        except RuntimeError:
            raise BadInput(f"nobody here knows the home folder in {written}; write the whole path") from None
