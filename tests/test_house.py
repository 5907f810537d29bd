"""The habits of the house that no linter knows. Read with `ast`: a word in a comment or a string breaks no rule."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from imagebot.cli.main import VERBS
from tests.support.python_source import is_or_is_in, parsed, source

ROOT = Path(__file__).parent.parent
CODE = sorted(ROOT.glob("imagebot/**/*.py"))
TESTS = sorted(ROOT.glob("tests/**/*.py"))
LOCKS = sorted(ROOT.glob("requirements/*.txt"))

TOP = {
    ".ci",
    ".dockerignore",
    ".editorconfig",
    ".gitattributes",
    ".github",
    ".gitignore",
    ".pre-commit-config.yaml",
    ".pre-commit-hooks.yaml",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "deploy",
    "docs",
    "imagebot",
    "policies",
    "pyproject.toml",
    "requirements",
    "tests",
}
LONGEST_FUNCTION = 60
LONGEST_FILE = 400
MOST_PARAMETERS = 6
# Longer than that, and why it is one thought.
LONG_FUNCTIONS: dict[str, str] = {}
LONG_FILES: dict[str, str] = {}

# Name -> the only files or folders that may use it. Everywhere else it comes in as an argument, or not at all.
ONLY_IN: dict[str, tuple[str, ...]] = {
    "os.environ": ("imagebot/settings/resolve.py",),
    "os.getenv": ("imagebot/settings/resolve.py",),
    "datetime.now": ("imagebot/clock.py",),
    "datetime.utcnow": (),
    "datetime.today": (),
    "date.today": (),
    "time.time": ("imagebot/clock.py",),
    "time.time_ns": ("imagebot/clock.py",),
    "time.clock_gettime": ("imagebot/clock.py",),
    "signal.signal": ("imagebot/stop.py",),
    "time.sleep": ("imagebot/gitrepo/lock.py", "imagebot/forge/manners.py", "imagebot/registry/pace.py"),
    # Before Python 3.12 it has one lock for all objects: only where nobody is asked, and only by the thread of a pass.
    "cached_property": (
        "imagebot/operations/base_history.py",
        "imagebot/cycle/index.py",
        "imagebot/cycle/branch_ownership.py",
        "imagebot/selection/facts.py",
    ),
    "random": (),
    # Git, and the programs that the settings allow to be asked for credentials.
    "subprocess": (
        "imagebot/cli/demo.py",
        "imagebot/gitrepo/process.py",
        "imagebot/registry/credential_program.py",
    ),
    "os.system": (),
    "pickle": (),
    "eval": (),
    "exec": (),
    "print": ("imagebot/cli/",),
    "sys.stdout": ("imagebot/cli/",),
}
# Library -> the rooms that may know it. To change one for another is then a matter of these files.
AT_HOME: dict[str, tuple[str, ...]] = {
    "alembic": ("imagebot/store/migrate.py", "imagebot/store/migrations/"),
    "apscheduler": ("imagebot/serve.py",),
    "azure": ("imagebot/registry/identities/azure.py",),
    "botocore": ("imagebot/registry/identities/aws.py",),
    "click": ("imagebot/cli/",),
    "cryptography": ("imagebot/publickey.py", "imagebot/trust/keyless.py"),
    "git": ("imagebot/gitrepo/",),
    "github": ("imagebot/forge/github",),
    "google": ("imagebot/registry/identities/gcp.py",),
    "gitlab": (),  # the tests ask it what it calls things
    "h11": ("imagebot/http_server.py",),
    "ijson": ("imagebot/registry/json_reader.py",),
    "jwt": ("imagebot/forge/github",),
    "oras": ("imagebot/registry/",),
    "pathspec": ("imagebot/policy/", "imagebot/fields/"),
    "pydantic": (
        "imagebot/documents/",
        "imagebot/forge/",
        "imagebot/policy/",
        "imagebot/settings/",
        "imagebot/versions/",
    ),
    "prometheus_client": ("imagebot/observe/exposition.py",),
    "psycopg": (),  # SQLAlchemy loads it, by the URL
    "re2": ("imagebot/policy/pattern.py", "imagebot/plan/codeowners.py"),
    "requests": ("imagebot/registry/", "imagebot/forge/", "imagebot/tls.py"),
    "rich": ("imagebot/cli/",),
    "ruamel": ("imagebot/documents/",),
    "sigstore": ("imagebot/trust/keyless.py",),
    "sigstore_models": ("imagebot/trust/keyless.py",),
    "sqlalchemy": ("imagebot/store/",),
    "structlog": ("imagebot/observe/",),
    "tuf": ("imagebot/registry/tuf_updater.py",),
    "yaml": ("imagebot/yamledit/",),
}
# What the person this is built for named: each does the part that is its own.
ASKED_FOR = {
    "apscheduler": "APScheduler",
    "git": "GitPython",
    "github": "PyGithub",
    "oras": "oras",
    "ruamel": "ruamel.yaml",
}
ASKED_FOR |= {"structlog": "structlog"}
NEVER_IN_TESTS = (
    "unittest.mock",
    "mock",
    "monkeypatch.setattr",
    "pytest_mock",
    "freezegun",
    "time.sleep",
    "asyncio.sleep",
)
HEAVY = tuple(AT_HOME.keys() - {"click"})


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def places(name: str, paths: Iterable[Path]) -> list[str]:
    """Where these files use that name, or what is in it."""
    found = (
        (path, line)
        for path in paths
        for used, lines in source(path).uses.items()
        if is_or_is_in(used, name)
        for line in lines
    )
    return [f"{relative(path)}:{line}" for path, line in found]


def is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def test_what_lies_at_the_top_was_put_there() -> None:
    """Whatever a program drops where it was started is not swept into a commit."""
    asked = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.splitlines()
    assert {name.partition("/")[0] for name in names} == TOP
    assert not [name for name in names if name.endswith((".pyc", ".log", ".orig"))]


def test_a_doorway_holds_one_docstring_and_no_furniture() -> None:
    rooms = [path for path in CODE if path.name == "__init__.py" and path.parent.name != "imagebot"]
    assert rooms
    crowded = [relative(path) for path in rooms if [is_docstring(node) for node in parsed(path).body] != [True]]
    assert crowded == []


def test_importing_imagebot_does_nothing_but_say_its_version() -> None:
    docstring, *rest = parsed(ROOT / "imagebot" / "__init__.py").body
    assert is_docstring(docstring)
    assert [ast.unparse(node).partition(" = ")[0] for node in rest] == ["__version__"]


def test_every_module_says_what_it_is_for() -> None:
    named_after_what_they_test = [path for path in TESTS if path.name.startswith("test_")]
    spoken_for = {*named_after_what_they_test, *(path for path in TESTS if path.name == "__init__.py")}
    every = [path for path in CODE + TESTS if path not in spoken_for]
    silent = [relative(path) for path in every if not source(path).docstring]
    assert silent == []


@pytest.mark.parametrize(
    ("code", "name", "seen"),
    [
        pytest.param("import os\nos.environ['A']", "os.environ", True, id="attribute"),
        pytest.param("import os as o\no.environ", "os.environ", True, id="renamed module"),
        pytest.param("import os.path\nos.environ", "os.environ", True, id="beside a submodule"),
        pytest.param("from os import environ as e", "os.environ", True, id="renamed name"),
        pytest.param("import datetime\ndatetime.datetime.now(None)", "datetime.now", True, id="method"),
        pytest.param("from datetime import datetime as d\nd.now()", "datetime.now", True, id="renamed class"),
        pytest.param("from unittest.mock import patch", "unittest.mock", True, id="inside"),
        pytest.param("import os.path\nos.path.join", "os.environ", False, id="another name of the module"),
        pytest.param("git = 1\ngit", "git", False, id="variable named like a library"),
        pytest.param("def f(monkeypatch): monkeypatch.setattr", "monkeypatch.setattr", True, id="fixture"),
        pytest.param("print()", "print", True, id="builtin"),
        pytest.param("# os.environ\n'os.environ'", "os.environ", False, id="comment and string"),
        pytest.param("import x\nx.eval('1')", "eval", False, id="method named like a builtin"),
    ],
)
def test_the_reader_of_code_sees_through_spelling(tmp_path: Path, code: str, name: str, seen: bool) -> None:
    path = tmp_path / "some.py"
    path.write_text(code)
    assert any(is_or_is_in(used, name) for used in source(path).uses) == seen


@pytest.mark.parametrize(("library", "package"), ASKED_FOR.items())
def test_what_was_asked_for_is_used(library: str, package: str) -> None:
    used = {name.partition(".")[0] for path in CODE for name in source(path).uses}
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert library in used
    assert [one for one in dependencies if one.startswith(f"{package}>=")]


@pytest.mark.parametrize("name", [*ONLY_IN, *AT_HOME])
def test_each_effect_and_each_library_has_its_place(name: str) -> None:
    homes = {**ONLY_IN, **AT_HOME}[name]
    elsewhere = [path for path in CODE if not relative(path).startswith(homes)]
    assert places(name, elsewhere) == [], f"{name} is for {' and '.join(homes) or 'nobody'}"


@pytest.mark.parametrize("name", NEVER_IN_TESTS)
def test_tests_use_fakes_with_a_front_door(name: str) -> None:
    assert places(name, TESTS) == []


def test_no_secret_of_a_test_is_a_word() -> None:
    """It is masked from then on in all that the process says, and tests that come later expect that word."""
    found = [
        f"{relative(path)}: {word}"
        for path in TESTS
        for word in re.findall(r"""(?:Secret\(|\.(?:token|password) = )"([A-Za-z '.-]{6,})\"""", path.read_text())
    ]
    assert found == []


