"""`imagebot doctor`: on a real registry and a real repository, and where each of them is ill."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from imagebot.cli.compose import load
from imagebot.operations.diagnosis import Diagnosis, Health
from imagebot.operations.doctor import examine
from imagebot.operations.remote_checks import clocks
from imagebot.store.lock import only_bot
from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.support import canary
from tests.support.fulcio import Sigstore
from tests.support.stage import NOON, Stage, set_up
from tests.support.tuf_repository import TufFiles
from tests.support.web_function import Answer, Served


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4", "latest")
    stage.policy(POLICY)
    stage.commit({"staging/app.yaml": DEPLOYMENT})
    with stage.registry:
        yield stage


def everything(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below, by its size and when it was changed."""
    return {str(path): (path.lstat().st_size, path.lstat().st_mtime_ns) for path in folder.rglob("*")}


def diagnoses(stage: Stage) -> list[Diagnosis]:
    _, policies = load(stage.config)
    return examine(stage.world(), policies)


def ill(stage: Stage) -> list[str]:
    return [
        f"{one.health} {one.check} {one.party}: {one.said}" for one in diagnoses(stage) if one.health is not Health.OK
    ]


def test_all_is_well_and_nothing_is_written(stage: Stage) -> None:
    stage.commit({"x": "y"}, branch="imagebot/staging/podinfo")
    before = everything(stage.folder)
    said = stage.imagebot("doctor")
    assert everything(stage.folder) == before
    assert (said.code, said.err) == (0, "")
    lines = [line for line in said.out.splitlines() if "free on its disk" not in line]
    assert lines[0].startswith("ok    git: git version ")
    assert lines[1:] == [
        "ok    policies: 1 sound",
        f"ok    state: {stage.folder}/state can be written and is made by the first pass",
        "ok    database: state.db is made by the first pass",
        "ok    proxy: none: hosts are asked directly",
        "ok    repository environments: git reaches main, 1 branch of the bot",
        "ok    forge environments: local answers: pull requests can be written as files",
        f"ok    registry {stage.registry.host}: answers about 1 of 1 watched images, asked anonymously",
        lines[-1],
    ]
    assert lines[-1] == f"0 wrong, 0 look, {len(lines)} ok"  # one line is left out above, and one is this


def test_after_a_pass_the_database_is_read_and_no_byte_of_it_changes(stage: Stage) -> None:
    stage.one_pass()
    before = everything(stage.folder)
    assert ill(stage) == []
    assert everything(stage.folder) == before


def test_it_is_data_for_programs(stage: Stage) -> None:
    said = stage.imagebot("doctor", "--json")
    assert {"check": "policies", "party": "", "health": "ok", "said": "1 sound"} in json.loads(said.out)


def break_registry(stage: Stage) -> None:
    stage.registry.close()


def break_repository(stage: Stage) -> None:
    stage.bare.rename(stage.folder / "gone.git")


def break_branch(stage: Stage) -> None:
    stage.settings(repository="    branch: production\n")


def break_policies(stage: Stage) -> None:
    stage.policy("app: x\n", "broken.yaml")


def break_state(stage: Stage) -> None:
    (stage.folder / "state").write_text("a file")


def break_database(stage: Stage) -> None:
    (stage.folder / "state").mkdir()
    (stage.folder / "state" / "state.db").write_bytes(b"no database" * 100)


def break_key(stage: Stage) -> None:
    (stage.folder / "key").write_text("no key")
    stage.settings("author: {signing: {sshKeyFile: key}}\n")


def break_trust(stage: Stage) -> None:
    (stage.folder / "cosign.pub").write_text("no key")
    stage.settings("trust: {keys: {release: cosign.pub}}\n")


@pytest.mark.parametrize(
    ("broken", "told", "code"),
    [
        pytest.param(break_registry, "wrong registry {host}: {host} ", 1, id="registry"),
        pytest.param(break_repository, "wrong repository environments: ", 1, id="repository"),
        pytest.param(
            break_branch,
            "wrong repository environments: git reaches it, and it has no branch production: write its `branch`",
            1,
            id="branch",
        ),
        pytest.param(
            break_policies, "wrong policies : 3 problems, 1 sound: `imagebot lint` shows where", 2, id="policies"
        ),
        pytest.param(
            break_trust, "wrong trust release: the key release in {folder}/cosign.pub cannot be used", 2, id="trust"
        ),
        pytest.param(break_state, "wrong state : {folder}/state is no folder: set `state`", 2, id="state"),
        pytest.param(break_database, "wrong database : state.db cannot be read", 2, id="database"),
        pytest.param(
            break_key, "wrong signing : cannot sign with {folder}/key: it holds no ssh private key", 2, id="key"
        ),
    ],
)
def test_one_that_is_ill_stops_no_other(stage: Stage, broken: Callable[[Stage], None], told: str, code: int) -> None:
    well = {(one.check, one.party) for one in diagnoses(stage)}
    broken(stage)
    found = diagnoses(stage)
    said = [f"{one.health} {one.check} {one.party}: {one.said}" for one in found if one.health is Health.WRONG]
    assert len(said) == 1
    assert said[0].startswith(told.format(host=stage.registry.host, folder=stage.folder))
    assert max(one.exit_code for one in found) == code
    assert {(one.check, one.party) for one in found} >= well


