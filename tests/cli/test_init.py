"""`imagebot init` on real repositories: what it writes, what it never writes over, and what the bot makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from imagebot.cli.init import command
from imagebot.cli.lint import command as lint
from imagebot.errors import BadInput, NotFound
from tests.support import tls
from tests.support.forward_proxy import ForwardProxy, forward_proxy
from tests.support.git_http import git_http_server
from tests.support.git_repos import a_repository, run_git
from tests.support.shared import shared
from tests.support.stage import Stage, set_up

POD = "spec:\n  containers:\n    - image: IMAGE  # web\n"
SHOP = POD.replace("IMAGE", "acme/api:1.4.0")


def init(*arguments: object) -> Result:
    """The verb with these arguments; its errors are raised."""
    done = CliRunner().invoke(command, [*map(str, arguments)], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lint_of(folder: Path) -> int:
    """The exit code of `imagebot lint` on what was written."""
    done = CliRunner().invoke(lint, ["--config", str(folder / "imagebot.yaml")], standalone_mode=False)
    assert isinstance(done.return_value, int)
    return done.return_value


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A bare repository with one app in two environments, and a tag that fits no order."""
    files = {
        "clusters/staging/shop/api.yaml": SHOP,
        "clusters/production/shop/api.yaml": SHOP,
        "clusters/production/till/a.yaml": POD.replace("IMAGE", "acme/till:latest"),
        "README.md": "hello\n",
    }
    return a_repository(tmp_path / "environments.git", {**files}).folder


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A registry and a repository, and neither settings nor policies."""
    stage = set_up(tmp_path)
    stage.config.unlink()
    with stage.registry:
        yield stage


def test_from_nothing_to_the_right_pull_requests(stage: Stage) -> None:
    stage.publish("6.5.3", "6.5.4", "7.0.0", "v6.9.0", "6.9", "6.9.0-alpine", "latest")
    stage.publish("1.2.0-alpine", "1.3.0-alpine", "1.4.0", repository="acme/shop")
    shop = f"{stage.registry.host}/acme/shop"
    stage.commit(
        {
            "clusters/staging/podinfo/a.yaml": POD.replace("IMAGE", "IMAGE:6.5.4"),
            "clusters/production/podinfo/a.yaml": POD.replace("IMAGE", "IMAGE:6.5.3"),
            "clusters/production/shop/a.yaml": POD.replace("IMAGE", f"{shop}:1.2.0-alpine"),
            "clusters/production/shop/b.yaml": POD.replace("IMAGE", "IMAGE:6.5.3"),
        }
    )
    assert stage.imagebot("init", str(stage.bare)).code == 0
    assert stage.imagebot("lint") == stage.imagebot("lint", "policies")
    assert stage.imagebot("lint").out == "3 sound policies in 2 files\n"
    stage.config.write_text(
        stage.config.read_text() + f"state: state\nregistries: {{'{stage.registry.host}': {{plainHttp: true}}}}\n"
    )

    report = stage.one_pass()

    assert report.exit_code == 0
    assert sorted(pull.branch for pull in stage.pulls()) == ["imagebot/production/podinfo", "imagebot/production/shop"]
    assert stage.show("clusters/production/podinfo/a.yaml", "imagebot/production/podinfo").count("IMAGE:6.5.4") == 1
    assert f"{shop}:1.3.0-alpine" in stage.show("clusters/production/shop/a.yaml", "imagebot/production/shop")
    assert "IMAGE:6.5.4" in stage.show("clusters/production/shop/b.yaml", "imagebot/production/shop")


def test_what_it_writes_and_says(bare: Path, tmp_path: Path) -> None:
    done = init(bare, "--into", tmp_path / "bot")
    lines = done.output.splitlines()
    assert done.return_value == 0
    assert lines[0].startswith("read  main at ")
    assert lines[-7:] == [
        f"wrote {tmp_path}/bot/policies/shop.yaml: shop in staging, production",
        "",
        "2 fields have a policy now",
        "1 place has none:",
        "  clusters/production/till/a.yaml:3 acme/till: latest is a name, not a version",
        "",
        "Next: `imagebot plan` shows what a pass would change, and writes nothing.",
    ]
    assert sorted(tree(tmp_path / "bot")) == [
        "imagebot.yaml",
        "policies/shop.yaml",
        "schemas/policy.schema.json",
        "schemas/settings.schema.json",
    ]


def test_the_same_repository_gives_the_same_files(bare: Path, tmp_path: Path) -> None:
    init(bare, "--into", tmp_path / "one")
    init(bare, "--into", tmp_path / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_another_run_writes_over_nothing_and_adds_what_is_new(bare: Path, tmp_path: Path) -> None:
    bot = tmp_path / "bot"
    init(bare, "--into", bot)
    (bot / "policies" / "shop.yaml").write_text((bot / "policies" / "shop.yaml").read_text() + "# mine\n")
    (bot / "schemas" / "policy.schema.json").write_text("{}\n")
    before = tree(bot)
    again = init(bare, "--into", bot)
    assert tree(bot) == before
    assert (again.return_value, "0 fields have a policy now; 2 had one already" in again.output) == (0, True)

    clone = tmp_path / "clone"
    run_git(["clone", "--quiet", str(bare), str(clone)])
    (clone / "clusters/staging/bank").mkdir()
    (clone / "clusters/staging/bank/a.yaml").write_text(SHOP)
    run_git(["-C", str(clone), "add", "--all"])
    run_git(["-C", str(clone), "-c", "user.email=a@b", "commit", "--quiet", "--message", "bank"])
    run_git(["-C", str(clone), "push", "--quiet"])
    init(bare, "--into", bot)
    after = tree(bot)
    assert after.keys() - before.keys() == {"policies/bank.yaml"}
    assert {name: after[name] for name in before} == before


def test_a_clone_is_read_as_committed_and_its_origin_becomes_the_url(bare: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    run_git(["clone", "--quiet", str(bare), str(clone)])
    run_git(["-C", str(clone), "remote", "set-url", "origin", "git@github.com:acme/environments.git"])
    (clone / "new.yaml").write_text(SHOP)
    done = init(clone, "--into", tmp_path / "bot")
    settings = (tmp_path / "bot" / "imagebot.yaml").read_text()
    assert "    url: https://github.com/acme/environments.git\n" in settings
    assert "    # credentials: {tokenEnv: GITHUB_TOKEN}\n" in settings
    assert "new.yaml" not in done.output
    assert not (clone / "policies").exists()


def test_a_clone_of_what_no_forge_is_known_for_is_a_path(bare: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    run_git(["clone", "--quiet", str(bare), str(clone)])
    run_git(["-C", str(clone), "remote", "set-url", "origin", "https://git.example.com/acme/environments.git"])
    init(clone, "--into", tmp_path / "bot")
    assert f"    url: {clone}\n" in (tmp_path / "bot" / "imagebot.yaml").read_text()


def test_the_default_branch_is_the_repositorys_own(bare: Path, tmp_path: Path) -> None:
    run_git(["-C", str(bare), "branch", "--move", "main", "trunk"])
    run_git(["-C", str(bare), "symbolic-ref", "HEAD", "refs/heads/trunk"])
    init(bare, "--into", tmp_path / "bot")
    assert "    branch: trunk\n" in (tmp_path / "bot" / "imagebot.yaml").read_text()
    with pytest.raises(NotFound, match="has no branch main: it has trunk"):
        init(bare, "--branch", "main", "--into", tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_plain_folder(tmp_path: Path) -> None:
    (tmp_path / "deploy" / "shop").mkdir(parents=True)
    (tmp_path / "deploy" / "shop" / "a.yaml").write_text(SHOP)
    init(tmp_path / "deploy", "--into", tmp_path / "bot")
    assert b"paths: [/shop/]" in tree(tmp_path / "bot")["policies/shop.yaml"]


def test_the_public_example_passes_lint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    init(shared("corpus/flux2-kustomize-helm-example-fluxcd"))
    assert b"app: podinfo\n" in tree(tmp_path)["policies/podinfo.yaml"]
    assert b"schema=../schemas/policy.schema.json\n" in tree(tmp_path)["policies/podinfo.yaml"]


def test_settings_that_are_there_are_used(bare: Path, tmp_path: Path) -> None:
    (tmp_path / "imagebot.yaml").write_text(
        f"policies: [rules/of/ours]\nrepositories: {{mine: {{url: {bare}}}}}\nregistries: {{}}\n"
    )
    init(bare, "--into", tmp_path)
    assert "repository: mine\n" in (tmp_path / "rules/of/ours/shop.yaml").read_text()
    assert "$schema=../../../schemas/policy.schema.json\n" in (tmp_path / "rules/of/ours/shop.yaml").read_text()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("repositories: {mine: {url: /elsewhere}}\npolicies: [p]\n", "names no repository with the URL"),
        ("repositories: {mine: {url: BARE, branch: x}}\npolicies: [p]\n", "says that x is the branch of mine"),
        ("repositories: {mine: {url: BARE, branch: main}}\npolicies: [p.yaml]\n", "names no folder under `policies`"),
    ],
)
def test_settings_that_do_not_go_with_it(bare: Path, tmp_path: Path, settings: str, said: str) -> None:
    (tmp_path / "imagebot.yaml").write_text(settings.replace("BARE", str(bare)))
    with pytest.raises(BadInput, match=said):
        init(bare, "--branch", "main", "--into", tmp_path)


def test_broken_policies_are_mended_first(bare: Path, tmp_path: Path) -> None:
    (tmp_path / "bot" / "policies").mkdir(parents=True)
    (tmp_path / "bot" / "policies" / "a.yaml").write_text("app: [")
    with pytest.raises(BadInput, match="mend them, then run init again"):
        init(bare, "--into", tmp_path / "bot")
    assert list(tree(tmp_path / "bot")) == ["policies/a.yaml"]


def test_a_part_of_a_repository_is_no_repository(bare: Path, tmp_path: Path) -> None:
    run_git(["clone", "--quiet", str(bare), str(tmp_path / "clone")])
    with pytest.raises(BadInput, match="is part of the repository"):
        init(tmp_path / "clone" / "clusters", "--into", tmp_path / "bot")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("/nowhere/at/all", "there is no such folder"),
        ("https://user:secret@github.com/acme/x.git", "leave user and password out of the URL"),
        ("git@github.com:acme/x.git", "an ssh URL needs an ssh key"),
        ("https://git.example.com/acme/x.git", "which forge this is cannot be told"),
    ],
)
def test_sources_that_cannot_be_read(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        init(source, "--into", tmp_path / "bot")
    assert "secret" not in str(caught.value)
    assert not (tmp_path / "bot").exists()


def test_a_token_comes_from_where_the_flag_says(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="tokenEnv: no such variable is set"):
        init("https://github.com/acme/x.git", "--token-env", "NO_SUCH_TOKEN", "--into", tmp_path / "bot")


def test_a_first_look_goes_by_the_proxy_and_the_authority_of_the_environment(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are no settings yet that could name them."""
    context, authority = tls.loopback(tmp_path, "github.com")
    with git_http_server(tmp_path, context) as server:
        known = ForwardProxy({"github.com:443": ("127.0.0.1", server.port)})
        with forward_proxy(known) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            monkeypatch.setenv("SSL_CERT_FILE", str(authority))
            init(f"https://github.com/{bare.name}", "--into", tmp_path / "bot")
    assert proxy.hosts == {"github.com:443"}
    assert lint_of(tmp_path / "bot") == 0


