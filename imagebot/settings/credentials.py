"""How the bot is known to git and forges, what it signs with, and where its database is.

For each of these one of several groups of keys is written in imagebot.yaml; rooms see what was meant by them.
Secrets in files are read where they are used, those in variables when the environment is looked into.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core.core_schema import ValidationInfo

from imagebot.documents.model import STRING, TEXT_SCHEMA, WHOLE, Misplaced, Model, reads
from imagebot.secret import Secret, SecretFile, SecretSource, SecretVariable, known
from imagebot.settings import grammar
from imagebot.settings.paths import FilePath, Surroundings, resolved

FROM_ELSEWHERE = "secrets come from files or the environment: {0}File or {0}Env"
OneLine = Annotated[str, AfterValidator(grammar.one_line), WithJsonSchema(TEXT_SCHEMA)]


def _from_environment(variable: SecretSource, info: ValidationInfo) -> SecretSource:
    if not isinstance(variable, SecretVariable) or not isinstance(info.context, Surroundings):
        return variable
    if info.context.environ is None:
        return variable
    if value := info.context.environ.get(variable.name):
        return Secret(value)
    raise ValueError(f"{to_camel(info.field_name or '')}: no such variable is set")


def _from_file(file: SecretSource, info: ValidationInfo) -> SecretSource:
    if not isinstance(file, SecretFile) or not isinstance(info.context, Surroundings):
        return file
    path = resolved(file.path, info)
    return SecretFile(path) if info.context.environ is None else known(path)


# What stands behind a key that ends with `Env`, and behind one that ends with `File`.
InVariable = Annotated[
    SecretSource,
    reads(SecretVariable, lambda text: SecretVariable(grammar.variable(text))),
    AfterValidator(_from_environment),
    STRING,
]
InFile = Annotated[
    SecretSource,
    reads(SecretFile, lambda text: SecretFile(grammar.path(text))),
    AfterValidator(_from_file),
    STRING,
]


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


class GitHubApp(Model):
    """A GitHub App's installation: its private key makes tokens that live for an hour."""

    id: OneLine
    """The App's ID or client ID."""
    installation: Annotated[int, Field(ge=1), WHOLE]
    """The ID of its installation in the organisation."""
    key_file: FilePath
    """The file with the App's private key (PEM)."""


GitCredentials = TokenCredentials | SshKey | GitHubApp


class ApiCredentials(Model):
    """How the forge's API knows the bot: by a token or as an App."""

    confidential: ClassVar[bool] = True
    hints: ClassVar[dict[str, str]] = {"token": FROM_ELSEWHERE.format("token")}

    username: OneLine | None = None
    """Whose the token is, where that must be said: on Bitbucket Cloud the address of whoever owns an API token."""
    token_env: InVariable | None = None
    """The environment variable with the token."""
    token_file: InFile | None = None
    """The file with the token; read again at each use."""
    app: GitHubApp | None = None
    """A GitHub App instead of a token."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        exactly_one(self, "token_file", "token_env", "app")
        if self.username is not None and self.app is not None:
            raise Misplaced(("username",), "a username goes with a token only")
        return self

    @property
    def meaning(self) -> TokenCredentials | GitHubApp:
        """What the forge's API is asked with."""
        return self.app or _token(self)


class Credentials(Model):
    """How git, and the forge's API with it, knows the bot: by a token, by an ssh key or as an App."""

    confidential: ClassVar[bool] = True
    hints: ClassVar[dict[str, str]] = {
        "token": FROM_ELSEWHERE.format("token"),
        "password": "a password counts as a token: tokenFile or tokenEnv, with username",
        "sshKey": "write the name of its file: sshKeyFile",
    }

    username: OneLine | None = None
    """The user name that goes with the token, if the forge wants a certain one. Default: `x-access-token`."""
    token_env: InVariable | None = None
    """The environment variable with the token."""
    token_file: InFile | None = None
    """The file with the token; read again at each use."""
    ssh_key_file: FilePath | None = None
    """The file with the private key for git over ssh."""
    known_hosts_file: FilePath | None = None
    """The file with the host keys to trust, as `ssh-keyscan` prints them. Needed with `sshKeyFile`."""
    app: GitHubApp | None = None
    """A GitHub App instead of a token."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        exactly_one(self, "token_file", "token_env", "ssh_key_file", "app")
        if (self.ssh_key_file is None) != (self.known_hosts_file is None):
            raise ValueError("sshKeyFile and knownHostsFile belong together: else anyone could pose as the host")
        if self.username is not None and self.token_file is None and self.token_env is None:
            raise Misplaced(("username",), "a username goes with a token only")
        return self

    @property
    def meaning(self) -> GitCredentials:
        """What git is told."""
        if self.ssh_key_file is not None and self.known_hosts_file is not None:
            return SshKey(self.ssh_key_file, self.known_hosts_file)
        if self.app is not None:
            return self.app
        return _token(self)


@dataclass(frozen=True, slots=True)
class SshSigningKey:
    """A private key, in a file of ssh-keygen's."""

    file: Path


