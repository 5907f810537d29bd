"""Policies on disk: found where people and Kubernetes put them, and missed aloud."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest

from imagebot.documents.tree import MAX_BYTES
from imagebot.policy.fence import Fence, FolderFence
from imagebot.policyfiles import load_paths, load_policies
from imagebot.settings.policies import PolicyRules
from imagebot.settings.resolve import RepositorySettings, Settings


def app(name: str) -> str:
    return f"app: {name}\nrepository: envs\nenvironments: {{dev: }}\nimages: [{{image: nginx, semver: 1.x}}]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`policies/` in the current folder, with shop and, one folder deeper, till."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "policies"
    (folder / "team").mkdir(parents=True)
    (folder / "shop.yaml").write_text(app("shop"))
    (folder / "team" / "till.yml").write_text(app("till"))
    return folder


def names(*paths: Path) -> list[str]:
    found = load_paths(paths, None)
    assert found.complete, [str(problem) for problem in found.problems]
    return [policy.app for policy in found.policies]


def test_all_of_a_folder_but_names_with_a_dot(folder: Path) -> None:
    (folder / ".hidden.yaml").write_text("[")
    (folder / ".git").mkdir()
    (folder / ".git" / "x.yaml").write_text("[")
    (folder / "README.md").write_text("[")
    assert names(folder) == ["shop", "till"]


def test_files_carry_the_name_that_a_person_here_would_type(folder: Path) -> None:
    found = load_paths([folder], None)
    assert [policy.file for policy in found.policies] == ["policies/shop.yaml", "policies/team/till.yml"]
    assert load_paths([Path("policies/shop.yaml")], None).policies[0].file == "policies/shop.yaml"


def test_a_name_does_not_go_down_and_up_again(folder: Path) -> None:
    """Settings in demo/ name ../policies/; a person there types that, a person above types policies/."""
    found = load_paths([folder / ".." / "policies"], None)
    assert found.policies[0].file == "policies/shop.yaml"


def test_a_single_file_whatever_its_name(folder: Path) -> None:
    (folder / "shop.txt").write_text(app("other"))
    assert names(folder / "shop.txt") == ["other"]


def test_a_mounted_config_map(tmp_path: Path) -> None:
    """Kubernetes mounts `shop.yaml -> ..data/shop.yaml` and `..data -> ..2026_01_01`."""
    (tmp_path / "..2026_01_01").mkdir()
    (tmp_path / "..2026_01_01" / "shop.yaml").write_text(app("shop"))
    (tmp_path / "..data").symlink_to("..2026_01_01")
    (tmp_path / "shop.yaml").symlink_to("..data/shop.yaml")
    assert names(tmp_path) == ["shop"]


def test_each_file_once_whatever_leads_to_it(folder: Path) -> None:
    (folder / "again").symlink_to(folder)
    (folder / "alias.yaml").symlink_to("shop.yaml")
    assert names(folder, folder / "shop.yaml", folder / "team") == ["shop", "till"]


def said(*paths: Path) -> list[str]:
    found = load_paths(paths, None)
    assert not found.complete
    return [str(problem) for problem in found.problems]


def test_a_missing_folder_is_not_an_empty_one(folder: Path) -> None:
    assert said(folder / "nope") == [
        "policies/nope:1:1: there is no such folder, and no such file; `policies` in imagebot.yaml names it"
    ]


def test_a_folder_without_policies_is_a_problem(folder: Path) -> None:
    (folder / "empty").mkdir()
    assert said(folder / "empty") == ["policies/empty:1:1: there is no policy file (*.yaml, *.yml) in this folder"]


def test_a_link_to_nothing_is_a_problem(folder: Path) -> None:
    (folder / "gone.yaml").symlink_to("nowhere.yaml")
    assert said(folder) == ["policies/gone.yaml:1:1: cannot read this file: No such file or directory"]


TOKEN = "ghp_0123456789abcdefABCDEF"


@pytest.mark.parametrize("target", ["run/secrets/token", "run/secrets", "policies-of-others/a.yaml"])
def test_regret_a_link_to_a_secret_shows_no_byte_of_it(folder: Path, target: str) -> None:
    """`ln -s /run/secrets/github/token policies/a.yaml`, by anybody who may write policies."""
    elsewhere = folder.parent / target
    (folder.parent / "run" / "secrets").mkdir(parents=True)
    (folder.parent / "policies-of-others").mkdir()
    for file in ("run/secrets/token", "run/secrets/x.yaml", "policies-of-others/a.yaml"):
        (folder.parent / file).write_text(TOKEN)
    (folder / "a.yaml").symlink_to(elsewhere)

    found = load_paths([folder], None)

    (problem,) = found.problems
    assert str(problem) == (
        f"policies/a.yaml:1:1: this is a link to {elsewhere.resolve()}, outside of policies: it is not read; name that"
        " file or folder itself, if you mean it"
    )
    assert [policy.app for policy in found.policies] == ["shop", "till"]
    assert TOKEN not in repr(found)


def test_regret_a_file_that_is_named_is_no_link_to_a_secret_either(folder: Path) -> None:
    (folder.parent / "token").write_text(TOKEN)
    (folder / "a.yaml").symlink_to(folder.parent / "token")
    (folder / "deep").symlink_to(folder.parent)
    assert "outside of policies: it is not read" in said(folder / "a.yaml")[0]
    assert "outside of policies: it is not read" in said(folder)[0]
    assert TOKEN not in repr(load_paths([folder / "a.yaml", folder], None))


def test_a_folder_that_is_named_may_be_a_link_and_its_files_links_in_it(folder: Path) -> None:
    real = folder.parent / "checkout" / "policies"
    real.parent.mkdir()
    folder.rename(real)
    folder.symlink_to(real)
    (real / "team" / "same.yaml").symlink_to("../shop.yaml")
    assert names(folder) == ["shop", "till"]


@pytest.mark.parametrize("device", ["/dev/zero", "/proc/self/environ", "/dev/stdin"])
def test_regret_a_link_to_a_device_is_not_read(folder: Path, device: str) -> None:
    (folder / "a.yaml").symlink_to(device)
    (problem,) = load_paths([folder], None).problems
    assert "outside of policies" in problem.message


def test_names_that_few_would_choose_are_read_like_any_other(folder: Path) -> None:
    odd = folder / "bytes\udcff and\nlines.yaml"
    odd.write_text(app("odd"))
    (folder / "folder.yaml").mkdir()
    (folder / "folder.yaml" / "inner.yaml").write_text(app("inner"))
    assert names(folder) == ["odd", "inner", "shop", "till"]


def test_a_link_to_itself_is_a_problem_and_no_crash(folder: Path) -> None:
    (folder / "loop.yaml").symlink_to("loop.yaml")
    assert said(folder) == ["policies/loop.yaml:1:1: cannot read this file: Too many levels of symbolic links"]
    assert said(folder / "loop.yaml") == said(folder)


def test_what_is_no_file_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.yaml")
    assert said(folder) == ["policies/pipe.yaml:1:1: this is no regular file"]


def test_a_large_file_is_a_problem_and_the_others_load(folder: Path) -> None:
    (folder / "large.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    found = load_paths([folder], None)
    assert [str(problem) for problem in found.problems] == ["policies/large.yaml:1:1: the file is larger than 256 KiB"]
    assert [policy.app for policy in found.policies] == ["shop", "till"]


def test_a_folder_that_may_not_be_read(folder: Path) -> None:
    (folder / "team").chmod(0)
    folder.parent.chmod(0o755)
    with not_root():
        found = load_paths([Path("policies")], None)
    assert [str(problem) for problem in found.problems] == [
        "policies/team:1:1: cannot read this folder: Permission denied"
    ]
    assert [policy.app for policy in found.policies] == ["shop"]
    assert not found.whole, "nothing that its policies proposed is closed"


@pytest.mark.parametrize("mode", [0o400, 0o600])
def test_a_folder_whose_names_alone_may_be_read(folder: Path, mode: int) -> None:
    """Nobody may ask what is behind the names: neither for a folder within nor for one that is named."""
    (folder / "team").chmod(mode)
    (folder / "team" / "_defaults.yaml").write_text("repository: envs\n")
    folder.parent.chmod(0o755)
    shutil.chown(folder / "team", 65534)
    with not_root():
        assert said(Path("policies")) == ["policies/team:1:1: cannot read this folder: Permission denied"]
        assert said(Path("policies/team")) == ["policies/team:1:1: cannot read this folder: Permission denied"]
        (problem,) = said(Path("policies/team/deeper"))
    assert problem == "policies/team/deeper:1:1: cannot read this file: Permission denied"


@contextmanager
def not_root() -> Iterator[None]:
    """Root reads everything, so for the moment it is somebody else."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_names_of_repositories_come_from_the_settings(folder: Path) -> None:
    known = Settings(policies=(folder,), repositories={"envs": RepositorySettings(name="envs", url="/x")})
    assert load_policies(known).complete
    other = Settings(policies=(folder,), repositories={"other": RepositorySettings(name="other", url="/x")})
    assert len(load_policies(other).problems) == 2