def test_only_the_proof_makes_proved_bytes() -> None:
    """`Proved` is what commits and files are made of: no other module calls a file that, or casts it to it."""
    proof = ROOT / "imagebot" / "yamledit" / "prove.py"
    assert {path for path in CODE + TESTS if source(path).makes_proofs} == {proof}


def test_a_name_is_one_things() -> None:
    """No two public classes share a name, but what forges answer: there each forge has its own of one thing."""
    homes: dict[str, set[str]] = defaultdict(set)
    for path in CODE:
        home = "a forge's answers" if path.match("imagebot/forge/*_answers.py") else relative(path)
        for name in source(path).classes:
            if not name.startswith("_"):
                homes[name].add(home)
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


def test_functions_are_short() -> None:
    every = [(path, one) for path in CODE + TESTS for one in source(path).functions]
    lengths = {f"{relative(path)}:{one.name}": one.lines for path, one in every}
    too_long = {name for name, count in lengths.items() if count > LONGEST_FUNCTION}
    assert too_long == LONG_FUNCTIONS.keys()


def test_functions_take_few_arguments() -> None:
    """A function that wants one more argument lacks a noun."""
    every = [(path, one) for path in CODE + TESTS for one in source(path).functions]
    assert [f"{relative(path)}:{one.line}" for path, one in every if one.parameters > MOST_PARAMETERS] == []


