"""Readies a machine for the tests: the virtual environment, the servers they talk to, the forges' API descriptions.

Standard library only, for it runs before anything is installed. What is there already is left alone, so a second
run does nothing. `venv` readies the virtual environment alone, `fuzz` what only fuzzing needs, `mutants` what only the
mutants do and `picture` what only the README's picture does; without an argument all but these three are readied.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "ready"
LOCK = ROOT / "requirements" / "dev.txt"
FUZZ_LOCK = ROOT / "requirements" / "fuzz.txt"
MUTANTS_LOCK = ROOT / "requirements" / "mutants.txt"
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
FUZZER = ROOT / ".cache" / "fuzz" / f"atheris-{MINOR}"
MUTATOR = ROOT / ".cache" / "mutants" / f"cosmic-ray-{MINOR}"
API_DESCRIPTIONS = ROOT / "tests" / "support" / "api_descriptions.py"
SERVICE_POLICY = Path("/usr/sbin/policy-rc.d")
# Debian keeps servers where only root's PATH looks, and PostgreSQL's in a folder for each of its releases.
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")
POSTGRESQL = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Tool:
    """A program that tests or their set-up run, the Debian packages that bring it and the services that come along."""

    program: str
    packages: str
    services: tuple[str, ...] = ()


TOOLS = (
    Tool("docker-registry", "docker-registry", ("docker-registry.service",)),
    Tool("curl", "curl"),
    Tool("openssl", "openssl"),
    Tool("sshd", "openssh-server", ("ssh.service", "ssh.socket")),
    Tool("ssh", "openssh-client"),
    Tool("gpg", "gpg"),
    Tool("gpg-agent", "gpg-agent"),
    Tool("npm", "npm"),
    Tool("postgres", "postgresql", ("postgresql.service",)),
)
BROWSER = (Tool("chromium", "chromium fonts-noto-core"),)


def main(arguments: Sequence[str]) -> None:
    """Ready what `arguments` name, or all of it."""
    if sys.version_info < (3, 11):  # noqa: UP036  whatever is called python3 runs this
        sys.exit(
            f"set-up: imagebot needs Python 3.11 or later; {sys.executable} is {platform.python_version()}: "
            "say which to use, as in `make test PYTHON=python3.12`"
        )
    ready_venv()
    if arguments == ["fuzz"]:
        if not ready_beside(FUZZER, FUZZ_LOCK, "--only-binary", ":all:"):
            say("no atheris, so fuzzing goes without coverage")
    elif arguments == ["mutants"]:
        if not ready_beside(MUTATOR, MUTANTS_LOCK):
            sys.exit("set-up: no cosmic-ray, and nothing else makes mutants")
    elif arguments == ["picture"]:
        ready_tools(BROWSER)
    elif arguments != ["venv"]:
        ready_tools(TOOLS)
        ready_api_descriptions()


def ready_venv() -> None:
    """A virtual environment with the locked libraries and this checkout, made again only when one of them changed."""
    place = f"{platform.python_version()} {VENV}"
    content = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    known = STAMP.read_text().splitlines() if STAMP.exists() and PYTHON.exists() else []
    if known == [place, content]:
        return
    if known[:1] != [place]:
        make_venv()
    STAMP.unlink(missing_ok=True)
    say("installing the locked libraries")
    pip("--require-hashes", "--requirement", str(LOCK))
    pip("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    STAMP.write_text(f"{place}\n{content}\n")


def ready_beside(place: Path, lock: Path, *flags: str) -> bool:
    """Libraries beside the virtual environment: whoever cannot have them still runs all the tests."""
    stamp = place / "ready"
    if stamp.is_file() and stamp.read_bytes() == lock.read_bytes():
        return True
    place.parent.mkdir(parents=True, exist_ok=True)
    install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *flags]
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        target = Path(folder) / place.name
        command = [*install, "--require-hashes", "--requirement", str(lock), "--target", str(target)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            say((done.stderr.strip().splitlines() or ["pip said nothing"])[-1])
            return False
        shutil.copy(lock, target / stamp.name)
        shutil.rmtree(place, ignore_errors=True)
        target.rename(place)
    return True


def make_venv() -> None:
    """Debian cuts `ensurepip` out of Python into a package of its own."""
    package = f"python3.{sys.version_info.minor}-venv"
    if not has_ensurepip():
        prefix = apt_rights()
        if prefix is not None:
            say(f"installing {package}")
            apt_install(prefix, [package])
    if not has_ensurepip():
        sys.exit(f"set-up: {sys.executable} cannot make virtual environments: `apt-get install {package}` as root")
    run([sys.executable, "-m", "venv", "--clear", str(VENV)])


def has_ensurepip() -> bool:
    """Asked in a new process, since this one remembers what it did not find."""
    return (
        subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode
        == 0
    )


def pip(*arguments: str) -> None:
    run([str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments])


def ready_tools(tools: Sequence[Tool]) -> None:
    """Install the programs that tests run where this account may, and say what will be skipped where it may not."""
    missing = missing_of(tools)
    prefix = apt_rights() if missing else None
    if prefix is not None:
        say(f"installing {packages_of(missing)}")
        apt_install(prefix, packages_of(missing).split())
        # Only the programs are wanted: no server of ours shall run after the next boot either.
        services = [service for tool in missing for service in tool.services]
        if services and shutil.which("systemctl"):
            subprocess.run([*prefix, "systemctl", "--quiet", "disable", *services], capture_output=True, check=False)
    missing = missing_of(tools)
    if missing:
        say(f"`apt-get install {packages_of(missing)}` as root; tests that need it will be skipped until then")


def missing_of(tools: Sequence[Tool]) -> list[Tool]:
    return [tool for tool in tools if shutil.which(tool.program, path=search_path()) is None]


def search_path() -> str:
    """Where programs are looked for, as it is now: an installation may have added a folder."""
    folders = [os.environ.get("PATH", os.defpath), *SBIN, *map(str, POSTGRESQL.glob("*/bin"))]
    return os.pathsep.join(folders)


def packages_of(tools: list[Tool]) -> str:
    return " ".join(tool.packages for tool in tools)


def apt_rights() -> list[str] | None:
    """What to put before `apt-get` so that it may install; None where it may not, or is not there."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


