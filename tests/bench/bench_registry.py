"""Asking a real registry for 1, 1 000 and 20 000 tags and choosing one, beside a plain `requests.get` of the same list.

Each figure comes from a process of its own, all with the same imports: the median of some rounds, and the most memory
that the process ever took.
Of exactly 1 000 tags, a full page, this registry has to be asked three times: it does not say that this was all.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import requests

from imagebot.images.reference import ImageName
from imagebot.policy.model import Watch
from imagebot.registry.client import Registries
from imagebot.selection.rank import rank
from imagebot.settings.resolve import RegistrySettings
from tests.support.docker_registry import docker_registry, seed

COUNTS = (1, 1_000, 20_000)
ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Figures:
    """What one way took: milliseconds, the process's memory in MiB, and what it found."""

    time: float
    memory: float
    answer: str

    def beside(self, other: Figures) -> str:
        times, memory = self.time / other.time, self.memory / other.memory
        return f"{self.time:.1f} ms ({times:.1f} times), {self.memory:.0f} MiB ({memory:.1f} times)"


def main() -> None:
    """Print time and memory of both for each size, and that the tag is the right one."""
    with TemporaryDirectory() as name, docker_registry(Path(name)) as running:
        print("registry: tags from docker-registry, and the newest in ^1 of them (beside requests.get)")
        for count in COUNTS:
            repository = f"bench/of-{count}"
            tags = [f"1.{number // 100}.{number % 100}" for number in range(count)]
            seed(running.folder, repository, tags)
            figures = {way: measured(way, running.host, repository) for way in WAYS}
            if figures["choose"].answer != tags[-1]:
                raise SystemExit(f"the wrong one of {count} tags: {figures['choose'].answer}")
            report(count, figures)


def report(count: int, figures: dict[str, Figures]) -> None:
    plain = figures["get"]
    print(f"  {count:>6} tags: requests.get {plain.time:.1f} ms, {plain.memory:.0f} MiB")
    print(f"{'':14} listed  {figures['list'].beside(plain)}")
    print(f"{'':14} chosen  {figures['choose'].beside(plain)}: {figures['choose'].answer}")


def measured(way: str, host: str, repository: str) -> Figures:
    """Run one way in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.bench_registry", way, host, repository]
    return Figures(**json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))


def get(host: str, repository: str) -> Callable[[], str]:
    session = requests.Session()
    return lambda: str(len(session.get(f"http://{host}/v2/{repository}/tags/list", timeout=60).json()["tags"]))


def listing(host: str, repository: str) -> Callable[[], str]:
    registries = Registries({host: RegistrySettings(plain_http=True)})
    return lambda: str(len(registries.tags(ImageName(host, repository)).tags))


def choosing(host: str, repository: str) -> Callable[[], str]:
    registries = Registries({host: RegistrySettings(plain_http=True)})
    name = ImageName(host, repository)
    watch = Watch(image=str(name), semver="^1")

    def choose() -> str:
        best = rank(watch, registries.tags(name).tags).best
        return best.tag if best else "none"

    return choose


WAYS = {"get": get, "list": listing, "choose": choosing}


def run(way: str, host: str, repository: str) -> None:
    """Print the figures of one way as JSON."""
    task = WAYS[way](host, repository)
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        answer = task()
        times.append(1000 * (time.perf_counter() - start))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(asdict(Figures(median(times), memory, answer))))


if __name__ == "__main__":
    run(*sys.argv[1:]) if len(sys.argv) > 1 else main()
