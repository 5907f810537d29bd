"""What `set` and `init` leave of files: all that was, but for the bytes that they change; whole or not at all."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from imagebot.cli.disk import create_file, read_file, replace_file
from imagebot.errors import BadInput
from tests.support.doomed import run_doomed
from tests.support.forked import run_function, run_verb, verb
from tests.support.sound import proved
from tests.support.stage import Said
from tests.support.strangers import reachable_folder

BEFORE, AFTER = "image: nginx:1\n", "image: nginx:2\n"
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
STRANGER = 12345
SMALL = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
from imagebot.cli.main import run
run()
"""


def put(folder: Path, name: str = "a.yaml", text: str = BEFORE) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def imagebot(folder: Path, *words: str) -> Said:
    return Said(*run_verb(folder, words, {}))


def script(folder: Path, code: str, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """-B: where no file may grow, Python would keep the first half of what it compiles."""
    words = [sys.executable, "-B", "-c", code, *words]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


@ROOT
def test_regret_a_file_of_another_owner_with_an_access_list_is_theirs_afterwards(tmp_path: Path) -> None:
    file = put(tmp_path)
    os.chown(file, STRANGER, STRANGER + 1)
    file.chmod(0o2640)
    os.setxattr(file, "user.team", b"shop")
    before = file.stat()

    said = imagebot(tmp_path, "set", "nginx:2", "a.yaml")

    after = file.stat()
    assert (said.code, file.read_text()) == (0, AFTER)
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)
    assert os.getxattr(file, "user.team") == b"shop"
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]


def watched(folder: Path, words: Sequence[str], environment: Mapping[str, str]) -> None:
    """Be a verb, and tell the mode of a file before it is given another one."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.chmod" and isinstance(arguments[0], int):
            print(f"{stat.S_IMODE(os.fstat(arguments[0]).st_mode):o}", file=sys.stderr)

    sys.addaudithook(hook)
    verb(folder, words, environment)


def test_what_one_person_may_read_is_nobody_elses_while_it_is_written(tmp_path: Path) -> None:
    file = put(tmp_path)
    file.chmod(0o600)

    code, _, modes = run_function(watched, (tmp_path, ["set", "nginx:2", "a.yaml"], dict(os.environ)))

    assert (code, modes, file.read_text()) == (0, "600\n", AFTER)


@ROOT
def test_regret_whoever_may_not_give_a_file_back_does_not_take_it() -> None:
    code = f"""
import os
from pathlib import Path
from imagebot.cli.disk import read_file, replace_file
from imagebot.errors import BadInput
from imagebot.yamledit.prove import prove
os.setgroups([]); os.setgid({STRANGER}); os.setuid({STRANGER})
file = read_file(Path("a.yaml"))
try:
    replace_file(file, prove("a.yaml", file.data, file.data, [], {{}}))
except BadInput as error:
    print(error)
