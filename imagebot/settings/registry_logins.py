"""How the bot is known to registries: by user name and password, a token, a program that keeps them, or a cloud.

One registry may know it by several names, each for the images below a path. What imagebot.yaml does not say may stand
in files of Docker's or Kubernetes'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator
from pydantic_core.core_schema import ValidationInfo

from imagebot.documents.duration import Duration
from imagebot.documents.model import STRING, TEXT_SCHEMA, Misplaced, Model, reads
from imagebot.links import is_folder
from imagebot.secret import SecretSource
from imagebot.settings import grammar
from imagebot.settings.clouds import CLOUDS, CloudName, cloud_of
from imagebot.settings.credentials import FROM_ELSEWHERE, InFile, InVariable, OneLine, exactly_one, first_of
from imagebot.settings.paths import FilePath, Surroundings

_LONGEST_WAIT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class BasicCredentials:
    """A registry's user name and password, for the images below `path`; all, if that is empty."""

    username: SecretSource | str
    password: SecretSource
    path: str = ""


@dataclass(frozen=True, slots=True)
class BearerCredentials:
    """A registry's ready-made bearer token, for the images below `path`."""

    token: SecretSource
    path: str = ""


@dataclass(frozen=True, slots=True)
class HelperCredentials:
    """What the credential helper of this name says, for the images below `path`."""

    helper: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class CloudCredentials:
    """What a cloud hands out to whom it knows, for the images below `path`."""

    cloud: CloudName
    path: str = ""


RegistryLogin = BasicCredentials | BearerCredentials | HelperCredentials | CloudCredentials