def test_flags_become_credentials(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clone is read without them; they are for the bot."""
    monkeypatch.setenv("FORGE_TOKEN", "t0ken")
    run_git(["-C", str(bare), "config", "remote.origin.url", "https://github.com/acme/environments"])
    init(bare, "--token-env", "FORGE_TOKEN", "--into", tmp_path / "bot")
    settings = (tmp_path / "bot" / "imagebot.yaml").read_text()
    assert "    credentials:\n      tokenEnv: FORGE_TOKEN\n" in settings
    assert "t0ken" not in settings
    assert lint_of(tmp_path / "bot") == 0


def test_with_an_ssh_key_the_token_is_for_the_forge(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORGE_TOKEN", "t0ken")
    keys = ("--ssh-key-file", tmp_path / "key", "--known-hosts-file", tmp_path / "hosts", "--token-env", "FORGE_TOKEN")
    run_git(["-C", str(bare), "config", "remote.origin.url", "ssh://git@github.com:443/acme/environments"])
    init(bare, *keys, "--into", tmp_path / "bot")
    settings = (tmp_path / "bot" / "imagebot.yaml").read_text()
    assert f"    credentials:\n      sshKeyFile: {tmp_path}/key\n      knownHostsFile: {tmp_path}/hosts\n" in settings
    assert "    apiCredentials:\n      tokenEnv: FORGE_TOKEN\n" in settings
    assert "    url: ssh://git@github.com:443/acme/environments\n" in settings


def test_nothing_to_write_a_policy_for(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = init(tmp_path / "empty", "--into", tmp_path / "bot")
    assert done.return_value == 1
    assert "0 fields have a policy now" in done.output


def test_where_nothing_can_be_placed_nothing_is_written_and_what_to_do_is_said(tmp_path: Path) -> None:
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository" / "README.md").write_text("hello\n")
    done = init(tmp_path / "repository", "--into", tmp_path / "bot")

    assert done.return_value == 1
    assert "Nothing was written. Next: name the repository" in done.output
    assert not (tmp_path / "bot").exists()


def test_policies_that_are_there_have_their_defaults(bare: Path, tmp_path: Path) -> None:
    """What they leave out stands in the settings: they are sound, and another run adds nothing."""
    init(bare, "--into", tmp_path / "bot")
    settings, folder = tmp_path / "bot" / "imagebot.yaml", tmp_path / "bot" / "policies"
    (name,) = re.findall("^repository: (.+)$", next(folder.iterdir()).read_text(), re.MULTILINE)
    settings.write_text(f"{settings.read_text()}defaults: {{repository: {name}}}\n")
    for file in folder.iterdir():
        file.write_text(file.read_text().replace(f"repository: {name}\n", ""))
    before = {file: file.read_text() for file in folder.iterdir()}
    done = init(bare, "--into", tmp_path / "bot")
    assert done.exception is None, done.output
    assert {file: file.read_text() for file in folder.iterdir()} == before