def test_one_registry_that_is_down_is_one_line(stage: Stage) -> None:
    second = POLICY.replace("app: podinfo", "app: other").replace("IMAGE", "IMAGE-other").replace("staging/", "other/")
    stage.policy(second, "other.yaml")
    stage.registry.close()
    host = stage.registry.host
    [line] = [line for line in ill(stage) if line.startswith(f"wrong registry {host}: ")]
    assert line.endswith("; 1 more of its watched images was not asked for then")
    assert "not asked again" not in line


def test_a_mirror_is_asked_itself_although_there_is_something_to_fall_back_on(stage: Stage) -> None:
    with Served(lambda _: Answer(503)) as mirror:
        keys = f"plainHttp: true, mirror: {{url: '{mirror.host}/hub', fallback: true}}"
        stage.settings(registry=keys, registries={mirror.host: "plainHttp: true"})
        assert [one.partition(": ")[0] for one in ill(stage)] == [f"wrong mirror {mirror.host}"]


def test_no_secret_is_shown(stage: Stage) -> None:
    """A server repeats what it was sent."""

    def echo(asked: object) -> Answer:
        header = getattr(asked, "headers", {}).get("Authorization", "")
        return Answer(401, body=json.dumps({"message": f"no: {header}"}).encode())

    (stage.folder / "token").write_text(canary.PASSWORD)
    with Served(echo) as served:
        keys = f"{{forge: gitea, apiUrl: '{served.url}/api/v1', credentials: {{tokenFile: token}}}}"
        stage.config.write_text(
            "policies: [policies/]\nstate: state\nlog: {level: error}\n"
            f"repositories:\n  environments:\n    url: {served.url}/acme/env.git\n    forge: gitea\n"
            f"    apiUrl: {served.url}/api/v1\n    credentials: {{tokenFile: token}}\n"
            f"releaseNotes: {{git.test: {keys}}}\n"
            f"registries:\n  {stage.registry.host}: {{plainHttp: true}}\n"
        )
        for words in (["doctor"], ["doctor", "--json"]):
            said = stage.imagebot(*words)
            assert said.code == 1
            assert not [spelling for spelling in canary.spellings() if spelling in said.out + said.err]
            assert "forge" in said.out
        assert canary.carriers(served.asked)


@pytest.mark.parametrize(
    ("apart", "health", "told"),
    [
        (0, Health.OK, "agrees"),
        (60, Health.LOOK, "60 s ahead of it: have it set by NTP"),
        (-60, Health.LOOK, "60 s behind it"),
        (3600, Health.WRONG, "3600 s ahead of it"),
    ],
)
def test_a_clock_is_held_against_those_of_others(apart: int, health: Health, told: str) -> None:
    (found,) = clocks("github.com", NOON - timedelta(seconds=apart), NOON)
    assert found.health is health
    assert told in found.said


def test_settings_that_are_none_are_told_by_their_line(stage: Stage) -> None:
    stage.config.write_text("policies: [\n")
    said = stage.imagebot("doctor")
    assert (said.code, said.out) == (2, "")
    assert "imagebot.yaml:" in said.err
    said = stage.imagebot("doctor", "--json")
    assert (said.code, said.err) == (2, "")
    [row] = json.loads(said.out)
    assert (row["check"], row["health"]) == ("settings", "wrong")
    assert "imagebot.yaml:" in row["said"]


def test_a_state_that_a_bot_uses_is_said_to_be(stage: Stage) -> None:
    with only_bot(stage.folder / "state"):
        (state,) = [one for one in diagnoses(stage) if "in use by" in one.said]
    assert f"process {os.getpid()} on " in state.said


def test_whom_is_asked_without_tls_is_told(stage: Stage) -> None:
    """One at this machine is nobody's business; for another's a name will do that does not exist."""
    other = POLICY.replace("IMAGE", "registry.invalid/acme/podinfo").replace("app: podinfo", "app: other")
    stage.policy(other, "other.yaml")
    text = stage.config.read_text()
    stage.config.write_text(text.replace("registries:\n", "registries:\n  registry.invalid: {plainHttp: true}\n"))
    assert [said for said in ill(stage) if said.startswith("look")] == [
        "look registry registry.invalid: it is asked without TLS: who is on the way chooses tags and digests"
    ]


def test_a_tuf_repository_is_asked_and_nothing_of_it_is_kept(stage: Stage) -> None:
    repository = TufFiles()
    repository.publish(Sigstore().root)
    with Served(repository) as served:
        first = repository.keep_first(stage.folder)
        stage.settings(f"trust: {{tuf: {{url: {served.url}, initialRootFile: {first}}}}}\n")
        before = everything(stage.folder)
        assert next(one.said for one in diagnoses(stage) if one.check == "trust").startswith(
            f"{served.url} has a root that can be used until 20"
        )
        assert everything(stage.folder) == before
        roots = stage.world().roots
        assert roots is not None
        roots.root()
    [said] = ill(stage)
    assert said.startswith(f"look trust : the TUF repository {served.url} gives no trusted_root.json: ")
    assert "cannot be reached" in said
    assert "; what is known of it is used until 20" in said
