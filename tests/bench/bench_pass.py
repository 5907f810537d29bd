"""A pass in which nothing is new: 1 000 watched images in a real registry, beside the same lists fetched one by one."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import requests

from imagebot.cycle.report import Report
from imagebot.cycle.world import World
from tests.support import docker_registry
from tests.support.git_repos import a_repository
from tests.support.stage import Stage
from tests.support.web_function import Answer, Served

IMAGES = 1000
APPS = 100


def main() -> None:
    """Print what the first pass and an idle one cost."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "images").mkdir()
        with docker_registry.docker_registry(folder / "images") as registry:
            for number in range(IMAGES):
                docker_registry.seed(folder / "images", f"acme/app{number}", ["1.0.0", "1.0.1", "latest"])
            _measure(folder, registry.host)


def _measure(folder: Path, host: str) -> None:
    stage = Stage(folder, Served(lambda _: Answer(404)))
    stage.settings()
    stage.config.write_text(stage.config.read_text().replace(stage.registry.host, host))
    stage.registry.close()
    _build(stage, host)
    world = stage.world()
    first, idle = _timed(stage, world), _timed(stage, world)
    started = time.perf_counter()
    for number in range(IMAGES):
        requests.get(f"http://{host}/v2/acme/app{number}/tags/list", timeout=10).raise_for_status()
    plain = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{IMAGES} images, {APPS} policies, {IMAGES} fields, {sys.version.split()[0]}")
    for label, (seconds, report, parsed) in (("first pass", first), ("idle pass", idle)):
        costs = report.costs
        print(
            f"{label:<11}{seconds:6.2f} s  {seconds / plain:5.2f} times the plain lists  {parsed:5d} files parsed"
            f"  {costs.registry_requests} registry requests  {costs.forge_writes} forge writes"
        )
    print(f"plain      {plain:6.2f} s  (the same lists by requests.get, one after the other)")
    print(f"memory     {memory:6.0f} MiB at most, with Python and all libraries")


def _timed(stage: Stage, world: World) -> tuple[float, Report, int]:
    before = world.index.parsed
    started = time.perf_counter()
    report = stage.one_pass(world)
    return time.perf_counter() - started, report, world.index.parsed - before


def _build(stage: Stage, host: str) -> None:
    files = {}
    for app in range(APPS):
        numbers = range(app, IMAGES, APPS)
        watches = "".join(f"  - {{image: {host}/acme/app{number}, semver: ^1}}\n" for number in numbers)
        head = f"app: app{app}\nrepository: environments\nenvironments: {{staging: {{paths: [app{app}/]}}}}\nimages:\n"
        stage.policy(head + watches, f"app{app}.yaml")
        for number in numbers:
            files[f"app{app}/{number}.yaml"] = f"kind: Pod\nspec:\n  image: {host}/acme/app{number}:1.0.1\n"
    a_repository(stage.bare, files)


if __name__ == "__main__":
    main()