class RegistryCredentials(Model):
    """How a registry knows the bot: by user name and password, by a token, by what a program says, or by the cloud that
    it runs in.
    """

    confidential: ClassVar[bool] = True
    hints: ClassVar[dict[str, str]] = {
        "password": FROM_ELSEWHERE.format("password"),
        "token": FROM_ELSEWHERE.format("token"),
    }

    path: Annotated[str, AfterValidator(grammar.repository_path), WithJsonSchema(TEXT_SCHEMA)] = ""
    """For which images of the registry: those below this path, as `acme/team-a`; the longest that fits counts.
    Default: all."""
    username: OneLine | None = None
    """The user name."""
    username_env: InVariable | None = None
    """The environment variable with the user name."""
    username_file: InFile | None = None
    """The file with the user name."""
    password_env: InVariable | None = None
    """The environment variable with the password."""
    password_file: InFile | None = None
    """The file with the password; read again at each use."""
    token_env: InVariable | None = None
    """The environment variable with a bearer token, instead of user name and password."""
    token_file: InFile | None = None
    """The file with a bearer token; read again at each use."""
    helper: OneLine | None = None
    """The credential helper that is asked, one of `credentialHelpers`."""
    identity: CloudName | None = None
    """The cloud whose identity of the bot counts, without a password: `aws` for ECR, `gcp` for Artifact Registry and
    gcr.io, `azure` for ACR. Install `imagebot[aws]`, `imagebot[gcp]` or `imagebot[azure]`."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        whole = ("token_env", "token_file", "helper", "identity")
        others = ("username", "username_env", "username_file", "password_env", "password_file")
        if any(getattr(self, name) is not None for name in whole):
            exactly_one(self, *whole)
            if any(getattr(self, name) is not None for name in others):
                raise ValueError("a token, a helper or an identity goes without user name and password")
            return self
        exactly_one(self, "password_file", "password_env")
        exactly_one(self, "username", "username_env", "username_file")
        return self

    @property
    def meaning(self) -> RegistryLogin:
        """What the registry, or who hands out its tokens, is told."""
        if self.identity is not None:
            return CloudCredentials(self.identity, self.path)
        if self.helper is not None:
            return HelperCredentials(self.helper, self.path)
        if self.token_env is not None or self.token_file is not None:
            return BearerCredentials(first_of(self.token_env, self.token_file), self.path)
        username = self.username or first_of(self.username_env, self.username_file)
        return BasicCredentials(username, first_of(self.password_env, self.password_file), self.path)


@dataclass(frozen=True, slots=True)
class PassedVariable:
    """A variable that a program is handed: its value where the environment was looked into and has one."""

    name: str
    value: str | None = field(default=None, repr=False)


def _passed(variable: PassedVariable, info: ValidationInfo) -> PassedVariable:
    if not isinstance(info.context, Surroundings) or info.context.environ is None:
        return variable
    return PassedVariable(variable.name, info.context.environ.get(variable.name))


AnyVariable = Annotated[
    PassedVariable,
    reads(PassedVariable, lambda text: PassedVariable(grammar.variable(text))),
    AfterValidator(_passed),
    STRING,
]


def _not_too_long(span: timedelta) -> timedelta:
    if not timedelta(0) < span <= _LONGEST_WAIT:
        raise ValueError("write a time from 1s to 60s")
    return span


class CredentialHelper(Model):
    """A program that keeps credentials, as Docker knows them: `docker-credential-NAME`. It is run with `get`."""

    program: FilePath
    """Where it is: an absolute path. Nobody but its owner may be able to write to it, or to its folder."""
    timeout: Annotated[Duration, AfterValidator(_not_too_long)] = timedelta(seconds=10)
    """How long it may take, at most 60s; what it started is ended with it. Default: `10s`."""
    variables: Annotated[tuple[AnyVariable, ...], Field(validate_default=True)] = (PassedVariable("HOME"),)
    """The environment variables that it is handed, if they are set; besides these it has a `PATH` of the system's own
    and nothing. Default: `HOME`."""

    @model_validator(mode="after")
    def _whole_path(self) -> Self:
        if not self.program.expanduser().is_absolute():
            raise Misplaced(("program",), "write the whole path, from the root on")
        return self


@dataclass(frozen=True, slots=True)
class CredentialSources:
    """Where credentials come from besides those of one registry: files of Docker's or Kubernetes', programs, clouds.

    `identities` are shown to all registries of these clouds. `google_file` is what `GOOGLE_APPLICATION_CREDENTIALS`
    names.
    """

    docker_configs: tuple[Path, ...] = ()
    helpers: Mapping[str, CredentialHelper] = field(default_factory=dict)
    identities: frozenset[CloudName] = frozenset()
    google_file: Path | None = None


NO_SOURCES = CredentialSources()


def pull_secret(named: Path) -> Path:
    """The file that `dockerConfig` means: one in a folder has the name that Kubernetes or Docker gave it."""
    if not is_folder(named):
        return named
    found = (file for file in (named / ".dockerconfigjson", named / "config.json") if file.exists())
    return next(found, named / ".dockerconfigjson")


def check_logins(
    host: str, logins: Iterable[RegistryLogin], helpers: Mapping[str, CredentialHelper], *, plain: bool
) -> None:
    """Raise `Misplaced` where a registry cannot have these, or a path has two. `plain`: it speaks http without TLS."""
    paths: set[str] = set()
    registry = grammar.registry_host(host)
    for index, login in enumerate(logins):
        place = ("registries", host, "credentials", index)
        if login.path in paths:
            what = f"the path {login.path} has" if login.path else "all images without a path of their own have"
            raise Misplaced(place, f"{what} credentials already: write a path for others")
        paths.add(login.path)
        if login.path.partition("/")[0] == registry:
            raise Misplaced((*place, "path"), "a path comes after the registry's host, which is not repeated here")
        match login:
            case CloudCredentials(cloud) if cloud_of(registry) != cloud:
                facts = CLOUDS[cloud]
                raise Misplaced(
                    (*place, "identity"), f"{host} is none of {facts.name}'s registries, which are {facts.registries}"
                )
            case CloudCredentials(cloud) if plain:
                words = f"what {CLOUDS[cloud].name} hands out is not sent without TLS; leave plainHttp away"
                raise Misplaced((*place, "identity"), words)
            case HelperCredentials(name) if name not in helpers:
                known = ", ".join(sorted(helpers)) or "nothing"
                raise Misplaced((*place, "helper"), f"{name!r} is not among credentialHelpers, which has {known}")
