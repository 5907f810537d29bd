"""Choosing a tag, beside two libraries that do less: `packaging` knows no semver, `semver` no ranges."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion
from packaging.version import Version as PythonVersion
from semver import Version as SemverVersion

from imagebot.policy.model import Watch
from imagebot.selection.rank import rank

ROUNDS = 5
TARGET = 100.0
PATTERN_TARGET = 500.0


def main() -> None:
    """Print how long the best of many tags takes, and what it costs in memory."""
    few, many = tags(50_000), tags(100_000)
    tenth = variants(100_000)
    ours = watch()
    matched = watch(tags={"match": "^v?(?P<version>[0-9.]+)$", "extract": "$version"})
    alpine = watch("*", tags={"match": "^(?P<version>[0-9.]+)-alpine$", "extract": "$version"})
    assert chosen(ours, few) == with_semver(few) == with_packaging(few)

    print(f"select: the newest of {len(few)} tags in ^1.4, a third of them of other shapes (to hold: {TARGET:.0f} ms)")
    report("imagebot", lambda: chosen(ours, few), lambda: with_semver(few))
    report("imagebot, every reason besides", lambda: explained(ours, few), lambda: with_semver(few))
    report("packaging, no reasons", lambda: with_packaging(few), lambda: with_semver(few))
    report("semver, no reasons", lambda: with_semver(few), lambda: with_semver(few))
    print(f"select: the newest of {len(many)} tags by match and extract")
    report("imagebot, a third matches", lambda: chosen(matched, many), lambda: with_semver(many))
    matching = sum(tag.endswith("-alpine") for tag in tenth)
    print(f"select: the same, {matching} of {len(tenth)} match (to hold: {PATTERN_TARGET:.0f} ms)")
    report("imagebot", lambda: chosen(alpine, tenth), lambda: with_semver(tenth))
    print(f"select: the best of {len(few)} tags by other orders")
    for name, keys in OTHERS.items():
        rule = Watch.model_validate({"image": "acme/api", **keys})
        report(name, lambda rule=rule: rank(rule, few), lambda: with_semver(few))  # type: ignore[misc]


OTHERS: dict[str, dict[str, Any]] = {
    "calver": {"calver": "0Y.MM.MICRO"},
    "numeric": {"numeric": "asc", "tags": {"match": r"^v?\d+\.\d+\.(\d+)$", "extract": "$1"}},
    "alphabetical": {"alphabetical": "asc"},
    "variant: keep": {"semver": "^1.4", "tags": {"variant": "keep"}},
}


def watch(semver: str = "^1.4", **keys: Any) -> Watch:
    return Watch.model_validate({"image": "acme/api", "semver": semver, **keys})


def variants(count: int) -> tuple[str, ...]:
    """Versions of several variants, a tenth of them `-alpine`."""
    dice = random.Random(11)
    made: dict[str, None] = {}
    while len(made) < count:
        version = f"{dice.randrange(40)}.{dice.randrange(90)}.{dice.randrange(900)}"
        shapes = (f"{version}-alpine", version, f"{version}-slim", f"main-{dice.randrange(1 << 28):07x}")
        made[dice.choices(shapes, weights=(1, 3, 2, 4))[0]] = None
    return tuple(made)


def tags(count: int) -> tuple[str, ...]:
    """Versions with and without `v`, variants, prereleases, branch builds: all different, in no order."""
    dice = random.Random(7)
    made: dict[str, None] = {}
    while len(made) < count:
        version = f"{dice.randrange(4)}.{dice.randrange(90)}.{dice.randrange(900)}"
        shapes = (version, f"v{version}", f"{version}-rc.{dice.randrange(9)}", f"main-{dice.randrange(1 << 28):07x}")
        made[dice.choices(shapes, weights=(4, 4, 1, 3))[0]] = None
    return tuple(made)


def chosen(rule: Watch, listed: tuple[str, ...]) -> str:
    best = rank(rule, listed).best
    assert best is not None
    return best.version.removeprefix("v")


def explained(rule: Watch, listed: tuple[str, ...]) -> int:
    ranking = rank(rule, listed)
    return len(ranking.candidates) + len(ranking.refused)


def with_semver(listed: tuple[str, ...]) -> str:
    versions = [
        SemverVersion.parse(tag.removeprefix("v")) for tag in listed if SemverVersion.is_valid(tag.removeprefix("v"))
    ]
    low, high = SemverVersion(1, 4), SemverVersion(2)
    return str(max(version for version in versions if low <= version < high and not version.prerelease))


def with_packaging(listed: tuple[str, ...]) -> str:
    wanted = SpecifierSet(">=1.4,<2")
    best = PythonVersion("0")
    for tag in listed:
        try:
            version = PythonVersion(tag)
        except InvalidVersion:
            continue
        if version > best and wanted.contains(version, prereleases=False):
            best = version
    return str(best)


def report(what: str, task: Callable[[], object], beside: Callable[[], object]) -> None:
    """The best of some rounds of both, taking turns, in processor time; and the memory of the first."""
    times: list[tuple[float, float]] = [(timed(task), timed(beside)) for _ in range(ROUNDS)]
    ours, theirs = (min(column) for column in zip(*times, strict=True))
    print(f"  {what:<32} {ours:7.0f} ms  {theirs / ours:5.1f} times as fast as semver  {peak(task):6.1f} MiB at most")


def timed(task: Callable[[], object]) -> float:
    start = time.process_time()
    task()
    return (time.process_time() - start) * 1000


def peak(task: Callable[[], object]) -> float:
    tracemalloc.start()
    task()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 2**20


if __name__ == "__main__":
    main()
