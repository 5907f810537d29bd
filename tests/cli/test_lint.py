"""`imagebot lint` on real files."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import click
import pytest
from click.testing import CliRunner

from imagebot.cli.lint import command
from imagebot.errors import BadInput

SETTINGS = "policies: [policies]\nrepositories: {envs: {url: /x}}\n"
SHOP = "app: shop\nrepository: envs\nenvironments: {dev: }\nimages: [{image: nginx, semver: 1.x}]\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with settings and one policy, all sound."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IMAGEBOT_CONFIG", raising=False)
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "shop.yaml").write_text(SHOP)
    (tmp_path / "imagebot.yaml").write_text(SETTINGS)
    return tmp_path


def lint(*arguments: str) -> tuple[int, str]:
    """The exit code and what is printed."""
    done = CliRunner().invoke(command, arguments, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.return_value, done.output


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("arguments", [(), ("policies",), ("policies/shop.yaml",), ("--config", "imagebot.yaml")])
def test_all_is_fine(arguments: tuple[str, ...]) -> None:
    assert lint(*arguments) == (0, "1 sound policy\n")


def test_problems_and_hints_in_the_order_of_the_files(here: Path) -> None:
    (here / "policies" / "bad.yaml").write_text("app: Bad\nrepo: 1\n")
    (here / "policies" / "till.yaml").write_text(
        SHOP.replace("app: shop", "app: till").replace("1.x", "1.x, tags: {match: '-alpine$'}")
    )
    code, printed = lint()
    assert code == 2
    expected = """
        policies/bad.yaml:1:1: the key 'environments' is missing
            app: Bad
            ^~~
        policies/bad.yaml:1:1: the key 'images' is missing
            app: Bad
            ^~~
        policies/bad.yaml:1:6: 'Bad' is no name here: up to 63 lower-case letters, digits and '-' between them
            app: Bad
                 ^~~
        policies/bad.yaml:2:1: unknown key 'repo'; did you mean 'repository'?
            repo: 1
            ^~~~
        policies/till.yaml:4:52: hint: match is found anywhere in a tag; if the whole tag is meant, write '^-alpine$'
            images: [{image: nginx, semver: 1.x, tags: {match: '-alpine$'}}]
                                                               ^~~~~~~~~~
        4 problems, 2 sound policies, 1 hint
        """
    assert printed == dedent(expected).lstrip()


def test_a_hint_alone_is_fine(here: Path) -> None:
    (here / "policies" / "shop.yaml").write_text(SHOP.replace("1.x", "1.x, tags: {match: '^v'}"))
    code, printed = lint()
    assert code == 0
    assert printed.endswith("\n1 sound policy, 1 hint\n")


def test_tests_of_policies_are_run_and_explained(here: Path) -> None:
    policy = (
        SHOP
        + """\
