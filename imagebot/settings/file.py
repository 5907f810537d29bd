"""The keys of imagebot.yaml, each in one place. Rooms use these models: read with `Surroundings`, paths are whole and
secrets at hand; without, a path is what its author sees, and a variable is its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from imagebot import gitnames
from imagebot.documents.duration import Duration
from imagebot.documents.model import ONE_OR_SEVERAL, TEXT_SCHEMA, WHOLE, FilledBy, Flag, Misplaced, Model
from imagebot.gitnames import GitUrl
from imagebot.knownforges import EVERYBODYS_WRITES_PER_MINUTE, FACTS, ForgeKind, SourceForgeKind, api_of, kind_of
from imagebot.policy.defaults import Defaults
from imagebot.policy.freezes import AnyFreezeOfAll
from imagebot.policy.required import RequirementOfAll
from imagebot.settings import grammar as words
from imagebot.settings.clouds import CloudName
from imagebot.settings.credentials import (
    AnyDatabase,
    ApiCredentials,
    Credentials,
    Database,
    GitCredentials,
    GitHubApp,
    OneLine,
    Signing,
    SigningKey,
    SshKey,
    StateBranch,
    TokenCredentials,
)
from imagebot.settings.paths import FilePath, RepositoryUrl
from imagebot.settings.policies import AnyPolicies, check_known, check_once
from imagebot.settings.registries import RegistrySettings
from imagebot.settings.registry_logins import (
    CredentialHelper,
    check_logins,
)
from imagebot.settings.trust import Trust, check_known_keys
from imagebot.settings.ways import AnyProxy, Reached
from imagebot.settings.webhooks import Webhooks

DEFAULT_EVERY = timedelta(minutes=5)
_TEXT = WithJsonSchema(TEXT_SCHEMA)
Every = Annotated[Duration, AfterValidator(words.not_too_often), Field(json_schema_extra={"default": "5m"})]
Branch = Annotated[str, AfterValidator(gitnames.branch_name), _TEXT]
Host = Annotated[str, AfterValidator(words.known_host)]
SOURCE_FORGES: tuple[SourceForgeKind, ...] = get_args(SourceForgeKind)


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

    @property
    def apart_s(self) -> float:
        """From the end of a write to the beginning of the next, in seconds."""
        return 60.0 / (self.writes_per_minute or EVERYBODYS_WRITES_PER_MINUTE)


class Author(Model):
    """Who the bot's commits are by. The default address is one that RFC 2606 keeps from ever being somebody's."""

    name: OneLine = "imagebot"
    """The name in the commits."""
    email: Annotated[str, AfterValidator(words.address)] = "imagebot@noreply.invalid"
    """The mail address in the commits. A forge takes a signature for good if this is an address of the key's owner."""
    sign_off: Flag = False
    """Whether messages end with `Signed-off-by: NAME <EMAIL>`, which stands for the Developer Certificate of Origin."""
    signing: Annotated[SigningKey, FilledBy(Signing)] | None = None
    """The key that commits are signed with. Without it they are not signed."""

    @property
    def signed_off(self) -> str | None:
        """Who signs messages off, as `Name <address>`; None: nobody does."""
        return f"{self.name} <{self.email}>" if self.sign_off else None


class Log(Model):
    """What is logged on standard error, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important kind of event that is logged."""
    format: Literal["auto", "json", "text"] = "auto"
    """`auto`: text for people on a terminal, JSON lines elsewhere."""


class Metrics(Model):
    """Metrics and health of `imagebot run`, over http to whoever reaches the port. No tags, URLs or secrets are in
    them.
    """

    listen: Annotated[str, AfterValidator(words.listen_address)]
    """Where they are served: `:9090` for all addresses of the machine, `127.0.0.1:9090` or `[::1]:9090` for one."""


