"""imagebot.yaml as its author sees it: names of files and variables, never a secret, never a resolved path."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from imagebot import gitnames
from imagebot.documents.duration import Duration
from imagebot.documents.model import TEXT_SCHEMA, WHOLE, Flag, Misplaced, Model, reads
from imagebot.gitnames import GitUrl
from imagebot.knownforges import FACTS, ForgeKind, api_of, kind_of
from imagebot.policy.defaults import Defaults
from imagebot.settings import grammar as words
from imagebot.settings.policies import AnyPolicies, FilePath, check_once

DEFAULT_EVERY = timedelta(minutes=5)
_FROM_ELSEWHERE = "secrets come from files or the environment: {0}File or {0}Env"
_STRING = WithJsonSchema({"type": "string"})
_TEXT = WithJsonSchema(TEXT_SCHEMA)
Variable = Annotated[str, AfterValidator(words.variable)]
Every = Annotated[Duration, AfterValidator(words.not_too_often), Field(json_schema_extra={"default": "5m"})]
Host = Annotated[str, AfterValidator(words.known_host)]
OneLine = Annotated[str, AfterValidator(words.one_line), _TEXT]


class Limits(Model):
    """How much the bot may do at once."""

    open_pull_requests: Annotated[int, Field(ge=0, le=10_000), WHOLE] | None = None
    """How many pull requests of the bot may be open at once; 0 opens none."""
    opened_per_hour: Annotated[int, Field(ge=1, le=10_000), WHOLE] | None = None
    """How many new ones the bot may open in an hour, so that not all reviewers are called at once."""


class Pace(Model):
    """How fast a forge is written to. Its limits count all that the bot's account does, in all repositories."""

    writes_per_minute: Annotated[int, Field(ge=1, le=6_000), WHOLE] | None = None
    """How many changes it is asked for in a minute at most, evenly apart. Default: 60 on hosts that everybody knows;
    600 on a forge of one's own."""
    writes_per_hour: Annotated[int, Field(ge=1, le=1_000_000), WHOLE] | None = None
    """How many in an hour; what is more waits. Default: 400 on github.com; elsewhere no limit."""


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
        _exactly_one(self, "ssh_key_file", "gpg_key_file")
        return self


class Author(Model):
    """Who the bot's commits are by. The default address is one that RFC 2606 keeps from ever being somebody's."""

    name: OneLine = "imagebot"
    """The name in the commits."""
    email: Annotated[str, AfterValidator(words.address)] = "imagebot@noreply.invalid"
    """The mail address in the commits. A forge takes a signature for good if this is an address of the key's owner."""
    sign_off: Flag = False
    """Whether messages end with `Signed-off-by: NAME <EMAIL>`, which stands for the Developer Certificate of Origin."""
    signing: Signing | None = None
    """The key that commits are signed with. Without it they are not signed."""


class Log(Model):
    """What is logged on standard error, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important kind of event that is logged."""
    format: Literal["auto", "json", "text"] = "auto"
    """`auto`: text for people on a terminal, JSON lines elsewhere."""


class App(Model):
    """A GitHub App's installation."""

    id: OneLine
    """The App's ID or client ID."""
    installation: Annotated[int, Field(ge=1), WHOLE]
    """The ID of its installation in the organisation."""
    key_file: FilePath
    """The file with the App's private key (PEM)."""