class Busy(type(Path())):  # type: ignore[misc]
    """A path below which something moves each time that a file was opened; `moves` are the moves still to come.

    Whoever opens a file has looked at it twice in a row: to know it again, and to know that it may be opened.
    """

    moves: ClassVar[list[Callable[[], object]]] = []
    looked_at: ClassVar[list[Path]] = []

    def stat(self, **options: Any) -> Any:
        if Busy.moves and len(Busy.looked_at) > 1 and len(set(Busy.looked_at[-2:])) == 1:
            Busy.looked_at.clear()
            Busy.moves.pop(0)()
        Busy.looked_at.append(self)
        return super().stat(**options)


def config_map(folder: Path, version: str, **files: str) -> None:
    """Mount another version of a ConfigMap as Kubernetes does: at one moment, by `..data`."""
    (folder / version).mkdir(parents=True)
    for name, text in files.items():
        (folder / version / f"{name}.yaml").write_text(text)
    (folder / "..next").symlink_to(version)
    (folder / "..next").rename(folder / "..data")
    for name in files:
        if not (folder / f"{name}.yaml").is_symlink():
            (folder / f"{name}.yaml").symlink_to(f"..data/{name}.yaml")


def test_an_app_that_moves_to_another_file_while_they_are_read_is_not_missed(tmp_path: Path) -> None:
    config_map(tmp_path, "..1", a="# nothing yet\n" + app("shop"), b=app("till"))
    Busy.moves = [lambda: config_map(tmp_path, "..2", a=app("till"), b=app("shop"))]

    found = load_paths([Busy(tmp_path)], None)

    assert found.whole
    assert [(policy.app, Path(policy.file).name) for policy in found.policies] == [
        ("till", "a.yaml"),
        ("shop", "b.yaml"),
    ]