tests:
- {tags: [1.4.0, 1.5.0, 2.0.0], current: 1.4.0, chosen: 1.5.0, because: newest of 2}
- {tags: [1.4.0, 2.0.0], current: 1.4.0, chosen: 2.0.0}
- {tags: [latest]}
"""
    )
    (here / "policies" / "shop.yaml").write_text(policy)
    code, printed = lint()
    assert code == 2
    expected = """
        policies/shop.yaml:7:50: this test fails: 1.4.0 is chosen: 1.4.0 is the only tag in 1.x; 2.0.0 is not in 1.x
            - {tags: [1.4.0, 2.0.0], current: 1.4.0, chosen: 2.0.0}
                                                             ^~~~~
        1 problem, 1 sound policy, 3 tests
        """
    assert printed == dedent(expected).lstrip()
    (here / "policies" / "shop.yaml").write_text(policy.replace("chosen: 2.0.0", "chosen: 1.4.0"))
    assert lint() == (0, "1 sound policy, 3 tests\n")


def test_sources_are_known_by_the_settings(here: Path) -> None:
    (here / "policies" / "shop.yaml").write_text(SHOP.replace("semver: 1.x", "commit: {source: app}"))
    assert "imagebot.yaml knows no source 'app'; it knows none" in lint()[1]
    (here / "imagebot.yaml").write_text(SETTINGS + "sources: {api: {url: /y}}\n")
    code, printed = lint("policies/shop.yaml")
    assert code == 2
    assert "policies/shop.yaml:4:42: imagebot.yaml knows no source 'app'; did you mean 'api'?" in printed
    (here / "imagebot.yaml").write_text(SETTINGS + "sources: {app: {url: /y}}\n")
    assert lint() == (0, "1 sound policy\n")


def test_a_closed_list_of_registries_is_held_against_policies(here: Path) -> None:
    (here / "imagebot.yaml").write_text(SETTINGS + "registries: {other.test: {}}\nonlyListedRegistries: true\n")
    code, printed = lint()
    assert (code, "is not asked: imagebot.yaml has onlyListedRegistries" in printed) == (2, True)
    assert lint("policies/shop.yaml")[0] == 2

    (here / "imagebot.yaml").write_text(SETTINGS + "registries: {onlyListed: true}\n")
    assert "this is no registry host; write onlyListedRegistries: true beside `registries`" in lint()[1]


def test_wrong_settings(here: Path) -> None:
    (here / "imagebot.yaml").write_text(SETTINGS + "evry: 5m\n")
    code, printed = lint()
    assert code == 2
    assert printed.startswith("imagebot.yaml:3:1: unknown key 'evry'; did you mean 'every'?\n    evry: 5m\n    ^~~~\n")
    assert printed.endswith("1 problem, 0 sound policies\n")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        pytest.param(
            SETTINGS.replace("{url: /x}", "{url: github.com/acme/env, forge: local}"),
            "imagebot.yaml:2:28: there is no folder github.com/acme/env; did you mean https://github.com/acme/env?",
            id="a URL without https",
        ),
        pytest.param(
            SETTINGS.replace("url: /x", "url: ./env"), "2:28: there is no folder ./env", id="a folder that is not here"
        ),
        pytest.param(
            SETTINGS.replace("{url: /x}", "{url: https://github.com/a/b, credentials: {tokenFile: nope}}"),
            "imagebot.yaml:2:77: cannot read the file nope: No such file or directory",
            id="no such token",
        ),
        pytest.param(
            SETTINGS + "dockerConfig: [policies/a.json, nope.json]\n",
            "3:33: cannot read the file nope.json: No such file or directory",
            id="no such pull secret among several",
        ),
        pytest.param(
            SETTINGS + "dockerConfig: policies\n",
            "3:15: cannot read the file policies: No such file or directory",
            id="a folder without a pull secret",
        ),
        pytest.param(
            SETTINGS + "registries: {r.test: {caFile: policies}}\n",
            "3:31: cannot read the file policies: Is a directory",
            id="a folder of certificates",
        ),
        pytest.param(
            SETTINGS + "trust: {keys: {release: nope.pub}}\n",
            "3:25: cannot read the file nope.pub: No such file or directory",
            id="no such public key",
        ),
        pytest.param(
            SETTINGS + "verify: [{keyless: {identity: a, issuer: b}}]\n",
            "3:20: imagebot.yaml names no `rootFile` and no `tuf` under `trust`",
            id="keyless without a root",
        ),
        pytest.param(
            SETTINGS + "state: imagebot.yaml\n", "3:8: imagebot.yaml is no folder: name one", id="the state is a file"
        ),
    ],
)
def test_settings_that_cannot_work_are_no_surprise_later(here: Path, settings: str, words: str) -> None:
    (here / "imagebot.yaml").write_text(settings)
    code, printed = lint()
    assert (code, words in printed) == (2, True), printed


@pytest.mark.parametrize(
    ("registries", "words"),
    [
        ("r.test: {plainHttp: true}", "r.test is asked without TLS: who is on the way chooses tags and digests"),
        (
            "r.test: {plainHttp: true, credentials: {username: a, passwordFile: policies/shop.yaml}}",
            "chooses tags and digests, and reads its password",
        ),
        (
            "docker.io: {mirror: 'm.test:5000/hub'}, m.test:5000: {plainHttp: true}",
            "m.test:5000, the mirror of docker.io, is asked without TLS",
        ),
        ("r.test: {}, localhost:5000: {plainHttp: true}, '[::1]:5000': {plainHttp: true}", ""),
    ],
    ids=["registry", "password", "mirror", "this machine"],
)
def test_what_is_asked_in_the_clear_is_a_hint(here: Path, registries: str, words: str) -> None:
    (here / "imagebot.yaml").write_text(f"{SETTINGS}registries: {{{registries}}}\n")
    code, printed = lint()
    assert (code, words in printed, "without TLS" in printed) == (0, True, bool(words)), printed


def test_a_secret_of_another_machine_is_a_hint(here: Path) -> None:
    """Whoever checks a pod's settings does not have what is mounted there."""
    (here / "imagebot.yaml").write_text(
        "policies: [policies]\n"
        "repositories: {envs: {url: https://github.com/a/b, credentials: {tokenFile: /run/nobody/token}}}\n"
    )
    code, printed = lint()
    assert code == 0
    assert "hint: there is no folder /run/nobody here, so only where the bot runs it can be told" in printed


