"""What can be wrong with whom: each trouble begins, lasts for a pass, and ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.endurance.scene import Scene
from tests.support.forge_server import Fault
from tests.support.web_function import Answer, Asked, HangUp, Raw


@dataclass(frozen=True)
class Trouble:
    """`of` is the app that it is about; empty: nobody's."""

    name: str
    of: str
    during: Callable[[Scene], AbstractContextManager[None]]


def _registry(name: str, answer: Callable[[Asked], Answer | Raw | None]) -> Trouble:
    @contextmanager
    def during(scene: Scene) -> Iterator[None]:
        scene.answers.append(answer)
        yield
        scene.answers.clear()

    return Trouble(f"registry: {name}", "odd", during)


def _forge(name: str, trouble: Fault) -> Trouble:
    @contextmanager
    def during(scene: Scene) -> Iterator[None]:
        scene.forge.trouble = trouble
        yield
        scene.forge.trouble = None

    return Trouble(f"forge: {name}", "forged", during)


def _cut(_: Asked) -> Answer:
    raise HangUp


def _no_manifests(asked: Asked) -> Answer | None:
    return Answer(404) if "/manifests/" in asked.path else None


def _empty(asked: Asked) -> Answer | None:
    return Answer(body=b'{"name": "x", "tags": null}') if asked.path.endswith("/tags/list") else None


@contextmanager
def _hook(scene: Scene) -> Iterator[None]:
    hook = scene.stage.bare / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\ncase "$1" in */walled) echo "no pushes on Fridays" >&2; exit 1;; esac\n')
    hook.chmod(0o755)
    yield
    hook.unlink()


def _moved(path: Callable[[Scene], Path]) -> Callable[[Scene], AbstractContextManager[None]]:
    @contextmanager
    def during(scene: Scene) -> Iterator[None]:
        here = path(scene)
        there = here.with_name("elsewhere.git")
        here.rename(there)
        yield
        there.rename(here)

    return during


@contextmanager
def _typo(scene: Scene) -> Iterator[None]:
    file = scene.folder / "policies" / "typo.yaml"
    file.write_text("app: typo\nsemvar: ^1\n")
    yield
    file.unlink()


@contextmanager
def _broken_file(scene: Scene) -> Iterator[None]:
    text = scene.stage.show("odd/app.yaml")
    scene.stage.commit({"odd/app.yaml": text + "  - [\n"})
    yield
    scene.stage.commit({"odd/app.yaml": text})


@contextmanager
def _nothing(scene: Scene) -> Iterator[None]:
    del scene
    yield


TROUBLES = (
    Trouble("none", "", _nothing),
    _registry("503", lambda _: Answer(503)),
    _registry("401 without a challenge", lambda _: Answer(401)),
    _registry("no JSON", lambda _: Answer(body=b"<html>maintenance</html>")),
    _registry(
        "a chunk of less than nothing",
        lambda _: Raw([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc"]),
    ),
    _registry("hangs up", _cut),
    _registry("manifests gone", _no_manifests),
    _registry("null for a list", _empty),
    Trouble("git: a hook refuses", "walled", _hook),
    Trouble(
        "git: the repository is gone",
        "forged",
        _moved(lambda scene: scene.git.folder / f"{scene.forge.repository}.git"),
    ),
    Trouble("git: a file that cannot be read", "odd", _broken_file),
    _forge("500 to every question", Fault("GET", 500)),
    _forge("no JSON", Fault("GET", 200, body=b"<html>")),
    _forge("403 to every opening", Fault("POST", 403, body=b'{"message": "not allowed"}')),
    _forge("truncated", Fault("GET", "truncated")),
    Trouble("policies: a typo", "", _typo),
)
