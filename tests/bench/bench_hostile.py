"""A pass beside registries that answer to hurt: its memory, its healthy app's delay, and what one new tag costs.

Memory is the most that the process of `imagebot once` ever takes (`VmHWM`), git's own processes aside; then the same in
a cgroup of 256 MiB, where one can be made. The delay is until the healthy app's pull request is there, as a ratio to
the same with nobody beside it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support import oci_folder
from tests.support.hostile_registries import hostile
from tests.support.oci_folder import Build
from tests.support.stage import Stage, set_up

TARGET = 256  # MiB
IMAGES = 4  # of each hostile registry
ONCE = (
    "import os, pathlib, sys; status = pathlib.Path('/proc/self/status'); leave = os._exit; "
    "os._exit = lambda code: (pathlib.Path('peak').write_text(status.read_text()), leave(code)); "
    "from imagebot.cli.main import run; sys.argv = ['imagebot', 'once']; run()"
)
_GROUPS = (
    (Path("/sys/fs/cgroup"), "memory.max", "memory.peak", "cgroup.controllers"),
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.max_usage_in_bytes", "tasks"),
)


@dataclass(frozen=True, slots=True)
class Ran:
    """One pass: its exit code, its peak in MiB, and when the first pull request was opened, in seconds."""

    code: int
    peak: float
    opened: float
    seconds: float


def main() -> None:
    """Print all figures. Ends with 1 if one is worse than it may be."""
    with hostile() as servers:
        hosts = {kind: server.host for kind, server in servers.items()}
        alone, all_of_them = ran({}), ran(hosts)
        print(f"once beside {len(hosts)} hostile registries of {IMAGES} images each (to hold: {TARGET} MiB)")
        print(f"  alone                {alone.peak:6.0f} MiB {alone.seconds:6.1f} s  exit code {alone.code}")
        report("all of them", all_of_them, alone)
        grouped = in_a_group(hosts)
        for kind, host in hosts.items():
            report(kind, ran({kind: host}), alone)
    one_new_tag()
    if max(all_of_them.peak, grouped) > TARGET:
        raise SystemExit("more memory than it may take")


def report(kind: str, beside: Ran, alone: Ran) -> None:
    times = beside.opened / alone.opened
    print(
        f"  {kind:<31} {beside.peak:6.0f} MiB {beside.seconds:6.1f} s  exit code {beside.code}"
        f"  the healthy app's pull request after {beside.opened:.1f} s: {times:.1f} times as long as alone"
    )


def ran(hosts: Mapping[str, str], group: Path | None = None) -> Ran:
    """A pass over one healthy app and those of `hosts`, in a new world."""
    with tempfile.TemporaryDirectory() as name:
        stage = a_stage(Path(name), hosts)
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-c", ONCE],
            cwd=stage.folder,
            env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if group is not None:
            (group / ("cgroup.procs")).write_text(str(process.pid))
        assert process.stderr is not None
        opened = [time.perf_counter() - started for line in process.stderr if '"pull_request.settled"' in line]
        code = process.wait()
        seconds = time.perf_counter() - started
        stage.registry.close()
        status = (stage.folder / "peak").read_text() if (stage.folder / "peak").exists() else ""
        peak = re.search(r"VmHWM:\s*(\d+) kB", status)
        return Ran(code, int(peak[1]) / 1024 if peak else float("nan"), min(opened, default=float("nan")), seconds)


def a_stage(folder: Path, hosts: Mapping[str, str]) -> Stage:
    """One app of the stage's own registry, and some of each of `hosts`."""
    stage = set_up(folder)
    stage.publish("1.0.0", "1.1.0")
    images = {"healthy": stage.image}
    images |= {
        f"hostile-{n}-{i}": f"{host}/acme/api{i}" for n, host in enumerate(hosts.values()) for i in range(IMAGES)
    }
    for app, image in images.items():
        head = f"app: {app}\nrepository: environments\nenvironments: {{production: {{paths: [{app}/]}}}}\n"
        stage.policy(f"{head}images:\n  - {{image: {image}, semver: ^1}}\n", f"{app}.yaml")
    stage.commit({f"{app}/pod.yaml": f"kind: Pod\nspec:\n  image: {image}:1.0.0\n" for app, image in images.items()})
    listed = "".join(f"  {host}: {{plainHttp: true}}\n" for host in hosts.values())
    stage.settings(log="{level: info, format: json}")
    own = f"  {stage.registry.host}: {{plainHttp: true}}\n"
    stage.config.write_text(stage.config.read_text().replace(own, own + listed))
    return stage


def in_a_group(hosts: Mapping[str, str]) -> float:
    """The same pass in a cgroup of 256 MiB, and the group's peak in MiB, which counts git and files as well."""
    try:
        with a_group() as (group, peak):
            beside = ran(hosts, group)
            most = int(peak.read_text()) / 1024**2 if peak.exists() else float("nan")
    except OSError as error:
        print(f"  in a cgroup: none can be made here ({error.strerror}: {error.filename})")
        return 0
    end = "killed" if beside.code < 0 else f"not killed, exit code {beside.code}"
    print(f"  in a cgroup of {TARGET} MiB: {end}; {beside.peak:.0f} MiB of its own, {most:.0f} MiB with git and files")
    return TARGET + 1 if beside.code < 0 else beside.peak


@contextmanager
def a_group() -> Iterator[tuple[Path, Path]]:
    """A cgroup with a limit, of the kind that this machine has, and the file of its peak. Raises `OSError`."""
    root, limit, peak, _ = next(each for each in (*_GROUPS, _GROUPS[0]) if (each[0] / each[3]).exists())
    group = root / f"imagebot-bench-{os.getpid()}"
    group.mkdir()
    try:
        (group / limit).write_text(str(TARGET * 1024**2))
        yield group, group / peak
    finally:
        with suppress(OSError):
            group.rmdir()


def one_new_tag() -> None:
    """What a registry is asked when one app gets one new tag of two platforms, and on the quiet day after it."""
    with tempfile.TemporaryDirectory() as name:
        stage = set_up(Path(name))
        builds = {"linux/amd64": Build(), "linux/arm64": Build()}
        folder = stage.folder / "registry"
        oci_folder.publish_index(folder, "acme/podinfo", "1.0.0", builds, annotations={"version": "1.0.0"})
        head = "app: podinfo\nrepository: environments\nenvironments: {production: {paths: [app/]}}\n"
        stage.policy(f"{head}images:\n  - {{image: IMAGE, semver: ^1}}\n")
        stage.commit({"app/pod.yaml": "kind: Pod\nspec:\n  image: IMAGE:1.0.0\n"})
        world = stage.world()
        stage.one_pass(world)
        for label in ("nothing new", "one new tag", "the pass after it"):
            before = len(stage.registry.asked)
            if label == "one new tag":
                oci_folder.publish_index(folder, "acme/podinfo", "1.1.0", builds, annotations={"version": "1.1.0"})
            stage.one_pass(world)
            asked = [f"{each.method} {each.path.rsplit('/', 2)[1]}" for each in stage.registry.asked[before:]]
            print(f"{label}: {len(asked)} requests: {', '.join(asked)}")
        stage.registry.close()


if __name__ == "__main__":
    main()
