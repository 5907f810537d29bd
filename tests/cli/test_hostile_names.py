"""No verb gives a terminal orders or shows a reader what is not there, whatever files, commits and pages are called."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from imagebot.cli.main import VERBS
from tests.support.stage import NOON, Stage, set_up

TITLE, TURNED, C1, BAD = "\x1b]0;X\x07", "gpj.\u202eexe", "\x9b2J\u200b\u2028", "\udcff"
FOOLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
HOSTILE = f"a{TITLE}{TURNED}{C1}b"
POLICY = """\
app: podinfo
repository: environments
environments: {staging: {paths: ["staging/"]}}
images: [{image: IMAGE, semver: ^6}]
"""
WORDS: dict[str, list[list[str]]] = {
    "once": [["once"], ["once", "--json"]],
    "run": [["run"]],
    "plan": [["plan"], ["plan", "--json"]],
    "status": [["status"], ["status", "--json"]],
    "explain": [["explain", "podinfo"], ["explain", HOSTILE.replace("\x00", "")]],
    "history": [["history", "podinfo"], ["history", "podinfo", "--json"], ["history", "podinfo", "--csv"]],
    "rollback": [["rollback", "podinfo@staging", "--dry-run"], ["rollback", HOSTILE]],
    "hold": [["hold", "podinfo@staging", HOSTILE, "--because", "x"]],
    "unhold": [["unhold", "podinfo@staging", HOSTILE]],
    "suspend": [
        ["suspend", "podinfo@staging", "--because", HOSTILE.replace("\x00", "")],
        ["suspend", HOSTILE, "--because", "x"],
    ],
    "resume": [["resume", HOSTILE], ["resume", "podinfo@staging"]],
    "simulate": [["simulate", "podinfo"]],
    "select": [["select", "--semver", HOSTILE], ["select", "--current", HOSTILE, "--semver", "^1"]],
    "set": [["set", "nginx:2", "."], ["set", "nginx:2", "work", "--json", "--check"], ["set", HOSTILE, "."]],
    "pr": [["pr", "list"], ["pr", "show", "1"], ["pr", "show", "1", "--json"]],
    "init": [["init", "work", "--into", "new"], ["init", "plain", "--into", HOSTILE]],
    "fields": [["fields", "."], ["fields", ".", "--json"], ["fields", "nothing" + HOSTILE]],
    "demo": [["demo", "plain"], ["demo", HOSTILE.replace("\x00", "")]],
    "doctor": [["doctor"], ["doctor", "--json"]],
    "webhooks": [["webhooks"], ["webhooks", "--json"]],
    "lint": [["lint"], ["lint", "--json"], ["lint", "policies", HOSTILE]],
    "schema": [["schema", HOSTILE]],
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = set_up(tmp_path_factory.mktemp("stage"))
    stage.publish("6.5.3", "6.5.4")
    stage.policy(POLICY)
    stage.policy(f"app: [{HOSTILE}", f"{HOSTILE}.yaml")
    (stage.folder / "policies" / "odd.yaml").write_text(f'app: "\\e]0;X\\a"\n"\\u202ekey": 1\n# {TURNED}\n')
    broken = {f"staging/{HOSTILE}.yaml": f"image: IMAGE:6.5.3 # {TITLE}{TURNED}\n"}
    files = {f"staging/{TURNED}.yaml": f"image: IMAGE:6.5.3 # {TURNED}\n", **broken}
    stage.commit(files | {f"staging/{TURNED}.tpl": "{{ x }} nginx:1\n"}, message=f"subject {HOSTILE}", at=NOON)
    stage.git("-C", str(stage.clone()), "config", "user.name", f"Eve {TURNED}")
    plain = stage.folder / "plain"
    for name in (f"{HOSTILE}.yaml", f"{TURNED}.yaml", f"bytes{BAD}.yaml"):
        plain.mkdir(exist_ok=True)
        (plain / name).write_text(f"image: nginx:1 # {TURNED}\n")
        (plain / f"{name}.tpl").write_text("{{ x }} nginx:1\n")
        (plain / f"sound-{name}").write_text("a: {repository: redis}\nb: {image: 'nginx:1\u202e'}\n")
    with stage.registry:
        stage.imagebot("once")
        for record in stage.forge.folder.glob("*.md"):
            record.write_text(record.read_text() + f"\n{HOSTILE}\n")
        yield stage


def printed(stage: Stage, words: list[str]) -> tuple[str, str]:
    if words != ["run"]:
        said = stage.imagebot(*words)
        return said.out, said.err
    process = subprocess.Popen(
        [sys.executable, "-m", "imagebot", *words],
        cwd=stage.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    first = b""
    assert process.stderr
    while b"pass.finished" not in (line := process.stderr.readline()):
        first += line
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate()
    return out.decode(), (first + err).decode()


def test_every_verb_is_tried() -> None:
    assert WORDS.keys() == VERBS.keys()


@pytest.mark.parametrize("verb", WORDS)
def test_regret_a_file_name_gives_the_terminal_no_orders(stage: Stage, verb: str) -> None:
    stage.settings(log="{level: debug, format: text}")
    for words in WORDS[verb]:
        out, err = printed(stage, words)
        assert out + err, words
        assert FOOLS.findall(out + err) == [], words
        assert "Traceback" not in err
        if "--json" in words and out:
            json.loads(out)


def test_names_are_told_as_they_are_to_programs(stage: Stage) -> None:
    out, _ = printed(stage, ["fields", "plain", "--json"])
    files = {one["file"] for one in json.loads(out)["fields"]}
    assert {f"plain/{TURNED}.yaml", f"plain/{HOSTILE}.yaml"} <= files


def test_the_file_that_is_meant_can_be_told_on_a_terminal(stage: Stage, tmp_path: Path) -> None:
    out, _ = printed(stage, ["fields", "plain"])
    assert "plain/gpj.\\u202eexe.yaml:1" in out
    assert "bytes\\udcff.yaml" in out