class ApiCredentials(Model):
    """How the forge's API knows the bot: by a token or as an App."""

    confidential: ClassVar[bool] = True
    hints: ClassVar[dict[str, str]] = {"token": _FROM_ELSEWHERE.format("token")}

    username: OneLine | None = None
    """Whose the token is, where that must be said: on Bitbucket Cloud the address of whoever owns an API token."""
    token_env: Variable | None = None
    """The environment variable with the token."""
    token_file: FilePath | None = None
    """The file with the token; read again at each use."""
    app: App | None = None
    """A GitHub App instead of a token."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        _exactly_one(self, "token_file", "token_env", "app")
        if self.username is not None and self.app is not None:
            raise Misplaced(("username",), "a username goes with a token only")
        return self


class Credentials(Model):
    """How git, and the forge's API with it, knows the bot: by a token, by an ssh key or as an App."""

    confidential: ClassVar[bool] = True
    hints: ClassVar[dict[str, str]] = {
        "token": _FROM_ELSEWHERE.format("token"),
        "password": "a password counts as a token: tokenFile or tokenEnv, with username",
        "sshKey": "write the name of its file: sshKeyFile",
    }

    username: OneLine | None = None
    """The user name that goes with the token, if the forge wants a certain one. Default: `x-access-token`."""
    token_env: Variable | None = None
    """The environment variable with the token."""
    token_file: FilePath | None = None
    """The file with the token; read again at each use."""
    ssh_key_file: FilePath | None = None
    """The file with the private key for git over ssh."""
    known_hosts_file: FilePath | None = None
    """The file with the host keys to trust, as `ssh-keyscan` prints them. Needed with `sshKeyFile`."""
    app: App | None = None
    """A GitHub App instead of a token."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        _exactly_one(self, "token_file", "token_env", "ssh_key_file", "app")
        if (self.ssh_key_file is None) != (self.known_hosts_file is None):
            raise ValueError("sshKeyFile and knownHostsFile belong together: else anyone could pose as the host")
        if self.username is not None and self.token_file is None and self.token_env is None:
            raise Misplaced(("username",), "a username goes with a token only")
        return self


class Repository(Model):
    """One environment repository at one branch."""

    url: Annotated[GitUrl, reads(GitUrl, GitUrl.parse), _STRING]
    """Where it is: `https://…`, `ssh://…`, `git@host:path`, or a path. Without user and password."""
    branch: Annotated[str, AfterValidator(gitnames.branch_name), _TEXT] = "main"
    """The branch that is deployed, and that pull requests go to."""
    forge: ForgeKind | None = None
    """Where pull requests live; `gitea` is Forgejo as well. Default: by the host, where everybody knows it, and `local`
    for a path."""
    api_url: Annotated[str, AfterValidator(words.api_url)] | None = None
    """The forge's API. Default: that of a host that everybody knows; elsewhere where the forge has it on its own, as
    `https://HOST/api/v3` for GitHub Enterprise."""
    ca_file: FilePath | None = None
    """The file with the certificates (PEM) that git and the forge's API must be signed by. Default: the public ones."""
    credentials: Credentials | None = None
    """How git and the forge know the bot."""
    api_credentials: ApiCredentials | None = None
    """How the forge's API knows the bot where git uses an ssh key."""
    limits: Limits = Limits()
    """Limits for this repository; those of the whole file hold as well."""
    pace: Pace = Pace()
    """How fast the forge is written to."""
    verified_commits: Flag = False
    """Whether GitHub makes the bot's commits itself and signs them, so that they show as verified. Needs an App: it
    signs for nobody else. The commits are then by the App, whatever `author` says."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        kind = self.forge_kind
        if kind is None:
            raise Misplaced(("url",), f"which forge this is cannot be told from the URL; write forge: {_one_of(FACTS)}")
        if kind == "local" and self.url.scheme != "local":
            raise Misplaced(("forge",), "the local forge is for a repository that is a path")
        if kind != "local" and self.url.scheme == "local" and self.api_url is None:
            raise Misplaced(("forge",), f"{FACTS[kind].name} for a repository that is a path needs apiUrl")
        self._check_credentials(kind)
        if self.verified_commits and not (FACTS[kind].takes_apps and self._is_app):
            raise Misplaced(("verified_commits",), "only GitHub makes signed commits, and only for an App: write `app`")
        return self

    @property
    def _is_app(self) -> bool:
        return any(given is not None and given.app is not None for given in (self.credentials, self.api_credentials))

    def _check_credentials(self, kind: ForgeKind) -> None:
        given = self.credentials
        if not FACTS[kind].takes_apps and self.api_credentials is not None and self.api_credentials.app is not None:
            raise Misplaced(("apiCredentials",), "an App is GitHub's; give a token")
        if given is None:
            return
        ssh = given.ssh_key_file is not None
        if not FACTS[kind].takes_apps and given.app is not None:
            raise Misplaced(("credentials",), "an App is GitHub's; give a token")
        if self.url.scheme == "ssh" and not ssh:
            raise Misplaced(("credentials",), "git over ssh wants sshKeyFile; the token goes under apiCredentials")
        _check_key(self.url, given)
        if ssh and kind != "local" and self.api_credentials is None:
            way = "a token or an App" if FACTS[kind].takes_apps else "a token"
            raise Misplaced(
                ("credentials",), f"{FACTS[kind].name}'s API takes no ssh key; give {way} in apiCredentials"
            )

    @property
    def forge_kind(self) -> ForgeKind | None:
        """The forge, named or guessed."""
        return self.forge or kind_of(self.url)

    @property
    def forge_api(self) -> str:
        """The forge's API, named or guessed; empty for the local forge."""
        kind = self.forge_kind
        if self.api_url is not None or kind is None or kind == "local":
            return self.api_url or ""
        return api_of(self.url, kind)