def apt_install(prefix: list[str], packages: list[str]) -> None:
    """Whether it worked shows in what is there afterwards; `apt-get` itself says what is wrong."""
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--quiet"]
    with no_service_starts(prefix):
        subprocess.run([*apt, "update"], check=False)
        install = [*apt, "install", "--yes", "--no-install-recommends", *packages]
        subprocess.run(install, stdout=subprocess.DEVNULL, check=False)


@contextmanager
def no_service_starts(prefix: list[str]) -> Iterator[None]:
    """Debian starts a service as it installs it, unless this file says no (exit code 101)."""
    if SERVICE_POLICY.exists():
        yield
        return
    script = b"#!/bin/sh\nexit 101\n"
    subprocess.run([*prefix, "install", "-m", "755", "/dev/stdin", str(SERVICE_POLICY)], input=script, check=True)
    try:
        yield
    finally:
        subprocess.run([*prefix, "rm", "-f", str(SERVICE_POLICY)], check=True)


def ready_api_descriptions() -> None:
    """The descriptions that the fake forges hold requests and answers against; kept in `.cache/`."""
    if (
        API_DESCRIPTIONS.exists()
        and subprocess.run([str(PYTHON), "-m", "tests.support.api_descriptions"], cwd=ROOT, check=False).returncode
    ):
        say("an API description is missing: tests that need it will be skipped")


def run(command: list[str]) -> None:
    """Raises `SystemExit` with the command's own exit code: it has said on standard error what is wrong."""
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode:
        say(f"this failed: {' '.join(command)}")
        sys.exit(done.returncode)


def say(line: str) -> None:
    print(f"set-up: {line}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
