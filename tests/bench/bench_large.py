"""What a whole pass costs as policies and repositories grow: idle ones at several sizes, and one change in a large one.

`python -m tests.bench.bench_large FOLDER` does two passes in that stage, and prints what the second, an idle one, took.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory

import requests

from tests.support.git_repos import FIRST_DATE, PERSON, counted, run_git
from tests.support.stage import Stage, run_imagebot, set_up
from tests.support.web_function import Answer, Asked, Served

SIZES = (1_000, 5_000, 20_000)
FILES = (10_000, 50_000)
COMMITS = 50_000
GROWTH = 1.3
TARGET_S, TARGET_MIB = 1.0, 300


def main() -> None:
    """Print both."""
    print("idle passes of one process over as many policies as files, each with an image name of its own (CPU)")
    first: float | None = None
    for size in SIZES:
        spent, lists, peak = idle_pass(size)
        first = first or spent
        held = f" (to hold: {TARGET_S:.0f} s beside the lists, {TARGET_MIB} MiB)" if size == SIZES[1] else ""
        print(
            f"  {size:6d}: {spent:6.2f} s ({spent / first:5.1f} times); the lists alone, by requests, {lists:6.2f} s;"
            f" peak {peak:4.0f} MiB{held}"
        )
    print(f"  (to hold: {SIZES[-1]} cost at most {GROWTH * SIZES[-1] / SIZES[0]:.0f} times what {SIZES[0]} do)")
    print(f"`once` with a warm index, one new tag, {COMMITS} commits (CPU with all of git's), beside bare git")
    for files in FILES:
        one_change(files)


def idle_pass(size: int) -> tuple[float, float, float]:
    """Seconds of CPU, those of the same lists by `requests`, and the process's peak in MiB."""
    with TemporaryDirectory() as name, Served(_listed) as registry:
        stage = set_up(Path(name), registry)
        (stage.folder / "policies").mkdir()
        for number in range(size):
            stage.policy(_policy(number, registry.host), f"app{number}.yaml")
        stage.repository.git("fast-import", "--quiet", stdin=b"".join(_commits(size, 1, registry.host)))
        command = [sys.executable, "-m", "tests.bench.bench_large", name]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        spent, lists, peak = json.loads(done.stdout)
        return spent, lists, peak


def _passes(folder: Path) -> None:
    stage = Stage(folder, Served(lambda _: Answer(404)))
    host = next(line.strip().removesuffix(": {plainHttp: true}") for line in _lines(stage) if "plainHttp" in line)

    world = stage.world()
    stage.one_pass(world)
    begun = time.process_time()
    stage.one_pass(world)
    spent = time.process_time() - begun
    with requests.Session() as session:
        begun = time.process_time()
        for number in range(len(list((folder / "policies").iterdir()))):
            session.get(f"http://{host}/v2/acme/app{number}/tags/list", timeout=60).json()
        lists = time.process_time() - begun
    print(json.dumps([spent, lists, getrusage(RUSAGE_SELF).ru_maxrss / 1024]))


def _lines(stage: Stage) -> list[str]:
    return stage.config.read_text().splitlines()


def _listed(asked: Asked) -> Answer:
    tags = {"name": asked.path.removeprefix("/v2/").removesuffix("/tags/list"), "tags": ["1.0.0"]}
    return Answer(200, (("Content-Type", "application/json"),), json.dumps(tags).encode())


def _folder(number: int) -> str:
    """A hundred apps beside each other, as people would have them: one folder of all is hashed anew by each commit."""
    return f"apps/{number // 100}/app{number}"


def _policy(number: int, host: str) -> str:
    return (
        f"app: app{number}\nrepository: environments\nenvironments: {{staging: {{paths: [{_folder(number)}/]}}}}\n"
        f"images: [{{image: {host}/acme/app{number}, semver: ^1}}]\n"
    )


def one_change(files: int) -> None:
    """One app's new tag in a repository of many files and commits, and the same commit by hand."""
    with TemporaryDirectory() as name, (stage := set_up(Path(name))).registry:
        stage.publish("1.0.0", repository="acme/app0")
        stage.policy(_policy(0, stage.registry.host))
        host = stage.registry.host
        run_git(["-C", str(stage.bare), "fast-import", "--quiet"], b"".join(_commits(files, COMMITS, host)))
        for _ in range(2):
            assert run_imagebot(stage.folder, ["once"], {}).code == 0
        idle, _ = _children(lambda: run_imagebot(stage.folder, ["once"], {}))
        stage.publish("1.0.1", repository="acme/app0")
        ours, _ = _children(lambda: run_imagebot(stage.folder, ["once"], {}))
        assert [pull.branch for pull in stage.pulls()] == ["imagebot/staging/app0"]
        bare, seconds = _children(lambda: _by_hand(stage))
        print(
            f"  {files:6d} files: {ours:5.2f} s, of which an idle one takes {idle:5.2f} s; git fetch, commit and push"
            f" {bare:5.2f} s ({seconds:.2f} s by the clock)"
        )


def _children(work: object) -> tuple[float, float]:
    """Seconds of CPU of the processes that `work` starts, and by the clock."""
    assert callable(work)
    before, begun = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    work()
    after = getrusage(RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, time.perf_counter() - begun


def _by_hand(stage: Stage) -> None:
    """In the bot's own mirror: a fetch, a commit of one file without a work tree, and a push."""
    mirror = ["-C", str(stage.folder / "state" / "mirrors" / "environments.git")]
    run_git([*mirror, "fetch", "--quiet", str(stage.bare), "refs/heads/main:refs/by-hand/base"])
    change = b"".join(
        (
            b"commit refs/by-hand/tip\ncommitter %b %d +0000\n" % (PERSON.encode(), FIRST_DATE),
            counted(b"by hand"),
            b"from refs/by-hand/base\nM 100644 inline apps/0/app1/pod.yaml\n",
            counted(b"by hand\n"),
        )
    )
    run_git([*mirror, "fast-import", "--quiet"], change)
    run_git([*mirror, "push", "--quiet", str(stage.bare), "refs/by-hand/tip:refs/heads/by-hand"])


def _commits(files: int, commits: int, host: str) -> Iterator[bytes]:
    """The first commit brings all files, each later one changes a file beside them."""
    for number in range(commits):
        yield b"commit refs/heads/main\ncommitter %b %d +0000\n" % (PERSON.encode(), FIRST_DATE + number)
        yield counted(b"change %d" % number)
        if number:
            yield b"M 100644 inline notes/%d.md\n" % (number % 100) + counted(b"note %d\n" % number)
            continue
        for file in range(files):
            pod = f"kind: Pod\nspec:\n  image: {host}/acme/app{file}:1.0.0\n"
            yield f"M 100644 inline {_folder(file)}/pod.yaml\n".encode() + counted(pod.encode())


if __name__ == "__main__":
    _passes(Path(sys.argv[1])) if sys.argv[1:] else main()