def test_files_are_short() -> None:
    lengths = {relative(path): len(path.read_bytes().splitlines()) for path in CODE + TESTS}
    assert {name for name, count in lengths.items() if count > LONGEST_FILE} == LONG_FILES.keys()


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_a_file_with_a_command_and_an_example(verb: str) -> None:
    command = import_module(f"imagebot.cli.{verb}").command
    assert isinstance(command, click.Command)
    shown = CliRunner().invoke(command, ["--help"], prog_name=f"imagebot {verb}")
    assert shown.exit_code == 0
    _, _, after_usage = shown.output.partition("\n")
    assert f"imagebot {verb}" in after_usage, "its help shows no example"


def test_the_version_costs_no_library() -> None:
    script = (
        "import sys; from imagebot.cli.main import main; main(['--version'], standalone_mode=False);"
        f"print(*sorted(set({HEAVY}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.startswith("imagebot, version ")
    assert done.stderr.split() == []


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_locks_hold_a_hash_for_everything_and_no_address(path: Path) -> None:
    text = path.read_text().replace("\\\n", "")
    pins = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert pins
    assert [line for line in pins if "==" not in line or "--hash=sha256:" not in line] == []
    assert "://" not in text
    names = {line.partition("==")[0] for line in pins}
    assert {name.partition("[")[0] for name in names} <= names, "pip cannot install this: see tests/lock.py"


def test_locks_agree_on_versions() -> None:
    """What is tested is what runs: each library that two locks name has one version."""
    pins = {
        path.name: dict(line.split()[0].split("==") for line in path.read_text().splitlines() if "==" in line)
        for path in LOCKS
    }
    assert pins["run.txt"].items() <= pins["dev.txt"].items()
    assert pins["build.txt"].items() <= pins["dev.txt"].items()
