"""A skip is red in CI: seen from outside, by a run of pytest on a small test of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parent / "conftest.py"
SKIPS = "import pytest\ndef test_a() -> None:\n    pytest.skip({reason!r})\n"
SKIPS_ALL = "import pytest\npytest.skip({reason!r}, allow_module_level=True)\n"
XFAILS = "import pytest\n@pytest.mark.xfail(strict=True)\ndef test_a() -> None:\n    assert False\n"
NO_SHARED = "set IMAGEBOT_SHARED to the folder of shared data"


@pytest.mark.parametrize(
    ("test", "reason", "ci", "shared", "passes"),
    [
        pytest.param(SKIPS, "no sshd", "true", "", False, id="in CI"),
        pytest.param(SKIPS_ALL, "no sshd", "true", "", False, id="a whole file in CI"),
        pytest.param(SKIPS, "no sshd", "", "", True, id="at a desk"),
        pytest.param(SKIPS, NO_SHARED, "true", "nowhere", True, id="CI has no shared data"),
        pytest.param(SKIPS, NO_SHARED, "true", ".", False, id="CI has shared data"),
        pytest.param(XFAILS, "", "true", "", True, id="an expected failure is no skip"),
    ],
)
def test_nothing_is_skipped_in_ci(tmp_path: Path, test: str, reason: str, ci: str, shared: str, passes: bool) -> None:
    shutil.copy(CONFTEST, tmp_path)
    (tmp_path / "test_it.py").write_text(test.format(reason=reason) + "def test_b() -> None: ...\n")
    environment = {**os.environ, "CI": ci, "IMAGEBOT_SHARED": str(tmp_path / shared)}
    assert run_pytest(tmp_path, environment) == passes


def test_git_of_a_hook_does_not_reach_the_tests(tmp_path: Path) -> None:
    shutil.copy(CONFTEST, tmp_path)
    (tmp_path / "test_it.py").write_text("import os\ndef test_a() -> None:\n    assert 'GIT_DIR' not in os.environ\n")
    assert run_pytest(tmp_path, {**os.environ, "GIT_DIR": str(tmp_path)})


def run_pytest(folder: Path, environment: dict[str, str]) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "."]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False).returncode == 0
