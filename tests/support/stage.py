"""A whole world in one folder: a registry in this process, an environment repository, a local forge, settings.

Everything is real but the network between them. People act through git and the forge's files; the bot through its verbs
or through one pass in this process.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from imagebot.cli.compose import load, load_settings, world_of
from imagebot.cycle.report import Report
from imagebot.cycle.run import run
from imagebot.cycle.world import World
from imagebot.forge import local
from imagebot.forge.local import Local, connect
from imagebot.forge.protocol import PullRequest
from imagebot.observe.events import Event
from imagebot.settings.resolve import Settings
from tests.support import oci_folder
from tests.support.forked import run_verb
from tests.support.git_repos import BareRepository, a_repository
from tests.support.web_function import Served

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PERSON = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}


@dataclass(frozen=True)
class Said:
    """What a verb printed, and its exit code."""

    code: int
    out: str
    err: str


@dataclass
class Stage:
    """`image` is the full name of the image that `podinfo` stands for here."""

    folder: Path
    registry: Served
    events: list[Event] = field(default_factory=list)

    @property
    def image(self) -> str:
        return f"{self.registry.host}/acme/podinfo"

    @property
    def bare(self) -> Path:
        return self.folder / "environments.git"

    @property
    def repository(self) -> BareRepository:
        return BareRepository(self.bare)

    @property
    def config(self) -> Path:
        return self.folder / "imagebot.yaml"

    @property
    def forge(self) -> Local:
        return connect(self.world().settings.repositories["environments"])

    def publish(self, *tags: str, repository: str = "acme/podinfo", created: str = "2026-01-01T12:00:00Z") -> None:
        """Let the registry have these tags; what was `created` at another time is another image."""
        for tag in tags:
            oci_folder.publish(self.folder / "registry", repository, tag, created=created)

    def unpublish(self, *tags: str, repository: str = "acme/podinfo") -> None:
        """Let the registry lose these tags."""
        for tag in tags:
            oci_folder.withdraw(self.folder / "registry", repository, tag)

    def policy(self, text: str, name: str = "podinfo.yaml") -> None:
        """Write a policy file; IMAGE in it stands for the image's name."""
        (self.folder / "policies").mkdir(exist_ok=True)
        (self.folder / "policies" / name).write_text(text.replace("IMAGE", self.image))

    def settings(
        self,
        more: str = "",
        repository: str = "",
        log: str = "{level: error}",
        registry: str = "plainHttp: true",
        registries: Mapping[str, str] | None = None,
    ) -> None:
        """Write imagebot.yaml; `more` is added at its end, `repository` to the environment repository's keys.

        `registry` are the keys of the stage's own registry; `registries` are others by their host, and their keys.
        """
        keys = {self.registry.host: registry, **(registries or {})}
        self.config.write_text(
            "policies: [policies/]\nstate: state\n"
            f"repositories:\n  environments:\n    url: {self.bare}\n    forge: local\n{repository}registries:\n"
            + "".join(f"  {host}: {{{each}}}\n" for host, each in keys.items())
            + f"log: {log}\n{more}"
        )

    def commit(
        self,
        files: Mapping[str, str | None],
        branch: str = "main",
        message: str = "a person's change",
        at: datetime | None = None,
    ) -> str:
        """A person commits to a branch, made from main if need be; None deletes a file."""
        tips = self.heads()
        when = at or datetime.now(UTC)
        who = f"{PERSON['GIT_AUTHOR_NAME']} <{PERSON['GIT_AUTHOR_EMAIL']}> {int(when.timestamp())} {when:%z}"
        content = {path: None if text is None else text.replace("IMAGE", self.image) for path, text in files.items()}
        start = tips.get(branch) or tips.get("main", "")
        return self.repository.grow(branch, start, content, f"{message.strip()}\n", who)

    def clone(self, branch: str = "main") -> Path:
        """A person's clone, who has the newest of everything and this branch before them."""
        work = self.folder / "work"
        if not work.exists():
            self.git("clone", "--quiet", str(self.bare), str(work))
        self.git("-C", str(work), "fetch", "--quiet", "--prune", "origin")
        self.git("-C", str(work), "checkout", "--quiet", "-B", branch, f"origin/{branch}")
        return work

    def git(self, *words: str, at: datetime | None = None) -> str:
        """Git as a person runs it, at that time."""
        environment = {**os.environ, **PERSON}
        if at is not None:
            environment |= dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), at.isoformat())
        done = subprocess.run(["git", *words], env=environment, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def heads(self) -> dict[str, str]:
        """Every branch of the environment repository and its commit."""
        return self.repository.branches()

    def show(self, path: str, branch: str = "main") -> str:
        """A file of the environment repository, with IMAGE for the image's name."""
        work = ["git", "-C", str(self.bare), "show", f"{branch}:{path}"]
        return subprocess.run(work, check=True, capture_output=True).stdout.decode().replace(self.image, "IMAGE")

    def world(self, tell: Callable[[Event], None] | None = None) -> World:
        """A new world from the settings as they are now: nothing is remembered but what is on disk."""
        return self._world(load_settings(self.config), tell)

    def one_pass(self, world: World | None = None, now: datetime = NOON) -> Report:
        """One pass in this process; what is given a world reads the policies alone anew."""
        settings, policies = load(self.config)
        return run(world or self._world(settings, None), policies, now)

    def _world(self, settings: Settings, tell: Callable[[Event], None] | None) -> World:
        return replace(world_of(settings), tell=tell or self.events.append)

    def merge(self, branch: str, at: datetime, *, how: str = "--no-ff", into: str = "main") -> None:
        """A person merges a branch at that time, and the branch goes; the forge sees its pull request merged."""
        work = self.folder / "merger"
        if not work.exists():
            self.git("clone", "--quiet", str(self.bare), str(work))
        self.git("-C", str(work), "fetch", "--quiet", "--prune", "origin")
        self.git("-C", str(work), "checkout", "--quiet", "-B", into, f"origin/{into}")
        self.git("-C", str(work), "merge", "--quiet", how, "-m", f"Merge {branch}", f"origin/{branch}", at=at)
        self.git("-C", str(work), "push", "--quiet", "origin", into, f":refs/heads/{branch}")
        for pull in self.pulls():
            if pull.branch == branch:
                self.forge.merged(pull.number, "ada")

    def pulls(self) -> tuple[PullRequest, ...]:
        """The bot's open pull requests."""
        return self.forge.open_pulls("imagebot/")

    def edit(self, number: int, *, body: str | None = None, labels: tuple[str, ...] | None = None) -> None:
        """A person changes a pull request, open or not."""
        file = self.forge.folder / f"{number}.md"
        record = local.read(file.read_text(), str(file))
        pull = replace(
            record.pull,
            body=record.pull.body if body is None else body,
            labels=record.pull.labels if labels is None else labels,
        )
        file.write_text(local.write(replace(record, pull=pull)))

    def comments(self, number: int) -> tuple[str, ...]:
        """What was said on a pull request."""
        file = self.forge.folder / f"{number}.md"
        return local.read(file.read_text(), str(file)).comments

    def imagebot(self, *words: str, environment: Mapping[str, str] | None = None) -> Said:
        """A verb in a process of its own, in the stage's folder."""
        return Said(*run_verb(self.folder, words, environment or {}))


def run_imagebot(folder: Path, words: Sequence[str], environment: Mapping[str, str]) -> Said:
    """A verb in a process that begins with Python itself, in `folder`."""
    done = subprocess.run(
        [sys.executable, "-m", "imagebot", *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def set_up(folder: Path, registry: Served | None = None, named_by: str = "sha1") -> Stage:
    """An empty registry (or this one), an environment repository without commits, and settings that name them."""
    stage = Stage(folder, registry or oci_folder.serve(folder / "registry"))
    a_repository(stage.bare, named_by=named_by)
    stage.settings()
    return stage