class Source(Reached):
    """A source repository, which is only read: its history orders images by commit."""

    url: RepositoryUrl
    """Where it is: `https://…`, `ssh://…`, `git@host:path`, or a path. Without user and password."""
    branch: Branch = "main"
    """The branch whose commits are built, unless a policy names another."""
    credentials: Annotated[GitCredentials, FilledBy(Credentials)] | None = None
    """How git knows the bot. It needs to read only."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        url = self.address
        if url.scheme == "ssh" and not isinstance(self.credentials, SshKey):
            raise Misplaced(("credentials",), "git over ssh wants sshKeyFile")
        if self.credentials is not None:
            _check_key(url, self.credentials)
            if url.scheme == "local":
                raise Misplaced(("credentials",), "a path needs no credentials")
        return self

    @property
    def address(self) -> GitUrl:
        """What can be told from the URL."""
        # A path that begins at the root is one, whatever else is in it.
        return GitUrl(self.url, "local") if self.url.startswith("/") else GitUrl.parse(self.url)


class Repository(Source):
    """One environment repository at one branch."""

    branch: Branch = "main"
    """The branch that is deployed, and that pull requests go to."""
    forge: ForgeKind | None = None
    """Where pull requests live; `gitea` is Forgejo as well. Default: by the host, where everybody knows it, and `local`
    for a path."""
    api_url: Annotated[str, AfterValidator(words.api_url)] | None = None
    """The forge's API. Default: that of a host that everybody knows; elsewhere where the forge has it on its own, as
    `https://HOST/api/v3` for GitHub Enterprise."""
    api_proxy: AnyProxy | None = None
    """The proxy of the forge's API, where that is another than git's; `none` for no proxy."""
    credentials: Annotated[GitCredentials, FilledBy(Credentials)] | None = None
    """How git and the forge know the bot."""
    api_credentials: Annotated[TokenCredentials | GitHubApp, FilledBy(ApiCredentials)] | None = None
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
        if kind == "local" and self.address.scheme != "local":
            raise Misplaced(("forge",), "the local forge is for a repository that is a path")
        if kind != "local" and self.address.scheme == "local" and self.api_url is None:
            raise Misplaced(("forge",), f"{FACTS[kind].name} for a repository that is a path needs apiUrl")
        self._check_credentials(kind)
        if self.verified_commits and not (FACTS[kind].takes_apps and self._is_app):
            raise Misplaced(("verified_commits",), "only GitHub makes signed commits, and only for an App: write `app`")
        return self

    @property
    def _is_app(self) -> bool:
        return any(isinstance(given, GitHubApp) for given in (self.credentials, self.api_credentials))

    def _check_credentials(self, kind: ForgeKind) -> None:
        given = self.credentials
        if not FACTS[kind].takes_apps and isinstance(self.api_credentials, GitHubApp):
            raise Misplaced(("apiCredentials",), "an App is GitHub's; give a token")
        if given is None:
            return
        ssh = isinstance(given, SshKey)
        if not FACTS[kind].takes_apps and isinstance(given, GitHubApp):
            raise Misplaced(("credentials",), "an App is GitHub's; give a token")
        if self.address.scheme == "ssh" and not ssh:
            raise Misplaced(("credentials",), "git over ssh wants sshKeyFile; the token goes under apiCredentials")
        _check_key(self.address, given)
        if ssh and kind != "local" and self.api_credentials is None:
            way = "a token or an App" if FACTS[kind].takes_apps else "a token"
            raise Misplaced(
                ("credentials",), f"{FACTS[kind].name}'s API takes no ssh key; give {way} in apiCredentials"
            )

    @property
    def forge_kind(self) -> ForgeKind | None:
        """The forge, named or guessed."""
        return self.forge or kind_of(self.address)

    @property
    def forge_api(self) -> str:
        """The forge's API, named or guessed; empty for the local forge."""
        kind = self.forge_kind
        if self.api_url is not None or kind is None or kind == "local":
            return self.api_url or ""
        return api_of(self.address, kind)


def _check_key(url: GitUrl, credentials: GitCredentials) -> None:
    if isinstance(credentials, SshKey) and url.scheme != "ssh":
        raise Misplaced(("credentials",), "an ssh key does not open this URL; write ssh://… or git@host:path")