"""
    with reachable_folder() as folder:
        file = put(folder)
        file.chmod(0o666)
        folder.chmod(0o777)
        done = script(folder, code, [])
        assert done.stdout == (
            "a.yaml: it belongs to user 0 and group 0, and would not any more; run this as that user or as root\n"
        ), done.stderr
        assert file.read_text() == BEFORE
        assert [path.name for path in folder.iterdir()] == ["a.yaml"]


def test_regret_a_hard_link_is_not_parted_from_its_other_name(tmp_path: Path) -> None:
    file = put(tmp_path)
    os.link(file, tmp_path / "b.yaml")
    said = imagebot(tmp_path, "set", "nginx:2", "a.yaml")
    assert said.code == 1
    why = "it has 2 names (hard links), and only this one would change; make it a file of its own first"
    assert said.err == f"imagebot: a.yaml: {why}\n"
    assert file.read_text() == BEFORE
    assert imagebot(tmp_path, "set", "nginx:1", "a.yaml").code == 0


def test_regret_a_full_disk_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    file = put(tmp_path, text=BEFORE + "# " + "x" * 2000 + "\n")
    whole = file.read_text()
    done = script(tmp_path, SMALL, ["set", "nginx:2", "."])
    assert (done.returncode, done.stderr) == (1, "imagebot: a.yaml: File too large\n")
    assert file.read_text() == whole
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]


def test_regret_init_on_a_full_disk_leaves_no_half_file(tmp_path: Path) -> None:
    put(
        tmp_path / "envs" / "production" / "shop",
        text="kind: Pod\nspec: {containers: [{image: 'ghcr.io/a/b:1.0.0'}]}\n",
    )
    done = script(tmp_path, SMALL, ["init", "envs", "--into", "bot"])
    assert done.returncode == 2
    assert "cannot write" in done.stderr
    assert "File too large" in done.stderr
    written = [path for path in (tmp_path / "bot").rglob("*") if path.is_file()]
    assert [path.name for path in written if path.name.startswith(".") or path.stat().st_size in (0, 1000)] == []


def test_regret_a_process_killed_at_any_step_leaves_the_old_file_or_the_new(tmp_path: Path) -> None:
    for step in range(1, 30):
        folder = tmp_path / str(step)
        file = put(folder)
        file.chmod(0o640)
        code = run_doomed(folder, step, ["set", "nginx:2", "a.yaml"])
        assert file.read_text() in (BEFORE, AFTER)
        assert stat.S_IMODE(file.stat().st_mode) == 0o640
        again = imagebot(folder, "set", "nginx:2", "a.yaml")
        assert (again.code, file.read_text()) == (0, AFTER)
        if step < 3 or code == 0:
            assert [path.name for path in folder.iterdir()] == ["a.yaml"]
        if code == 0:
            break
    assert step > 3


def test_what_another_process_is_about_to_name_is_not_swept_away(tmp_path: Path) -> None:
    file = put(tmp_path)
    busy = put(tmp_path, ".b.yaml.imagebot-new")
    stale = put(tmp_path, ".c.yaml.imagebot-new")
    with busy.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        replace_file(read_file(file), proved(AFTER.encode()))
    assert busy.exists()
    assert not stale.exists()


def test_two_that_write_one_file_do_not_mix(tmp_path: Path) -> None:
    file = put(tmp_path)
    known = read_file(file)
    file.write_text(BEFORE + "more: 1\n")
    with pytest.raises(BadInput, match="somebody else changed it meanwhile"):
        replace_file(known, proved(AFTER.encode()))
    assert file.read_text() == BEFORE + "more: 1\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]


def test_regret_a_pipe_or_a_device_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    for words in (["set", "nginx:2"], ["fields"]):
        for name in ("pipe.yaml", "/dev/zero"):
            said = imagebot(tmp_path, *words, name)
            assert (said.code, said.err) == (1, f"imagebot: {name}: this is no regular file\n")
        assert "this is a link to /dev/zero, in another folder" in imagebot(tmp_path, *words, "zero.yaml").err
        assert (
            imagebot(tmp_path, *words, ".").err == f"imagebot: no field{' of nginx' if 'set' in words else ''} in .\n"
        )


def test_regret_a_file_that_grows_while_it_is_read_is_not_read_for_ever(tmp_path: Path) -> None:
    file = put(tmp_path)
    with file.open("r+b") as grown:
        grown.truncate(10 * 2**30)
    for words in (["set", "nginx:2"], ["fields"]):
        said = imagebot(tmp_path, *words, "a.yaml")
        assert (said.code, said.err) == (1, "imagebot: a.yaml: larger than 8 MiB, and no more is read: split it\n")


@pytest.mark.parametrize("named", ["inner.yaml", "link.yaml"])
def test_a_link_is_followed_within_its_folder_and_stays_one(tmp_path: Path, named: str) -> None:
    file = put(tmp_path / "base", "inner.yaml")
    (tmp_path / "base" / "link.yaml").symlink_to("inner.yaml")
    said = imagebot(tmp_path, "set", "nginx:2", f"base/{named}")
    assert (said.code, file.read_text()) == (0, AFTER)
    assert (tmp_path / "base" / "link.yaml").is_symlink()


def test_regret_a_link_out_of_a_repository_writes_nowhere_else(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside")
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "a.yaml").symlink_to(outside)
    (tmp_path / "repo" / "folder").symlink_to(outside.parent)
    said = imagebot(tmp_path / "repo", "set", "nginx:2", "a.yaml")
    assert said.code == 1
    assert said.err == (
        f"imagebot: a.yaml: this is a link to {outside.resolve()}, in another folder; name that file if you mean it\n"
    )
    assert imagebot(tmp_path / "repo", "set", "nginx:2", ".").code == 1
    assert outside.read_text() == BEFORE


def test_a_read_only_folder_is_one_clear_line(tmp_path: Path) -> None:
    file = put(tmp_path)
    subprocess.run(["chattr", "+i", str(file)], check=False, capture_output=True)
    try:
        with file.open("r+b"):
            pytest.skip("this file system has no immutable files, or we may not make one")
    except PermissionError:
        said = imagebot(tmp_path, "set", "nginx:2", "a.yaml")
    finally:
        subprocess.run(["chattr", "-i", str(file)], check=False, capture_output=True)
    assert said.code == 1
    assert said.err.startswith("imagebot: a.yaml: ")
    assert len(said.err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("nowhere")], ids=["file", "dangling link"])
def test_a_file_that_is_there_is_never_written_over(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "a")
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "a", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_new_file_has_the_mode_that_all_new_files_have(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        create_file(tmp_path / "a", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    assert (tmp_path / "a").read_bytes() == b"x"
