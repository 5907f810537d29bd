"""Parties that can be made to fail, each beside a healthy one: a registry, a git server, a forge; and policy files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import api_descriptions, oci_folder
from tests.support.forge_server import Fault, served
from tests.support.git_http import GitHttpServer, git_http_server
from tests.support.gitea_server import GiteaServer, described
from tests.support.openapi import Call, Description
from tests.support.stage import Stage, set_up
from tests.support.web_function import Answer, Asked, Raw, Served

POLICY = """\
app: {app}
repository: {repository}
environments: {{production: {{paths: [{app}/]}}}}
images: [{{image: {image}, semver: ^1}}]
"""
FIELD = "spec:\n  containers:\n    - image: {image}:1.0.0\n"
SETTINGS = """\
policies: [policies/]
state: {state}
every: 1h
log: {{level: info, format: json}}
repositories:
  environments: {{url: {local}, forge: local}}
  forged: {{url: {git}, forge: gitea, apiUrl: {forge}, credentials: {{tokenFile: token}}}}
registries:
  {sound}: {{plainHttp: true}}
  {odd}: {{plainHttp: true}}
"""
APPS = {"healthy": "environments", "odd": "environments", "walled": "environments", "forged": "forged"}
"""Each app with its environment repository: what is odd about one is said in `troubles.py`."""


class TroubledForge(GiteaServer):
    """A Gitea that answers some requests with `trouble`."""

    def __init__(self, description: Description) -> None:
        super().__init__(description)
        self.trouble: Fault | None = None

    def fault(self, call: Call) -> Fault | None:
        return self.trouble if self.trouble is not None and self.trouble.fits(call) else None


@dataclass
class Scene:
    """Where the bot works. `answers` is what the odd registry says instead of the truth, if anything."""

    stage: Stage
    odd: Served
    git: GitHttpServer
    forge: TroubledForge
    answers: list[Callable[[Asked], Answer | Raw | None]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    version: int = 0

    @property
    def folder(self) -> Path:
        return self.stage.folder

    def config(self, state: str) -> Path:
        """Settings with a state of their own."""
        path = self.folder / f"{state}.yaml"
        path.write_text(
            SETTINGS.format(
                state=state,
                local=self.stage.bare,
                git=f"{self.git.url(self.forge.repository)}.git",
                forge=self.forge.url,
                sound=self.stage.registry.host,
                odd=self.odd.host,
            )
        )
        return path

    def publish(self) -> None:
        """A new version of every image, so that every app has something to be done."""
        self.version += 1
        for app in APPS:
            oci_folder.publish(self.folder / "registry", f"acme/{app}", f"1.{self.version}.0")

    def forget(self) -> None:
        """Drop what the servers have written down: in ten minutes that is much."""
        with self.forge.lock:
            self.forge.calls.clear()
            self.forge.authorizations.clear()


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """All of it, in `folder`."""
    with ExitStack() as stack:
        stage = set_up(folder)
        stack.enter_context(stage.registry)
        answers: list[Callable[[Asked], Answer | Raw | None]] = []

        def odd(asked: Asked) -> Answer | Raw:
            said = answers[0](asked) if answers else None
            return oci_folder.answer(folder / "registry", asked) if said is None else said

        served_oddly = stack.enter_context(Served(odd))
        forge = stack.enter_context(served(TroubledForge(described(api_descriptions.FORGEJO))))
        bare = folder / "git" / f"{forge.repository}.git"
        bare.parent.mkdir(parents=True)
        found = Scene(stage, served_oddly, stack.enter_context(git_http_server(folder / "git")), forge, answers)
        _fill(found)
        stage.git("clone", "--quiet", "--bare", str(stage.bare), str(bare))
        forge.heads = lambda: _heads(stage, bare)
        (folder / "token").write_text(forge.token)
        yield found


def _fill(scene: Scene) -> None:
    files = {}
    for app, repository in APPS.items():
        host = scene.odd.host if app == "odd" else scene.stage.registry.host
        image = f"{host}/acme/{app}"
        oci_folder.publish(scene.folder / "registry", f"acme/{app}", "1.0.0")
        files[f"{app}/app.yaml"] = FIELD.format(image=image)
        scene.stage.policy(POLICY.format(app=app, repository=repository, image=image), f"{app}.yaml")
    scene.stage.commit(files)


def _heads(stage: Stage, bare: Path) -> dict[str, str]:
    lines = stage.git("-C", str(bare), "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads")
    return dict(line.split(" ") for line in lines.splitlines())