class Source(Model):
    """A source repository, which is only read: its history orders images by commit."""

    url: Annotated[GitUrl, reads(GitUrl, GitUrl.parse), _STRING]
    """Where it is: `https://…`, `ssh://…`, `git@host:path`, or a path. Without user and password."""
    branch: Annotated[str, AfterValidator(gitnames.branch_name), _TEXT] = "main"
    """The branch whose commits are built, unless a policy names another."""
    credentials: Credentials | None = None
    """How git knows the bot. It needs to read only."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.url.scheme == "ssh" and (self.credentials is None or self.credentials.ssh_key_file is None):
            raise Misplaced(("credentials",), "git over ssh wants sshKeyFile")
        if self.credentials is not None:
            _check_key(self.url, self.credentials)
            if self.url.scheme == "local":
                raise Misplaced(("credentials",), "a path needs no credentials")
        return self


def _check_key(url: GitUrl, credentials: Credentials) -> None:
    if credentials.ssh_key_file is not None and url.scheme != "ssh":
        raise Misplaced(("credentials",), "an ssh key does not open this URL; write ssh://… or git@host:path")


class RegistryCredentials(Model):
    """How a registry knows the bot: by user name and password, or by a token."""

    confidential: ClassVar[bool] = True
    hints: ClassVar[dict[str, str]] = {
        "password": _FROM_ELSEWHERE.format("password"),
        "token": _FROM_ELSEWHERE.format("token"),
    }

    username: OneLine | None = None
    """The user name."""
    username_env: Variable | None = None
    """The environment variable with the user name."""
    username_file: FilePath | None = None
    """The file with the user name."""
    password_env: Variable | None = None
    """The environment variable with the password."""
    password_file: FilePath | None = None
    """The file with the password; read again at each use."""
    token_env: Variable | None = None
    """The environment variable with a bearer token, instead of user name and password."""
    token_file: FilePath | None = None
    """The file with a bearer token; read again at each use."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        others = ("username", "username_env", "username_file", "password_env", "password_file")
        if self.token_env is not None or self.token_file is not None:
            _exactly_one(self, "token_env", "token_file")
            if any(getattr(self, name) is not None for name in others):
                raise ValueError("a token goes without user name and password")
            return self
        _exactly_one(self, "password_file", "password_env")
        _exactly_one(self, "username", "username_env", "username_file")
        return self


class Registry(Model):
    """What is special about one registry host."""

    plain_http: Flag = False
    """Whether it speaks http without TLS."""
    credentials: RegistryCredentials | None = None
    """How it knows the bot. Without it: as the Docker configuration says, or anonymously."""
    auth_hosts: tuple[Annotated[str, AfterValidator(words.auth_host)], ...] = ()
    """Hosts besides the registry that may be asked for tokens, and so may see its credentials."""
    ca_file: FilePath | None = None
    """The file with the certificates (PEM) that its own must be signed by."""


