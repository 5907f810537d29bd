"""Fetching into a mirror, and mending whatever happened to it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.errors import BadInput, BadResponse, NotFound, Unavailable, WorldError
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.gitrepo.process import Damaged
from imagebot.gitrepo.push import Pushed, PushUpdate
from imagebot.gitrepo.remote import Remote
from imagebot.settings.resolve import Author
from tests.support.git_odd import with_a_hostile_tree
from tests.support.git_repos import FIRST_DATE, PERSON, BareRepository, a_repository, run_git
from tests.support.sound import proved

FOLDER = "state/environments.git"


def test_a_fetch_brings_the_base_and_the_branches_under_the_prefix(
    tmp_path: Path, environments: BareRepository, mirror: Mirror
) -> None:
    base = environments.branches()["main"]
    ours = environments.commit("imagebot/staging/api", {"a": "1"}, on=base)
    environments.commit("feature/x", {"b": "1"}, on=base)
    environments.commit("imagebot-of-another", {"c": "1"}, on=base)
    environments.git("tag", "v1", ours)

    assert mirror.fetch("imagebot/") == Heads(base, {"imagebot/staging/api": ours})
    assert mirror.fetches == 1
    assert BareRepository(tmp_path / FOLDER).git("tag") == ""


def test_a_prefix_may_be_one_whole_branch(environments: BareRepository, mirror: Mirror) -> None:
    ours = environments.commit("imagebot/staging/api", {"a": "1"}, on=environments.branches()["main"])

    assert mirror.fetch("imagebot/staging/api").branches == {"imagebot/staging/api": ours}


def test_what_is_gone_or_rewritten_on_the_remote_is_so_in_the_mirror(
    environments: BareRepository, mirror: Mirror
) -> None:
    first = environments.branches()["main"]
    environments.commit("imagebot/a", {"a": "1"}, on=first)
    environments.commit("imagebot/b", {"a": "2"}, on=first)
    mirror.fetch("imagebot/")
    environments.git("update-ref", "-d", "refs/heads/imagebot/a")
    moved = environments.commit("imagebot/b", {"a": "3"}, on=first)
    base = environments.commit("main", {"README.md": "more\n"})

    assert mirror.fetch("imagebot/") == Heads(base, {"imagebot/b": moved})


def test_a_branch_may_take_the_place_of_a_folder_of_branches(environments: BareRepository, mirror: Mirror) -> None:
    first = environments.branches()["main"]
    environments.commit("imagebot/a", {"a": "1"}, on=first)
    mirror.fetch("imagebot/")
    environments.git("update-ref", "-d", "refs/heads/imagebot/a")
    environments.commit("imagebot/a/b", {"a": "1"}, on=first)

    assert list(mirror.fetch("imagebot/").branches) == ["imagebot/a/b"]


def test_one_prefix_after_another_whose_names_are_in_its_way(
    tmp_path: Path, environments: BareRepository, heads: Heads
) -> None:
    """What an earlier `branchPrefix` had is no reason that another cannot be fetched."""
    environments.git("branch", "imagebot/prod/shop", "main")
    remote = Remote(str(environments.folder))
    assert "imagebot/prod/shop" in Mirror.open(tmp_path / FOLDER, remote).fetch("imagebot/").branches
    environments.git("branch", "-D", "imagebot/prod/shop")
    environments.git("branch", "imagebot/prod/shop/web/api", "main")

    found = Mirror.open(tmp_path / FOLDER, remote).fetch("imagebot/prod/shop/")

    assert found == Heads(heads.base, {"imagebot/prod/shop/web/api": heads.base})


def test_no_such_repository(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"nowhere\.git.*check the URL"):
        Mirror.open(tmp_path / "m.git", Remote(str(tmp_path / "nowhere.git"))).fetch("imagebot/")


def test_a_missing_base_branch_is_named_and_so_are_those_there_are(
    tmp_path: Path, environments: BareRepository
) -> None:
    mirror = Mirror.open(tmp_path / "m.git", Remote(str(environments.folder), "master"))

    with pytest.raises(NotFound, match="has no branch master: it has main; set `branch`"):
        mirror.fetch("imagebot/")


def test_an_empty_repository_has_no_base_branch(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "empty.git")

    with pytest.raises(NotFound, match="has no branch yet"):
        Mirror.open(tmp_path / "m.git", Remote(str(repository.folder))).fetch("imagebot/")


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path, environments: BareRepository) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(BadInput, match=r"cannot keep a mirror in .*see `state`"):
        Mirror.open(tmp_path / "file" / "m.git", Remote(str(environments.folder))).fetch("imagebot/")


def lose_objects(folder: Path) -> None:
    shutil.rmtree(folder / "objects")
    (folder / "objects").mkdir()


def empty_the_objects(folder: Path) -> None:
    for path in [*folder.glob("objects/[0-9a-f][0-9a-f]/*"), *folder.glob("objects/pack/*.pack")]:
        path.chmod(0o644)
        path.write_bytes(b"")


def cut_the_packs(folder: Path) -> None:
    """As a disk that was full in the middle leaves them."""
    for path in folder.glob("objects/pack/*.pack"):
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def lose_refs(folder: Path) -> None:
    (folder / "packed-refs").unlink(missing_ok=True)
    shutil.rmtree(folder / "refs")
    (folder / "refs").mkdir()


def empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def become_a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.touch()


@pytest.mark.parametrize(
    "break_it",
    [
        pytest.param(lambda folder: (folder / "HEAD").unlink(), id="no HEAD"),
        pytest.param(lambda folder: (folder / "config").write_text("[core\n"), id="torn settings"),
        pytest.param(lambda folder: (folder / "packed-refs").write_text("nonsense\n"), id="torn refs"),
        pytest.param(lambda folder: (folder / "refs/remotes/origin/main").write_text(""), id="empty ref"),
        pytest.param(lose_objects, id="objects gone"),
        pytest.param(empty_the_objects, id="objects emptied"),
        pytest.param(cut_the_packs, id="packs cut in the middle"),
        pytest.param(lose_refs, id="refs gone"),
        pytest.param(empty, id="empty folder"),
        pytest.param(become_a_file, id="a file in its place"),
        pytest.param(lambda folder: (folder / "refs/remotes/origin/main.lock").touch(), id="lock of a killed git"),
        pytest.param(lambda folder: (folder / "packed-refs.lock").touch(), id="another lock of a killed git"),
        pytest.param(lambda folder: folder.with_name("environments.git.new").mkdir(), id="half made"),
        pytest.param(lambda folder: folder.with_name("environments.git.old").mkdir(), id="half discarded"),
    ],
)
def test_a_broken_mirror_is_mended_by_the_next_fetch(
    tmp_path: Path, environments: BareRepository, heads: Heads, mirror: Mirror, break_it: Callable[[Path], object]
) -> None:
    break_it(tmp_path / FOLDER)
    base = environments.commit("main", {"README.md": "more\n"})

    assert mirror.fetch("imagebot/") == Heads(base, {})
    assert mirror.read(base, "README.md") == b"more\n"
    assert mirror.read(heads.base, "README.md") == b"environments\n"
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["environments.git", "environments.git.lock"]


def unpack(folder: Path) -> None:
    """Give every object a file of its own."""
    for pack in folder.glob("objects/pack/*.pack"):
        data = pack.read_bytes()
        shutil.rmtree(pack.parent)
        BareRepository(folder).git("unpack-objects", "-q", stdin=data)


def test_damage_that_only_reading_shows_is_mended_by_the_next_fetch(
    tmp_path: Path, heads: Heads, mirror: Mirror
) -> None:
    unpack(tmp_path / FOLDER)
    blob = next(entry.blob for entry in mirror.files(heads.base).entries if entry.path == "README.md")
    (tmp_path / FOLDER / "objects" / blob[:2] / blob[2:]).unlink()

    with pytest.raises(Damaged, match="the next pass makes it anew"):
        mirror.read(heads.base, "README.md")
    assert mirror.fetch("imagebot/") == heads
    assert mirror.read(heads.base, "README.md") == b"environments\n"


def test_a_remote_that_makes_no_sense_costs_no_mirror(tmp_path: Path, heads: Heads, mirror: Mirror) -> None:
    """Words that are in no table may mean a broken mirror; it is replaced only when a new one turned out well."""
    (tmp_path / "environments.git" / "HEAD").write_text("")
    (tmp_path / "environments.git" / "config").write_text("[core\n")

    with pytest.raises(WorldError, match="cannot fetch from") as caught:
        mirror.fetch("imagebot/")
    assert "\n" not in str(caught.value)
    assert mirror.read(heads.base, "README.md") == b"environments\n"


HISTORIC = "tree {tree}\nauthor A <a@b> 0 +0000\ncommitter A <a@b> 0 +051800\n\nodd zone\n"


def put_on_main(repository: BareRepository, text: str) -> str:
    tree = repository.git("rev-parse", "main^{tree}")
    data = text.format(tree=tree).encode()
    commit = repository.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=data)
    repository.git("update-ref", "refs/heads/main", commit)
    return commit


def test_a_history_that_old_tools_wrote_is_fetched(environments: BareRepository, mirror: Mirror) -> None:
    base = put_on_main(environments, HISTORIC)

    assert mirror.fetch("imagebot/").base == base
    commit = mirror.commit(base, {"README.md": proved(b"x")}, "m", Author())
    assert mirror.push([PushUpdate("imagebot/a", commit, None)]) == {"imagebot/a": Pushed()}


def test_an_object_that_git_takes_for_hostile_is_not(environments: BareRepository, mirror: Mirror) -> None:
    with_a_hostile_tree(environments.folder, "main")

    with pytest.raises(BadResponse, match="takes for damaged or hostile"):
        mirror.fetch("imagebot/")


HOLDING = """\
import fcntl, sys
lock = open(sys.argv[1], "a")
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_lock_that_a_stopped_process_holds_is_not_waited_for_for_ever(
    tmp_path: Path, environments: BareRepository, heads: Heads, mirror: Mirror
) -> None:
    command = [sys.executable, "-c", HOLDING, str(tmp_path / f"{FOLDER}.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        os.kill(holder.pid, signal.SIGSTOP)
        hasty = Mirror.open(tmp_path / FOLDER, Remote(str(environments.folder)), network_seconds=0.3)
        try:
            with pytest.raises(Unavailable, match="another imagebot holds"):
                hasty.fetch("imagebot/")
        finally:
            holder.kill()
    assert mirror.fetch("imagebot/") == heads


def test_two_writers_take_turns(tmp_path: Path, environments: BareRepository) -> None:
    (tmp_path / "state").mkdir()
    with (tmp_path / "state/environments.git.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        mirror = Mirror.open(tmp_path / FOLDER, Remote(str(environments.folder)), network_seconds=0.3)

        with pytest.raises(Unavailable, match="another imagebot holds"):
            mirror.fetch("imagebot/")


ONE_FETCH = """
import sys
from pathlib import Path
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.remote import Remote
print("ready", flush=True)
Mirror.open(Path(sys.argv[1]), Remote(sys.argv[2])).fetch("imagebot/")
"""


@pytest.mark.parametrize("milliseconds", [5, 20, 50, 100])
def test_killed_while_cloning(tmp_path: Path, milliseconds: int) -> None:
    """Wherever the kill falls, the next fetch needs no person; a git that was left alone is waited for."""
    many = {f"apps/{number}/deployment.yaml": f"image: acme/{number}:1.0.0\n" * 50 for number in range(2000)}
    repository = a_repository(tmp_path / "environments.git", many)
    command = [sys.executable, "-c", ONE_FETCH, str(tmp_path / FOLDER), str(repository.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(milliseconds / 1000)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)

    mirror = Mirror.open(tmp_path / FOLDER, Remote(str(repository.folder)))
    heads = mirror.fetch("imagebot/")
    assert len(mirror.files(heads.base).entries) == 2000
    assert mirror.read(heads.base, "apps/7/deployment.yaml") == b"image: acme/7:1.0.0\n" * 50


def test_the_git_of_a_killed_bot_is_waited_for(tmp_path: Path, environments: BareRepository) -> None:
    """It still writes into the mirror: its locks must not be taken for left over ones."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
        command = [sys.executable, "-c", ONE_FETCH, str(tmp_path / FOLDER), url]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            connection, _ = silent.accept()
            process.kill()
        mirror = Mirror.open(tmp_path / FOLDER, Remote(str(environments.folder)), network_seconds=0.3)
        with pytest.raises(Unavailable, match="another imagebot holds"):
            mirror.fetch("imagebot/")
        connection.close()

    mirror = Mirror.open(tmp_path / FOLDER, Remote(str(environments.folder)))
    assert mirror.fetch("imagebot/").base == environments.branches()["main"]


def fill_one_folder(folder: Path) -> None:
    """Loose objects as they lie there after months; one folder of the 256 stands for all."""
    folder.mkdir(exist_ok=True)
    for number in range(10_000):
        data = b"blob 4\0%04d" % number
        name = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        if name.startswith(folder.name):
            (folder / name[2:]).write_bytes(zlib.compress(data))


def test_tidying_packs_what_has_piled_up_and_loses_nothing(tmp_path: Path, heads: Heads, mirror: Mirror) -> None:
    assert mirror.tidy() is False
    commit = mirror.commit(heads.base, {"README.md": proved(b"")}, "unpushed", Author())
    fill_one_folder(tmp_path / FOLDER / "objects/17")

    assert mirror.tidy() is True
    assert mirror.read(commit, "README.md") == b""
    assert mirror.fetch("imagebot/") == heads


@pytest.mark.parametrize("killed", [False, True])
def test_what_the_base_was_is_known_once_it_is_written_anew(
    tmp_path: Path, environments: BareRepository, mirror: Mirror, heads: Heads, *, killed: bool
) -> None:
    """By a process that was killed after its fetch, too: it is followed by the next one."""
    environments.grow("main", "", {"README.md": "anew\n"}, "anew\n", f"{PERSON} {FIRST_DATE} +0000")
    if killed:
        fetch = ["fetch", "--quiet", str(environments.folder), "+refs/heads/main:refs/remotes/origin/main"]
        run_git(["-C", str(tmp_path / "state" / "environments.git"), *fetch])
    for _ in range(2):
        assert mirror.former(mirror.fetch("imagebot/").base) == {heads.base}
