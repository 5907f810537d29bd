"""Five hundred changes at once, and what 1 500 policies cost while nothing is new; printed. `make storm` runs this."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from imagebot.cycle.report import Action
from imagebot.settings.resolve import Limits
from tests.storm.limits import REQUESTS_IN_AN_HOUR
from tests.storm.scene import FIVE_MINUTES, HOUR, MIDNIGHT, Scene, storm

ANY = Limits(open_pull_requests=10_000, opened_per_hour=10_000)
CLOSED_EACH, WAITING = 34, 100


def main() -> None:
    """Both figures of the storm: the hours of many changes, and the budget of a quiet one."""
    with tempfile.TemporaryDirectory() as folder:
        _many_changes(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        _quiet_hour(Path(folder))


def _many_changes(folder: Path) -> None:
    started = time.perf_counter()
    apps = {"environments": {"security": 10, "patch": 240, "minor": 150, "major": 100}}
    with storm(folder, apps, ANY) as scene:
        scene.until_all_are_open(timedelta(hours=6))
        _print_passes(scene)
        quiet = scene.one_pass()
        print(f"one pass more: {quiet.writes} writes, {quiet.requests} requests to list the open ones, by the hundred")
        assert (quiet.writes, quiet.requests) == (0, scene.pages)
        assert scene.in_order()
        print(f"{time.perf_counter() - started:.0f} s in truth\n")


def _print_passes(scene: Scene) -> None:
    print(f"{len(scene.kinds)} changes at once, a pass every {FIVE_MINUTES.seconds // 60} minutes")
    for hour, group in groupby(scene.opened, key=lambda each: (each[0] - MIDNIGHT) // HOUR):
        kinds = Counter(scene.kinds[app] for _, app in group)
        said = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        print(f"  hour {hour + 1}: {kinds.total():3d} opened, in this order: {said}")
    print(f"  spread over {scene.spread}, in {len(scene.passes)} passes")
    for name, window in scene.account.windows.items():
        print(f"  at most {window.highest:4d} {name}, where GitHub bans above {window.most}")


def _quiet_hour(folder: Path) -> None:
    started = time.perf_counter()
    apps = {name: {"patch": 250, "minor": 150, "major": 100} for name in ("one", "two", "three")}
    total = sum(count for kinds in apps.values() for count in kinds.values())
    closed = CLOSED_EACH * len(apps)
    limits = Limits(open_pull_requests=total - WAITING - closed, opened_per_hour=10_000)
    with storm(folder, apps, limits, every=HOUR) as scene:
        while not scene.passes or scene.passes[-1].count(Action.OPENED):
            scene.one_pass()
        scene.close(CLOSED_EACH)
        while scene.passes[-1].writes or scene.passes[-1].count(Action.WAITING) != WAITING:
            scene.one_pass()
        scene.every = FIVE_MINUTES
        first, quiet = scene.one_pass(), scene.one_pass()
        passes = HOUR // FIVE_MINUTES
        in_an_hour = first.requests + (passes - 1) * quiet.requests
        print(
            f"{total} policies in {len(apps)} repositories: {quiet.count(Action.KEPT)} pull requests are open, ", end=""
        )
        print(f"{closed} were closed by people, {quiet.count(Action.WAITING)} wait")
        print(
            f"  a quiet pass: {quiet.writes} writes, {quiet.requests} requests, all of them for the lists of open ones"
        )
        print(f"  once an hour, when closed ones are asked for anew: {first.requests} requests")
        print(f"  {passes} passes an hour: {in_an_hour} requests, of {REQUESTS_IN_AN_HOUR} that GitHub allows")
        assert first.writes == quiet.writes == 0
        assert quiet.requests == scene.pages
        assert in_an_hour < REQUESTS_IN_AN_HOUR / 2
    print(f"{time.perf_counter() - started:.0f} s in truth")


if __name__ == "__main__":
    main()