class Database(Model):
    """Where the bot keeps what must outlive a pass: when it first saw a digest, and what people hold."""

    confidential: ClassVar[bool] = True
    hints: ClassVar[dict[str, str]] = {
        "password": "a password stands in the URL, and that in a file: urlFile or urlEnv"
    }

    url: Annotated[str, AfterValidator(words.database_url)] | None = None
    """A PostgreSQL database, as `postgresql://USER@HOST/NAME`, without a password; install `imagebot[postgresql]`."""
    url_env: Variable | None = None
    """The environment variable with the URL of a PostgreSQL database; it may hold a password."""
    url_file: FilePath | None = None
    """The file with such a URL; read again at each start."""
    repository: OneLine | None = None
    """An environment repository instead: a small file on the branch `+state`, under `branchPrefix`."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        _exactly_one(self, "url", "url_env", "url_file", "repository")
        return self


class SettingsFile(Model):
    """All of imagebot.yaml. Relative paths begin at its folder."""

    policies: Annotated[tuple[AnyPolicies, ...], Field(min_length=1)]
    """Folders of policy files, or single ones. In folders: `*.yaml` and `*.yml`, folders in them too. With a fence:
    `{from: …, may: …}`."""
    repositories: Annotated[dict[OneLine, Repository], Field(min_length=1)]
    """The environment repositories, by the names that policy files use."""
    sources: dict[OneLine, Source] = Field(default={})
    """The repositories that images are built from, by the names that policy files use under `commit`."""
    defaults: Defaults | None = None
    """What policies need not repeat; `_defaults.yaml` in a folder of policies goes before it."""
    state: FilePath = Path(".imagebot")
    """The folder for what the bot keeps: mirrors of repositories, what their files hold, its lock, and its database
    `state.db`."""
    database: Database | None = None
    """Another place for what `state.db` holds: when a digest was first seen, holds made by hand, caches."""
    every: Every = DEFAULT_EVERY
    """How often `run` does a pass: a duration such as `90s`, `5m`, `1h`; at least 10s."""
    branch_prefix: Annotated[str, AfterValidator(gitnames.branch_prefix)] = "imagebot/"
    """What the bot's branches begin with. It never touches a branch that begins otherwise."""
    author: Author = Author()
    """Who the bot's commits are by."""
    registries: dict[Host, Registry] = Field(default={})
    """What is special about registries, by host and port. A registry that is not here is asked over https."""
    docker_config: FilePath | None = None
    """A Docker `config.json` with credentials. Default: the one in the folder `$DOCKER_CONFIG`, if that is set."""
    limits: Limits = Limits()
    """Limits over all repositories. What is not written here is `openPullRequests: 10` and `openedPerHour: 20`."""
    log: Log = Log()
    """What is logged, and how."""

    @model_validator(mode="after")
    def _known_repository(self) -> Self:
        name = None if self.database is None else self.database.repository
        if name is not None and name not in self.repositories:
            known = ", ".join(sorted(self.repositories))
            raise Misplaced(("database", "repository"), f"{name!r} is not among `repositories`, which has {known}")
        return self

    @model_validator(mode="after")
    def _policies_once(self) -> Self:
        check_once(self.policies)
        return self

    @model_validator(mode="after")
    def _registries_once(self) -> Self:
        seen: dict[str, str] = {}
        for host in self.registries:
            other = seen.setdefault(words.registry_host(host), host)
            if other != host:
                raise Misplaced(("registries", host), f"this is the same registry as {other}; write one of them")
        return self


def _one_of(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}"


def _exactly_one(model: Model, *names: str) -> None:
    """Raise `ValueError` unless one of these fields is filled in."""
    if sum(getattr(model, name) is not None for name in names) != 1:
        *keys, last = [alias for alias, name in model.known_keys().items() if name in names]
        raise ValueError(f"write exactly one of {', '.join(keys)} and {last}")