def test_a_registry_that_no_policy_uses_is_a_hint(here: Path) -> None:
    (here / "policies" / "shop.yaml").write_text(SHOP.replace("image: nginx", "image: 'localhost:5777/acme/web'"))
    (here / "imagebot.yaml").write_text(SETTINGS + "registries: {localhost: {plainHttp: true}}\n")
    code, printed = lint()
    assert code == 0
    assert "3:14: hint: no policy has an image from localhost; did you mean localhost:5777?" in printed


def test_mirrors_and_what_copies_are_of_are_used(here: Path) -> None:
    (here / "policies" / "shop.yaml").write_text(SHOP.replace("image: nginx", "image: harbor.corp/hub/library/nginx"))
    (here / "imagebot.yaml").write_text(
        SETTINGS + "registries:\n"
        "  harbor.corp: {pullThrough: {hub: docker.io}}\n"
        "  docker.io: {mirror: https://cache.corp/v2/hub}\n"
        "  cache.corp: {plainHttp: true}\n"
    )
    code, printed = lint()
    assert (code, "no policy has an image" in printed) == (0, False), printed


@pytest.mark.parametrize("range_", ["'>=2.0.0 <1.0.0'", "'>=4 <3 || >2 <=1'"])
def test_a_range_that_nothing_is_in_is_a_mistake(here: Path, range_: str) -> None:
    (here / "policies" / "shop.yaml").write_text(SHOP.replace("1.x", range_))
    code, printed = lint()
    assert (code, "it ends before it begins" in printed) == (2, True)


def test_several_policies_in_one_file_are_counted_as_such(here: Path) -> None:
    (here / "policies" / "shop.yaml").write_text(SHOP.replace("{dev: }", "{dev: , prod: }"))
    assert lint() == (0, "2 sound policies in 1 file\n")


def test_no_settings(here: Path) -> None:
    (here / "imagebot.yaml").unlink()
    with pytest.raises(BadInput, match=r"cannot read the settings imagebot\.yaml: No such file or directory"):
        lint()


def test_one_file_needs_no_settings(here: Path) -> None:
    (here / "imagebot.yaml").unlink()
    assert lint("policies/shop.yaml") == (0, "1 sound policy\n")


def test_one_file_and_the_repositories_that_the_settings_name(here: Path) -> None:
    (here / "imagebot.yaml").write_text(SETTINGS.replace("{envs: {url: /x}}", "{environs: {url: /x}}"))
    code, printed = lint("policies/shop.yaml")
    assert code == 2
    assert "imagebot.yaml knows no repository 'envs'; did you mean 'environs'?" in printed