class SourceForgeKeys(Reached):
    """A forge that is asked what changed between two images."""

    forge: SourceForgeKind | None = None
    """Which it is; `gitea` is Forgejo as well. Default: by the host, where everybody knows it."""
    api_url: Annotated[str, AfterValidator(words.api_url)] | None = None
    """Its API. Default: that of a host that everybody knows; elsewhere where the forge has it on its own."""
    credentials: Annotated[TokenCredentials | GitHubApp, FilledBy(ApiCredentials)] | None = None
    """How it knows the bot, which needs to read only. What these may read may come to stand in pull requests. Default:
    not at all, which public repositories allow; GitHub answers then 60 times in an hour."""
    owners: tuple[OneLine, ...] = ()
    """Whose repositories are asked about, such as `acme`, or `acme/teams`. Default: everybody's."""


class SettingsFile(Model):
    """All of imagebot.yaml. Relative paths begin at its folder."""

    policies: Annotated[tuple[AnyPolicies, ...], Field(min_length=1)]
    """Folders of policy files, or single ones. In folders: `*.yaml` and `*.yml`, folders in them too. With a fence:
    `{from: …, may: …}`. In git: `{repository: NAME, path: policies/}`, as they are at the tip of its branch."""
    repositories: Annotated[Mapping[OneLine, Repository], Field(min_length=1)]
    """The environment repositories, by the names that policy files use."""
    sources: Mapping[OneLine, Source] = Field(default={})
    """The repositories that images are built from, by the names that policy files use under `commit`."""
    defaults: Defaults | None = None
    """What policies need not repeat; `_defaults.yaml` in a folder of policies goes before it."""
    state: Annotated[FilePath, Field(validate_default=True)] = Path(".imagebot")
    """The folder for what the bot keeps: mirrors of repositories, what their files hold, its lock, and its database
    `state.db`."""
    database: Annotated[AnyDatabase, FilledBy(Database)] | None = None
    """Another place for what `state.db` holds: when a digest was first seen, holds made by hand, caches."""
    every: Every = DEFAULT_EVERY
    """How often `run` does a pass: a duration such as `90s`, `5m`, `1h`; at least 10s."""
    branch_prefix: Annotated[str, AfterValidator(gitnames.branch_prefix)] = "imagebot/"
    """What the bot's branches begin with. It never touches a branch that begins otherwise."""
    author: Author = Author()
    """Who the bot's commits are by."""
    registries: Mapping[Host, RegistrySettings] = Field(default={})
    """What is special about registries, by host and port. A registry that is not here is asked over https."""
    only_listed_registries: Flag = False
    """Whether the registries under `registries` are the only ones that are asked. A policy with an image from another
    is an error."""
    release_notes: Mapping[Host, SourceForgeKeys] = Field(default={})
    """The forges, by host, that are asked what changed between two images: commits and release notes, for the pull
    request. No other is, whatever an image says of its source."""
    proxy: AnyProxy | None = None
    """The proxy that all is reached by which has none of its own; `none` for no proxy. Default: what `HTTPS_PROXY`,
    `HTTP_PROXY` and `NO_PROXY` say."""
    ca_file: FilePath | None = None
    """The file with the certificates (PEM) that those of all hosts must be signed by which have no `caFile` of their
    own. Default: what `SSL_CERT_FILE` names, else the public ones."""
    docker_config: Annotated[tuple[FilePath, ...], ONE_OR_SEVERAL] = ()
    """Docker's `config.json` with credentials, a pull secret of Kubernetes, or a folder with one of them; read again
    when it changes. Of several the longest path counts, then the first. Default: the one in the folder
    `$DOCKER_CONFIG`, if that is set."""
    credential_helpers: Mapping[Annotated[str, AfterValidator(words.helper_name)], CredentialHelper] = Field(default={})
    """The programs that may be asked for credentials, by the names that Docker's `config.json` has for them (those of
    `docker-credential-ecr-login` is `ecr-login`). No other is run."""
    identities: tuple[CloudName, ...] = ()
    """The clouds that know the bot without a password: it is known to all of their registries that have no
    `credentials` of their own."""
    freezes: tuple[AnyFreezeOfAll, ...] = ()
    """When nothing changes, whatever policies say: hours written as in `windows` of a policy, or days,
    `{from: …, to: …, environments: …}`. What is open stays open, and as it is."""
    limits: Limits = Limits()
    """Limits over all repositories. What is not written here is `openPullRequests: 10` and `openedPerHour: 20`."""
    log: Log = Log()
    """What is logged, and how."""
    metrics: Metrics | None = None
    """Where `run` serves `/metrics` for Prometheus, and `/livez` and `/readyz` for probes. Default: nowhere."""
    webhooks: Webhooks | None = None
    """Where `run` is called by registries and forges, so that it looks sooner. Default: nowhere."""
    trust: Trust = Trust()
    """What signatures are held against."""
    verify: tuple[RequirementOfAll, ...] = ()
    """What images must be signed with, whatever policies say: a policy adds to it and takes nothing away."""

    @model_validator(mode="after")
    def _ports_apart(self) -> Self:
        ports = [one.listen for one in (self.metrics, self.webhooks) if one is not None]
        if len(ports) > len(set(ports)) and not ports[0].endswith(":0"):
            raise Misplaced(("webhooks", "listen"), "metrics are served there: webhooks have a port of their own")
        return self

    @model_validator(mode="after")
    def _known_keys(self) -> Self:
        check_known_keys(self.verify, self.trust)
        return self

    @model_validator(mode="after")
    def _known_repository(self) -> Self:
        there = self.database
        if isinstance(there, StateBranch) and there.repository not in self.repositories:
            known, name = ", ".join(sorted(self.repositories)), there.repository
            raise Misplaced(("database", "repository"), f"{name!r} is not among `repositories`, which has {known}")
        return self

    @model_validator(mode="after")
    def _known_source_forges(self) -> Self:
        for host, keys in self.release_notes.items():
            kind, _ = source_forge_of(words.registry_host(host), keys)
            if isinstance(keys.credentials, GitHubApp) and not FACTS[kind].takes_apps:
                raise Misplaced(("releaseNotes", host, "credentials"), "an App is GitHub's; give a token")
        return self

    @model_validator(mode="after")
    def _policies_once(self) -> Self:
        check_once(self.policies)
        check_known(self.policies, {*self.repositories, *self.sources})
        return self

    @model_validator(mode="after")
    def _copies_of_others(self) -> Self:
        for host, keys in self.registries.items():
            canonical = words.registry_host(host)
            if keys.mirrored is not None and keys.mirrored.url.registry == canonical:
                raise Misplaced(("registries", host, "mirror"), f"{host} is no mirror of itself")
            if any(prefix.registry == canonical for prefix in keys.upstreams.values()):
                raise Misplaced(("registries", host, "pullThrough"), f"{host} is no cache of itself")
        return self

    @model_validator(mode="after")
    def _logins_fit(self) -> Self:
        for host, registry in self.registries.items():
            check_logins(host, registry.credentials, self.credential_helpers, plain=registry.plain_http)
        return self

    @model_validator(mode="after")
    def _registries_once(self) -> Self:
        seen: dict[str, str] = {}
        for host in self.registries:
            other = seen.setdefault(words.registry_host(host), host)
            if other != host:
                raise Misplaced(("registries", host), f"this is the same registry as {other}; write one of them")
        return self


def source_forge_of(host: str, keys: SourceForgeKeys) -> tuple[SourceForgeKind, str]:
    """Which forge is at this host, and the URL of its API. Raises `Misplaced`."""
    url = GitUrl(f"https://{host}/", "https", host)
    known = keys.forge or kind_of(url)
    kind = next((one for one in SOURCE_FORGES if one == known), None)
    if kind is None:
        told = (
            f"nobody can tell which forge {host} is" if known is None else f"{FACTS[known].name} has no release notes"
        )
        raise Misplaced(("releaseNotes", host), f"{told}; write forge: {_one_of(SOURCE_FORGES)}")
    return kind, keys.api_url or api_of(url, kind)


def _one_of(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}"
