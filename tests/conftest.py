"""What holds for every test: no settings of the person who runs them, and in CI no skip of what CI can run."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
IN_MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 4 << 30
_FOLDER = pytest.StashKey[str]()
SHARED = Path(os.environ.get("IMAGEBOT_SHARED", Path(__file__).parent.parent.parent / "shared"))

# What takes long on a busy machine is no failure.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_configure(config: pytest.Config) -> None:
    """A git hook that runs the tests sets GIT_DIR and the like: git in the tests would work on this very repository.

    What is compiled is kept, whatever is said elsewhere: a thousand processes would compile all of it again.

    What the tests start heeds SIGHUP, also where they run under `nohup`.
    Where there is room, what tests write stays in memory: they ask a hundred thousand times that it be on a disk.
    """
    for name in list(os.environ):
        if name.startswith(("GIT_", "IMAGEBOT_", "SSH_AUTH_SOCK")) and name != "IMAGEBOT_SHARED":
            del os.environ[name]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if not hasattr(config, "workerinput") and config.option.basetemp is None and has_room(IN_MEMORY):
        config.option.basetemp = config.stash[_FOLDER] = tempfile.mkdtemp(prefix="imagebot-tests-", dir=IN_MEMORY)


def pytest_unconfigure(config: pytest.Config) -> None:
    if folder := config.stash.get(_FOLDER, ""):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays to the end: to look for garbage in it takes half a second, each time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def has_room(folder: Path) -> bool:
    """Whether tests may keep their files there: it is large, and what is written may be run."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    is_open = os.access(folder, os.W_OK) and not found.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)
    return is_open and found.f_bavail * found.f_frsize >= ENOUGH_BYTES


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return no_skip_in_ci((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return no_skip_in_ci((yield))


def no_skip_in_ci(report: Report) -> Report:
    """`report`, failed if it is a skip that CI has no excuse for: a green run shall mean that all of it ran."""
    reason = skip_reason(report)
    excused = "IMAGEBOT_SHARED" in reason and not SHARED.is_dir()
    if os.environ.get("CI") == "true" and reason and not excused:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where nothing may be: {reason}"
    return report


def skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why it was skipped; empty if it was not. An expected failure is reported as a skip and is none."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return ""
    return str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr) or "no reason"