def test_one_file_needs_no_secrets(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMAGEBOT_TEST_TOKEN", raising=False)
    url = "url: https://github.com/a/b, credentials: {tokenEnv: IMAGEBOT_TEST_TOKEN}"
    (here / "imagebot.yaml").write_text(SETTINGS.replace("url: /x", url))
    assert lint("policies/shop.yaml")[0] == 0
    assert lint()[0] == 2


@pytest.mark.usefixtures("here")
def test_a_path_that_is_not_there() -> None:
    with pytest.raises(click.UsageError, match="does not exist"):
        lint("policies/nope.yaml")


def test_data_for_programs(here: Path) -> None:
    (here / "policies" / "bad.yaml").write_text("app: [")
    code, printed = lint("--json")
    assert code == 2
    assert json.loads(printed) == [
        {
            "kind": "problem",
            "file": "policies/bad.yaml",
            "line": 1,
            "column": 7,
            "message": "a value is missing here",
            "source": "app: [",
            "length": 1,
        }
    ]


def test_help_teaches() -> None:
    assert "imagebot lint policies/shop.yaml" in lint("--help")[1]


def test_a_value_from_defaults_is_shown_with_where_it_is_written(here: Path) -> None:
    (here / "policies" / "_defaults.yaml").write_text("repository: envs\nimage:\n  semver: 1.x\n")
    (here / "policies" / "shop.yaml").write_text("app: shop\nenvironments: {dev: }\nimages: [{image: nginx}]\n")
    (here / "imagebot.yaml").write_text(f"{SETTINGS}defaults: {{pullRequest: {{labels: [a, b]}}}}\n")
    expected = """
        policies/shop.yaml: images.0.semver: 1.x  (policies/_defaults.yaml:3)
        policies/shop.yaml: pullRequest.labels: [a, b]  (imagebot.yaml:3)
        policies/shop.yaml: repository: envs  (policies/_defaults.yaml:1)
        1 sound policy
        """
    assert lint("--inherited") == (0, dedent(expected).lstrip())
    assert lint("--inherited", "policies/shop.yaml") == lint("--inherited")
    found = json.loads(lint("--inherited", "--json")[1])
    assert {(one["kind"], one["file"], one["line"]) for one in found} == {
        ("inherited", "policies/_defaults.yaml", 1),
        ("inherited", "policies/_defaults.yaml", 3),
        ("inherited", "imagebot.yaml", 3),
    }


def test_defaults_that_are_wrong_are_one_problem_whatever_names_the_files(here: Path) -> None:
    (here / "imagebot.yaml").write_text(f"{SETTINGS}defaults: {{image: {{pin: yes}}}}\n")
    assert lint()[1].startswith("imagebot.yaml:3:25: expected 'keep', 'digest' or 'none'\n")
    (here / "imagebot.yaml").write_text(SETTINGS)
    (here / "policies" / "_defaults.yaml").write_text("image: {pin: yes}\n")
    for arguments in ((), ("policies",), ("policies/shop.yaml",), ("policies/_defaults.yaml",)):
        code, printed = lint(*arguments)
        assert (code, printed.count("expected 'keep', 'digest' or 'none'")) == (2, 1)


def test_what_is_beyond_a_fence_is_a_problem_with_its_place(here: Path) -> None:
    (here / "imagebot.yaml").write_text(
        SETTINGS.replace("[policies]", "[{from: policies, may: {registries: [ghcr.io/acme/], environments: [dev]}}]")
    )
    where = "docker.io/library/nginx is beyond the fence of policies, which may have the registries ghcr.io/acme/"
    expected = f"""
        policies/shop.yaml:4:18: {where}
            images: [{{image: nginx, semver: 1.x}}]
                             ^~~~~
        1 problem, 0 sound policies
        """
    for arguments in ((), ("policies",), ("policies/shop.yaml",)):
        assert lint(*arguments) == (2, dedent(expected).lstrip())
