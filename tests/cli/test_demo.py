"""`imagebot demo`: works on any machine with git, can be looked at afterwards, and destroys nothing."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import pytest

from imagebot.demo.folder import make
from tests.support.alone import free_port
from tests.support.forked import run_verb
from tests.support.git_repos import BareRepository


@pytest.fixture
def port() -> str:
    """One that was free a moment ago."""
    return str(free_port())


@pytest.mark.timeout(240)
def test_the_demo_leaves_what_it_tells_of(tmp_path: Path, port: str) -> None:
    make(tmp_path / "look", int(port))  # one that is there is made anew
    (tmp_path / "look" / "environments.pulls").mkdir()

    code, out, err = run_verb(tmp_path, ["demo", "look", "--port", port], {"IMAGEBOT_CONFIG": "somebody's.yaml"})

    assert (code, err) == (0, ""), out
    assert "opened   deps(production): podinfo 6.5.3 → 6.5.4" in out
    assert "updated  deps(staging): podinfo 6.5.3 → 6.6.0" in out
    assert "imagebot init" in out
    assert sorted(BareRepository(tmp_path / "look" / "environments.git").branches()) == [
        "imagebot/production/shop",
        "imagebot/staging/podinfo",
        "imagebot/staging/shop",
        "main",
    ]
    code, out, err = run_verb(tmp_path / "look", ["pr", "list"], {})
    assert (code, err) == (0, "")
    assert out.count("open") == 3
    code, out, err = run_verb(tmp_path / "look", ["lint"], {})
    assert (code, err) == (0, "")


def test_the_registry_of_a_demo_that_was_made_is_there_again(tmp_path: Path, port: str) -> None:
    words = [sys.executable, "-m", "imagebot", "demo", "--serve", "--port", port]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        connection = HTTPConnection("localhost", int(port))
        connection.request("GET", "/v2/stefanprodan/podinfo/tags/list")
        tags = json.load(connection.getresponse())["tags"]
        connection.close()
        process.send_signal(signal.SIGINT)
        process.communicate()

    assert said == f"the demo's registry answers at localhost:{port} until Ctrl-C\n"
    assert "6.6.0" in tags
    assert (process.returncode, list(tmp_path.iterdir())) == (128 + signal.SIGINT, [])


def test_a_folder_of_somebodys_that_is_no_demo_is_left_as_it_is(tmp_path: Path, port: str) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "imagebot.yaml").write_text("policies: []\n")

    code, _, err = run_verb(tmp_path, ["demo", "mine", "--port", port], {})

    assert code == 2
    assert err == "imagebot: mine is there already, and no demo: name another folder, `imagebot demo FOLDER`\n"
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["imagebot.yaml"]


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]

        code, _, err = run_verb(tmp_path, ["demo", "--port", str(number)], {})

    assert code == 1
    assert err == (
        f"imagebot: the demo's registry cannot listen on port {number}: Address already in use;"
        " name another one with --port\n"
    )
    assert list(tmp_path.iterdir()) == []
