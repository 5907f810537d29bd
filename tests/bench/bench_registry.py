"""Asking a real registry for 1, 1 000 and 20 000 tags and choosing one, beside a plain `requests.get` of the same list.

And one that pages, as Docker Hub does, for 1 000 000 tags as long as those of its longest lists, beside a plain loop.

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
from urllib.parse import urljoin

import requests

from imagebot.images.reference import ImageName
from imagebot.policy.model import Watch
from imagebot.registry.client import Registries
from imagebot.selection.rank import rank
from imagebot.settings.resolve import RegistrySettings
from tests.support.docker_registry import docker_registry, seed
from tests.support.fake_registry import tag_list
from tests.support.web_function import Answer, serving

COUNTS = (1, 1_000, 20_000)
ROUNDS = 9
PAGES = 1000


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
    print("registry: 1 000 000 tags in pages of 1 000, beside a loop of requests.get")
    pages = [page(number) for number in range(PAGES)]
    numbers = {str(number): one for number, one in enumerate(pages)}
    with serving(lambda asked: numbers.get(asked.query.get("last", "0"), tag_list())) as served:
        figures = {way: measured(way, served.host, "bench/many", rounds=1) for way in ("loop", "list", "choose")}
    if figures["list"].answer != figures["loop"].answer or figures["choose"].answer != tag_of(1000 * PAGES - 1):
        raise SystemExit(f"the wrong ones of a million tags: {figures}")
    report(1000 * PAGES, {"get": figures["loop"], **figures})


def tag_of(number: int) -> str:
    """As `hexpm/elixir` has them, of which there are as many."""
    return f"1.{number // 1000}.{number % 1000}-erlang-27.3.4.2-debian-bookworm-20250630-slim"


def page(number: int) -> Answer:
    """One of the pages, with a link to the next if there is one."""
    link = [("Link", f'</v2/bench/many/tags/list?n=1000&last={number + 1}>; rel="next"')] if number + 1 < PAGES else []
    return tag_list(*(tag_of(1000 * number + each) for each in range(1000)), headers=link)


def report(count: int, figures: dict[str, Figures]) -> None:
    plain = figures["get"]
    print(f"  {count:>6} tags: requests.get {plain.time:.1f} ms, {plain.memory:.0f} MiB")
    print(f"{'':14} listed  {figures['list'].beside(plain)}")
    print(f"{'':14} chosen  {figures['choose'].beside(plain)}: {figures['choose'].answer}")


def measured(way: str, host: str, repository: str, rounds: int = ROUNDS) -> Figures:
    """Run one way in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.bench_registry", way, host, repository, str(rounds)]
    return Figures(**json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))


def get(host: str, repository: str) -> Callable[[], str]:
    session = requests.Session()
    return lambda: str(len(session.get(f"http://{host}/v2/{repository}/tags/list", timeout=60).json()["tags"]))


def loop(host: str, repository: str) -> Callable[[], str]:
    session = requests.Session()

    def every() -> str:
        tags: list[str] = []
        url: str | None = f"http://{host}/v2/{repository}/tags/list?n=1000"
        while url is not None:
            answer = session.get(url, timeout=60)
            tags += answer.json()["tags"]
            url = urljoin(url, answer.links["next"]["url"]) if "next" in answer.links else None
        return str(len(tags))

    return every


def listing(host: str, repository: str) -> Callable[[], str]:
    registries = Registries({host: RegistrySettings(plain_http=True)})
    return lambda: str(len(registries.tags(ImageName(host, repository)).tags))


def choosing(host: str, repository: str) -> Callable[[], str]:
    registries = Registries({host: RegistrySettings(plain_http=True)})
    name = ImageName(host, repository)
    watch = Watch(image=str(name), semver=">=1.0.0-0")

    def choose() -> str:
        best = rank(watch, registries.tags(name).tags).best
        return best.tag if best else "none"

    return choose


WAYS = {"get": get, "loop": loop, "list": listing, "choose": choosing}


def run(way: str, host: str, repository: str, rounds: str) -> None:
    """Print the figures of one way as JSON."""
    task = WAYS[way](host, repository)
    times = []
    for _ in range(int(rounds)):
        start = time.perf_counter()
        answer = task()
        times.append(1000 * (time.perf_counter() - start))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(asdict(Figures(median(times), memory, answer))))


if __name__ == "__main__":
    run(*sys.argv[1:]) if len(sys.argv) > 1 else main()