@pytest.mark.parametrize(
    "move",
    [
        pytest.param(lambda folder: (folder / "zoo.yaml").write_text(app("zoo")), id="a file comes"),
        pytest.param(lambda folder: (folder / "zoo").mkdir(), id="a folder comes"),
        pytest.param(lambda folder: (folder / "team" / "till.yml").unlink(), id="a file goes"),
        pytest.param(lambda folder: (folder / "shop.yaml").write_text(app("other")), id="a file that was read changes"),
        pytest.param(lambda folder: (folder / "team").rename(folder / "sub"), id="a folder gets another name"),
    ],
)
def test_what_moves_while_policies_are_read_is_read_again(folder: Path, move: Callable[[Path], object]) -> None:
    Busy.moves = [lambda: move(folder)]

    found = load_paths([Busy(folder)], None)

    assert found.whole, found.problems
    assert found == load_paths([folder], None)


def test_policies_that_never_stand_still_are_not_all_there_are(folder: Path) -> None:
    Busy.moves = [partial((folder / "shop.yaml").write_text, app("shop") + "#" * number) for number in range(100)]

    found = load_paths([Busy(folder)], None)

    assert not found.whole
    assert [policy.app for policy in found.policies] == ["shop", "till"]
    (problem,) = found.problems
    assert (problem.file, problem.line) == ("policies/shop.yaml", 1)
    assert problem.message.startswith("what is here changed each of the 5 times that it was read")


BELOW = "app: NAME\nenvironments: {dev: }\nimages: [{image: nginx}]\n"
DEFAULTS = "repository: envs\nimage: {semver: 1.x}\n"


@pytest.fixture
def shared(folder: Path) -> Path:
    """The same two apps, with what they have in common in a file of defaults."""
    (folder / "_defaults.yaml").write_text(DEFAULTS)
    (folder / "shop.yaml").write_text(BELOW.replace("NAME", "shop"))
    (folder / "team" / "till.yml").write_text(BELOW.replace("NAME", "till"))
    return folder


def test_defaults_hold_for_the_folder_and_those_in_it(shared: Path) -> None:
    assert names(shared) == ["shop", "till"]


