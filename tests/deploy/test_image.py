"""The Dockerfile, as far as it can be known without Docker: its instructions, and the steps that are pip's."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()


def instructions() -> list[tuple[str, str]]:
    """Each instruction and its arguments, continued lines joined, comments dropped."""
    code = "\n".join(line for line in DOCKERFILE.splitlines() if not line.startswith("#")).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in code.splitlines() if line)]


def arguments(word: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == word]


def last_stage() -> list[tuple[str, str]]:
    starts = [number for number, (word, _) in enumerate(instructions()) if word == "FROM"]
    return instructions()[starts[-1] :]


def sources() -> set[str]:
    """The files and folders of this repository that go into the image."""
    return {source for copy in arguments("COPY") if "--from" not in copy for source in copy.split()[:-1]}


def test_its_base_can_be_pinned_from_outside() -> None:
    assert arguments("ARG") == ["PYTHON=python:3.13-slim"]
    assert {base.split()[0] for base in arguments("FROM")} == {"${PYTHON}"}


def test_it_runs_as_the_user_that_the_pod_runs_as() -> None:
    deployment = yaml.safe_load((ROOT / "deploy" / "kubernetes" / "deployment.yaml").read_text())
    context = deployment["spec"]["template"]["spec"]["securityContext"]
    assert [rest for word, rest in last_stage() if word == "USER"] == [
        f"{context['runAsUser']}:{context['runAsGroup']}"
    ]


def test_ssh_knows_the_user() -> None:
    """OpenSSH ends with "No user exists for uid" where /etc/passwd does not name it."""
    assert any("useradd --uid 65532 " in rest for word, rest in last_stage() if word == "RUN")


def test_it_carries_what_git_needs_and_no_compiler_or_pip() -> None:
    run = " ".join(rest for word, rest in last_stage() if word == "RUN")
    assert {"ca-certificates", "git", "gpg", "gpg-agent", "openssh-client"} <= set(run.split())
    assert "pip" not in run
    assert "--without-pip" in DOCKERFILE


def test_every_library_comes_with_its_hash() -> None:
    installs = [step for run in arguments("RUN") for step in run.split("&&") if " install " in step and "pip" in step]
    assert len(installs) == 3
    assert all("--require-hashes" in step or "--no-index" in step for step in installs)


def test_it_copies_no_more_than_the_context_lets_through() -> None:
    """`.dockerignore` shuts everything out but what it names: a token lying about reaches no layer."""
    first, *rest = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    let_in = {line.removeprefix("!") for line in rest if line.startswith("!")}
    assert first == "*"
    assert {source.split("/")[0] for source in sources()} == let_in
    assert all((ROOT / source).exists() for source in sources())
    assert arguments("ADD") == []


def test_it_starts_the_bot_without_a_shell() -> None:
    """A shell as process 1 would keep SIGTERM from the bot."""
    assert arguments("ENTRYPOINT") == ['["imagebot"]']
    assert arguments("CMD") == ['["run"]']


def test_nothing_secret_is_baked_in() -> None:
    assert not re.search(r"(?i)token|password|secret", " ".join(arguments("ENV") + arguments("ARG")))


def test_the_wheel_holds_every_module_and_the_licence(tmp_path: Path) -> None:
    """As the Dockerfile builds it, from nothing but what it copies."""
    source = tmp_path / "source"
    for copied in sources():
        if (ROOT / copied).is_dir():
            shutil.copytree(ROOT / copied, source / copied, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (source / copied).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / copied, source / copied)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", str(tmp_path), str(source)], check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {path.relative_to(ROOT).as_posix() for path in ROOT.glob("imagebot/**/*.py")} <= names
    assert {f"imagebot/demo/{path.relative_to(ROOT)}" for path in ROOT.glob("policies/*.yaml")} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