@dataclass(frozen=True, slots=True)
class GpgKey:
    """A secret key, in a file that gpg exported."""

    file: Path


SigningKey = SshSigningKey | GpgKey


class Signing(Model):
    """The key that the bot's commits are signed with."""

    confidential: ClassVar[bool] = True
    hints: ClassVar[dict[str, str]] = {
        "sshKey": "write the name of its file: sshKeyFile",
        "gpgKey": "write the name of the file it was exported to: gpgKeyFile",
    }

    ssh_key_file: FilePath | None = None
    """The file with an ssh private key that has no passphrase, best an Ed25519 one; read again at each use."""
    gpg_key_file: FilePath | None = None
    """The file with an OpenPGP secret key that has no passphrase, as `gpg --armor --export-secret-keys FINGERPRINT`
    writes it; read again at each use. Needs `gpg`."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        exactly_one(self, "ssh_key_file", "gpg_key_file")
        return self

    @property
    def meaning(self) -> SigningKey:
        """The key itself."""
        if self.ssh_key_file is not None:
            return SshSigningKey(self.ssh_key_file)
        assert self.gpg_key_file is not None, "the model lets nothing else through"
        return GpgKey(self.gpg_key_file)


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """A database by its URL, which may hold a password."""

    url: SecretSource


@dataclass(frozen=True, slots=True)
class StateBranch:
    """A branch of one environment repository, by that one's name."""

    repository: str


AnyDatabase = PostgresDatabase | StateBranch


class Database(Model):
    """Where the bot keeps what must outlive a pass: when it first saw a digest, and what people hold."""

    confidential: ClassVar[bool] = True
    hints: ClassVar[dict[str, str]] = {
        "password": "a password stands in the URL, and that in a file: urlFile or urlEnv"
    }

    url: Annotated[str, AfterValidator(grammar.database_url)] | None = None
    """A PostgreSQL database, as `postgresql://USER@HOST/NAME`, without a password; install `imagebot[postgresql]`."""
    url_env: InVariable | None = None
    """The environment variable with the URL of a PostgreSQL database; it may hold a password."""
    url_file: InFile | None = None
    """The file with such a URL; read again at each start."""
    repository: OneLine | None = None
    """An environment repository instead: a small file on the branch `+state`, under `branchPrefix`."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        exactly_one(self, "url", "url_env", "url_file", "repository")
        return self

    @property
    def meaning(self) -> AnyDatabase:
        """Where it is opened."""
        if self.repository is not None:
            return StateBranch(self.repository)
        return PostgresDatabase(Secret(self.url) if self.url else first_of(self.url_env, self.url_file))


def _token(keys: ApiCredentials | Credentials) -> TokenCredentials:
    token = first_of(keys.token_env, keys.token_file)
    return TokenCredentials(token, keys.username) if keys.username else TokenCredentials(token)


def first_of(*sources: SecretSource | None) -> SecretSource:
    """The one that is written; another is known to be."""
    return next(source for source in sources if source is not None)


def exactly_one(model: Model, *names: str) -> None:
    """Raise `ValueError` unless one of these fields is filled in."""
    if sum(getattr(model, name) is not None for name in names) != 1:
        *keys, last = [alias for alias, name in model.known_keys().items() if name in names]
        raise ValueError(f"write exactly one of {', '.join(keys)} and {last}")
