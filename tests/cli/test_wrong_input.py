"""Wrong input, each with its one clear line and its exit code; nothing is written, and no stack trace is shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from imagebot.cli.main import main
from imagebot.errors import FINE, NOT_ALL_DONE, WRONG_INPUT
from imagebot.store.lock import only_bot
from tests.cycle.conftest import POLICY
from tests.support.stage import Said, Stage, set_up


def assert_says(said: Said, code: int, *words: str) -> None:
    """All of `words` in what a person reads, and no trace of the code behind it."""
    text = said.out + said.err
    assert said.code == code, text
    assert "Traceback" not in text
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        pytest.param(
            POLICY.replace("semver:", "semvar:"),
            ["policies/podinfo.yaml:7:5: unknown key 'semvar'; did you mean 'semver'?", "    semvar: ^6.5\n    ^~~~~~"],
            id="unknown key",
        ),
        pytest.param(
            POLICY.replace("^6.5", '">=6 <x.y"'), ["policies/podinfo.yaml:7:", ">=6 <x.y", "^"], id="bad range"
        ),
        pytest.param(
            POLICY + "    tags: {match: '^(?P<v>[0-9'}\n", ["policies/podinfo.yaml:8:", "missing", "^"], id="bad regex"
        ),
        pytest.param(
            POLICY.replace("repository: environments", "repository: environment"),
            ["policies/podinfo.yaml:2:13:", "'environment'", "did you mean 'environments'?"],
            id="unknown repository",
        ),
    ],
)
def test_a_wrong_policy(stage: Stage, policy: str, words: list[str]) -> None:
    stage.policy(policy)

    said = stage.imagebot("once")

    assert_says(said, WRONG_INPUT, *words)
    assert stage.imagebot("lint").code == WRONG_INPUT
    assert list(stage.heads()) == ["main"]


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (["suspend", "--all"], "option '--because'"),
        (["hold", "podinfo", "6.5.4"], "option '--because'"),
        (["set", "nginx:2"], "argument 'PATH...'"),
        (["fields"], "argument 'PATH...'"),
    ],
)
def test_what_a_verb_cannot_do_without_is_asked_for(words: list[str], missing: str) -> None:
    """Nobody would know later why an app is suspended."""
    done = CliRunner().invoke(main, words)

    assert (done.exit_code, done.stdout) == (WRONG_INPUT, "")
    assert f"Missing {missing}" in done.stderr


def test_a_missing_environment_repository(stage: Stage) -> None:
    stage.bare.rename(stage.folder / "elsewhere.git")

    assert_says(stage.imagebot("once"), NOT_ALL_DONE, "environments.git")


def test_a_missing_base_branch(stage: Stage) -> None:
    stage.settings(repository="    branch: production\n")

    assert_says(stage.imagebot("once"), NOT_ALL_DONE, "has no branch production", "it has main")


def test_a_registry_that_is_down(stage: Stage) -> None:
    stage.registry.close()

    said = stage.imagebot("once")

    assert_says(said, NOT_ALL_DONE, stage.registry.host)
    assert list(stage.heads()) == ["main"]


def test_an_image_that_the_registry_does_not_know(stage: Stage) -> None:
    stage.policy(POLICY.replace("IMAGE", "IMAGE-unheard-of"))

    assert_says(stage.imagebot("once"), NOT_ALL_DONE, "acme/podinfo-unheard-of")


def test_no_field_with_the_image(stage: Stage) -> None:
    stage.commit({"staging/app.yaml": "kind: Nothing\n"})

    assert_says(stage.imagebot("status"), NOT_ALL_DONE, "unknown", "no field")


def test_yaml_in_the_way(stage: Stage) -> None:
    stage.commit({"staging/bad.yaml": "image: IMAGE:6.5.3\n\tx: 1\n"})

    assert_says(stage.imagebot("once"), NOT_ALL_DONE, "staging/bad.yaml:2:")


def test_a_second_bots_lock(stage: Stage) -> None:
    with only_bot(stage.folder / "state"):
        said = stage.imagebot("once")

        assert_says(said, WRONG_INPUT, "another imagebot uses the state folder", "process")
        assert_says(stage.imagebot("run"), WRONG_INPUT, "another imagebot uses the state folder")
        assert_says(stage.imagebot("plan"), FINE, "6.5.3 -> ")


def test_no_settings(tmp_path: Path) -> None:
    stage = Stage(tmp_path, set_up(tmp_path).registry)
    stage.config.unlink()

    assert_says(stage.imagebot("once"), WRONG_INPUT, "imagebot.yaml")


def test_settings_that_are_wrong_in_many_ways_say_all_of_them(stage: Stage) -> None:
    stage.config.write_text(
        "policies: policies/\nevery: often\nrepositories: {a: {url: 'https://u:hunter2@h/x.git'}}\n"
    )

    said = stage.imagebot("status")

    assert_says(said, WRONG_INPUT, "imagebot.yaml:1:11:", "imagebot.yaml:2:8:", "imagebot.yaml:3:")
    assert "hunter2" not in said.out + said.err


def test_an_app_that_is_not_there(stage: Stage) -> None:
    assert_says(stage.imagebot("explain", "podinfi"), WRONG_INPUT, "no policy for 'podinfi'; did you mean podinfo?")


@pytest.mark.parametrize("words", [["fly"], ["once", "--fast"], ["explain"]], ids=["verb", "flag", "argument"])
def test_a_wrong_word_on_the_command_line(tmp_path: Path, words: list[str]) -> None:
    stage = set_up(tmp_path)

    assert_says(stage.imagebot(*words), WRONG_INPUT, "Usage: ")


BY_APP = ["once", "plan", "status", "explain", "history", "simulate", "rollback", "unhold", "hold --because x"]


@pytest.mark.parametrize("verb", BY_APP)
def test_an_app_that_is_named_is_told_what_is_wrong_in_its_file(stage: Stage, verb: str) -> None:
    """They asked for `web`: that there is none, and others are, hides the line that keeps it out."""
    stage.policy("app: web\n", "web.yaml")

    assert_says(
        stage.imagebot(*verb.split(), "web"),
        WRONG_INPUT,
        "no policy for 'web', as this is wrong:",
        "policies/web.yaml:1:1: ",
        "'repository'",
    )


@pytest.mark.parametrize("verb", BY_APP)
def test_an_app_that_no_file_is_called_after_may_be_in_one_that_is_wrong(stage: Stage, verb: str) -> None:
    stage.policy("app: web\n", "site.yaml")

    assert_says(
        stage.imagebot(*verb.split(), "web"),
        WRONG_INPUT,
        "no policy for 'web'; there are: podinfo, podinfo@",
        "; some policy files are wrong, see `imagebot lint`",
    )


@pytest.mark.parametrize(
    ("verb", "hint"), [("stauts", "did you mean 'status'?"), ("xyzzy", "`imagebot --help` lists them")]
)
def test_a_verb_that_there_is_not_is_answered_with_one_that_there_is(stage: Stage, verb: str, hint: str) -> None:
    assert_says(stage.imagebot(verb), WRONG_INPUT, f"No such verb '{verb}'; {hint}")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("log.level: warning\n", "unknown key 'log.level'; write log: {level: …}"),
        ("limits: {openPullRequests: -1}\n", "must be at least 0"),
        ("branchPrefix: ''\n", "write what the bot's branches begin with, such as 'imagebot/'"),
    ],
)
def test_small_slips_in_settings_are_told_by_what_to_write(stage: Stage, settings: str, says: str) -> None:
    stage.settings(settings)
    assert_says(stage.imagebot("lint"), WRONG_INPUT, says)


def test_a_range_without_quotes_is_told_to_have_them(stage: Stage) -> None:
    stage.policy(POLICY.replace("semver: ^6.5", "semver: >=6.5.0 <7.0.0"))
    assert_says(stage.imagebot("lint"), WRONG_INPUT, "put a value that begins with '>' or '|' in quotes")


@pytest.mark.parametrize("words", [["lint"], ["lint", "policies"], ["once"], ["plan", "podinfo"]])
def test_a_policy_file_that_is_another_name_of_a_secret_shows_none_of_it(stage: Stage, words: list[str]) -> None:
    """Nothing tells a hard link from the file, and an error shows the line that it is about."""
    (stage.folder / "token").write_text("hunter2hunter2\n")
    os.link(stage.folder / "token", stage.folder / "policies" / "a.yaml")
    stage.settings(registries={"r.test": "credentials: {tokenFile: token}"})

    said = stage.imagebot(*words)

    assert said.code == WRONG_INPUT
    assert "a.yaml:1:" in said.out + said.err
    assert "hunter2" not in said.out + said.err


def lint_beside_a_token(stage: Stage, named: str) -> Said:
    """What `lint` says of a policy file that holds nothing but the secret, where the settings call its file `named`."""
    (stage.folder / "token").write_text("hunter2hunter2\n")
    (stage.folder / "policies" / "a.yaml").write_text("hunter2hunter2\n")
    stage.settings(registries={"r.test": f"credentials: {{tokenFile: {named}}}"})
    return stage.imagebot("lint", "policies", environment={"HOME": str(stage.folder)})


def test_regret_a_secret_in_somebodys_home_is_masked_by_who_only_looks_at_policies(stage: Stage) -> None:
    said = lint_beside_a_token(stage, "~/token")

    assert said.code == WRONG_INPUT
    assert "a.yaml:1:" in said.out + said.err
    assert "hunter2" not in said.out + said.err


def test_the_home_of_nobody_is_wrong_settings(stage: Stage) -> None:
    said = lint_beside_a_token(stage, "~nobody-is-called-so/token")

    assert said.code == WRONG_INPUT
    assert "nobody here knows the home folder" in said.err
    assert "a.yaml:1:" not in said.out + said.err