def test_defaults_of_a_single_file_are_those_that_hold_for_it_in_the_folder(shared: Path) -> None:
    assert names(shared / "shop.yaml") == ["shop"]
    rules = PolicyRules((shared,))
    found = load_paths([shared / "team" / "till.yml"], None, rules=rules)
    assert [policy.app for policy in found.policies] == ["till"]
    assert [policy.app for policy in load_paths([shared / "team"], None, rules=rules).policies] == ["till"]
    assert not load_paths([shared / "team"], None).complete, "nobody says that the folder above counts"


def test_defaults_of_a_folder_above_the_one_that_is_named_do_not_count(shared: Path) -> None:
    (shared.parent / "_defaults.yaml").write_text("image: {semver: 9.x}\n")
    assert [policy.watches[0].rule for policy in load_paths([shared], None).policies] == ["semver: 1.x"] * 2


def test_defaults_are_checked_by_themselves(shared: Path) -> None:
    assert load_paths([shared / "_defaults.yaml"], None).complete
    (shared / "_defaults.yaml").write_text("repo: x\n")
    (problem,) = load_paths([shared / "_defaults.yaml"], None).problems
    assert problem.headline.startswith("policies/_defaults.yaml:1:1: unknown key 'repo'")


@pytest.mark.parametrize("how", ["link", "folder", "forbidden"])
def test_policies_are_not_read_without_defaults_that_cannot_be_read(shared: Path, how: str) -> None:
    """Even if they would be sound: what the defaults would have said is not known."""
    (shared / "team" / "till.yml").write_text(app("till"))
    (shared / "shop.yaml").write_text(app("shop"))
    defaults = shared / "team" / "_defaults.yaml"
    if how == "link":
        defaults.symlink_to("/nowhere/at/all")
    elif how == "folder":
        (defaults / "x").mkdir(parents=True)
    else:
        defaults.write_text("[")
    found = load_paths([shared], None)
    assert [policy.app for policy in found.policies] == ["shop"]
    assert {problem.file for problem in found.problems} == {"policies/team/_defaults.yaml"}


def test_defaults_in_a_config_map_that_is_swapped(tmp_path: Path) -> None:
    mounted = tmp_path / "policies"
    data = mounted / "..2026_01_01"
    data.mkdir(parents=True)
    (data / "_defaults.yaml").write_text(DEFAULTS)
    (data / "shop.yaml").write_text(BELOW.replace("NAME", "shop"))
    (mounted / "..data").symlink_to(data.name)
    for name in ("_defaults.yaml", "shop.yaml"):
        (mounted / name).symlink_to(f"..data/{name}")
    assert names(mounted) == ["shop"]


def test_a_folder_with_nothing_but_defaults_is_empty(tmp_path: Path) -> None:
    (tmp_path / "_defaults.yaml").write_text(DEFAULTS)
    (problem,) = load_paths([tmp_path], None).problems
    assert "there is no policy file" in problem.message


def fence(folder: Path, **may: object) -> dict[Path, FolderFence]:
    return {folder: FolderFence(folder.name, Fence.model_validate(may))}


def test_a_fence_holds_for_its_folder_however_the_files_are_found(folder: Path) -> None:
    rules = PolicyRules((folder,), fence(folder / "team", apps=["t-*"]))
    for paths in ([folder], [folder, folder / "team"], [folder / "team"], [folder / "team" / "till.yml"]):
        found = load_paths(paths, None, rules=rules)
        assert [problem.headline for problem in found.problems] == [
            "policies/team/till.yml:1:6: till is beyond the fence of team, which may have the apps t-*"
        ]
        assert "till" not in {policy.app for policy in found.policies}


def test_a_link_leads_out_of_no_fence(folder: Path) -> None:
    """Whichever name a file is read by: each fence around any of its names holds."""
    (folder / "free").symlink_to("team")
    (folder / "alias.yaml").symlink_to("team/till.yml")
    found = load_paths([folder], None, rules=PolicyRules((folder,), fence(folder / "team", apps=["t-*"])))
    assert [policy.app for policy in found.policies] == ["shop"]
    (problem,) = found.problems
    assert "till is beyond the fence of team" in problem.message


def test_fences_around_each_other_all_hold(folder: Path) -> None:
    fences = fence(folder, environments=["prod"]) | fence(folder / "team", environments=["dev"])
    found = load_paths([folder], None, rules=PolicyRules((folder,), fences))
    assert [problem.file for problem in found.problems] == ["policies/shop.yaml", "policies/team/till.yml"]
