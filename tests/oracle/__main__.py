"""Ask two other implementations of semantic ranges what ours answers by: npm's, and Masterminds' as Debian has it.

`tests/versions/answers.txt` is the law, what Masterminds 3.4 and later answer. Debian has an older one, and npm means
something else by some texts: every row in which they differ stands in `differences.txt`, and no other may.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.versions.answers import ANSWERS, VERSIONS

HERE = Path(__file__).parent
CACHE = HERE.parent.parent / ".cache" / "oracle"
PACKAGE = "golang-github-masterminds-semver-dev"
DIFFERENCES = HERE / "differences.txt"

Answers = list[list[str] | None]


def main(arguments: Sequence[str]) -> int:
    """Compare, and say what is new; `--write` makes `differences.txt` anew. 0: as known; 1: not; 2: nobody to ask."""
    CACHE.mkdir(parents=True, exist_ok=True)
    rows: list[str] = []
    asked = 0
    for name, oracle in (("masterminds", masterminds), ("npm", npm)):
        answers = oracle()
        if answers is None:
            print(f"oracle: {name} cannot be asked here", file=sys.stderr)
            return 2
        asked += len(answers) * len(VERSIONS)
        rows += differences(name, answers)
    if "--write" in arguments:
        DIFFERENCES.write_text("".join(f"{row}\n" for row in [*head(), *rows]))
    known = [line for line in DIFFERENCES.read_text().splitlines() if line and not line.startswith("#")]
    for row in sorted({*rows} ^ {*known}):
        print(f"{'new' if row in rows else 'gone'}: {row}")
    print(f"{asked} answers compared, {len(rows)} ranges answered otherwise, {len({*known} - {*rows})} of them gone")
    return 0 if set(rows) == set(known) else 1


def head() -> list[str]:
    """What the file of differences says of itself."""
    return [
        "# Ranges that others answer otherwise: + what they let in besides, - what they do not. Made by",
        "# `python -m tests.oracle --write`; Masterminds is Debian's 3.2.0, and the answers of 3.4 and later are ours.",
    ]


def differences(name: str, answers: Answers) -> list[str]:
    """One line for each range that an oracle answers otherwise."""
    rows = []
    for (text, let_in, _), theirs in zip(ANSWERS, answers, strict=True):
        if theirs is None:
            rows.append(f"{name}\t{text}\tcannot be read")
            continue
        besides = [f"+{one}" for one in VERSIONS if one in theirs and one not in let_in]
        lacking = [f"-{one}" for one in VERSIONS if one not in theirs and one in let_in]
        if besides or lacking:
            rows.append(f"{name}\t{text}\t{' '.join(besides + lacking)}")
    return rows


def masterminds() -> Answers | None:
    """The answers of the Go library in Debian's package, which is unpacked here and installed nowhere."""
    source = CACHE / "deb/usr/share/gocode/src/github.com/Masterminds/semver"
    if not source.is_dir():
        fetched = tool("apt-get") and run(["apt-get", "--quiet", "download", PACKAGE])
        packages = sorted(CACHE.glob(f"{PACKAGE}_*.deb"))
        if not fetched or not packages or not run(["dpkg-deb", "--extract", str(packages[-1]), "deb"]):
            return None
    program = CACHE / "masterminds"
    program.mkdir(exist_ok=True)
    shutil.copy(HERE / "masterminds.go", program / "main.go")
    module = "module oracle\n\ngo 1.18\n\nrequire github.com/Masterminds/semver/v3 v3.0.0\n"
    (program / "go.mod").write_text(f"{module}\nreplace github.com/Masterminds/semver/v3 => {source}\n")
    return ask(["go", "run", "."], program) if tool("go") else None


def npm() -> Answers | None:
    """The answers of the library that npm uses, from npm's registry."""
    if not (CACHE / "node_modules/semver").is_dir() and not (
        tool("npm") and run(["npm", "install", "--silent", "--no-save", "--prefix", str(CACHE), "semver@7"])
    ):
        return None
    shutil.copy(HERE / "npm.cjs", CACHE / "npm.cjs")
    return ask(["node", "npm.cjs"], CACHE) if tool("node") else None


def tool(name: str) -> bool:
    """Whether a program is there; says so where it is not."""
    if shutil.which(name) is None:
        print(f"oracle: install {name}", file=sys.stderr)
        return False
    return True


def run(command: list[str]) -> bool:
    return subprocess.run(command, cwd=CACHE, check=False, stdout=subprocess.DEVNULL).returncode == 0


def ask(command: list[str], folder: Path) -> Answers | None:
    """Put the whole table to a program."""
    table = json.dumps({"versions": VERSIONS, "ranges": [row[0] for row in ANSWERS]})
    done = subprocess.run(command, cwd=folder, input=table, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stderr, file=sys.stderr)
        return None
    read: Callable[[str], Answers] = json.loads
    return read(done.stdout)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
