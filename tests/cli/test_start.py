"""Which libraries each verb loads: what it does not need, its caller does not wait for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from imagebot.cli.main import VERBS

LIBRARIES = {
    "alembic", "apscheduler", "asyncio", "azure", "botocore", "cryptography", "git", "github", "google", "ijson",
    "jsonschema", "jwt", "oras", "pathspec", "prometheus_client", "psycopg", "pydantic", "re2", "requests", "rich",
    "ruamel", "sqlalchemy", "structlog", "urllib3", "yaml",
}  # fmt: skip
CLOUDS = {"azure", "botocore", "google"}
ALL_BUT = {
    "alembic",
    "apscheduler",
    "asyncio",
    "cryptography",
    "github",
    "jsonschema",
    "jwt",
    "prometheus_client",
    "psycopg",
    "sqlalchemy",
    *CLOUDS,
}
MODELS = {"pathspec", "pydantic", "re2", "ruamel", "yaml"}
MAY_LOAD = {
    "set": {"yaml"},
    "fields": {"yaml"},
    "select": {"pydantic", "re2"},
    "lint": MODELS,
    "run": LIBRARIES - ALL_BUT | {"apscheduler", "asyncio"},
}
LOOKS = (
    'import sys; from imagebot.cli.main import main; main(sys.argv[1:], standalone_mode=False)\nprint("", *sys.modules)'
)


def loaded(folder: Path, *words: str) -> set[str]:
    """The libraries that a process has loaded once it has done what `words` ask."""
    done = subprocess.run(
        [sys.executable, "-c", LOOKS, *words], input="1.0.0\n", capture_output=True, text=True, check=True, cwd=folder
    )
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()} & LIBRARIES


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_loads_what_it_does_not_need(tmp_path: Path, verb: str) -> None:
    script = f"import sys, imagebot.cli.{verb}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    libraries = {name.partition(".")[0] for name in done.stdout.split()} & LIBRARIES
    assert libraries <= MAY_LOAD.get(verb, LIBRARIES - ALL_BUT)


@pytest.mark.parametrize(
    ("words", "may"),
    [
        pytest.param(["select", "--semver", "^1", "--match", "^1"], {"pydantic", "re2"}, id="select"),
        pytest.param(["fields", "pod.yaml"], {"yaml"}, id="fields"),
        pytest.param(["set", "--check", "nginx:1.27", "pod.yaml"], {"yaml"}, id="set"),
        pytest.param(["lint", "policies"], MODELS, id="lint"),
    ],
)
def test_a_verb_that_has_done_its_work_has_loaded_no_more(tmp_path: Path, words: list[str], may: set[str]) -> None:
    (tmp_path / "pod.yaml").write_text("image: nginx:1.27\n")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "a.yaml").write_text(
        "app: a\nrepository: r\nenvironments: {e: {}}\nimages: [{image: nginx, semver: ^1}]\n"
    )
    assert loaded(tmp_path, *words) <= may


def test_what_is_printed_last_is_not_lost(tmp_path: Path) -> None:
    """The process ends at once; that the disk is full is told all the same."""
    command = [sys.executable, "-m", "imagebot", "select", "--semver", "^1"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, input=b"1.0.0", stdout=full, stderr=subprocess.PIPE, check=False, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith(b"imagebot: what it says cannot be written: No space left on device\n")
    told = subprocess.run(command, input=b"1.0.0", capture_output=True, check=True, cwd=tmp_path)
    assert told.stdout == b"1.0.0\n"


def test_what_is_many_and_stays_is_not_searched_for_garbage_again_and_again(tmp_path: Path) -> None:
    script = """
import gc
gc.disable()
from imagebot.cli.main import main
main.get_command(None, "schema")
kept = [[] for _ in range(500_000)]
print(gc.get_stats()[1]["collections"] > 0, gc.get_stats()[2]["collections"])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "True 0\n"
