"""What is kept of fields between processes: only what changed is parsed, and a file that is wrong is no trouble."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebot.cycle.index import FieldIndex, Watched
from imagebot.cycle.index_file import IndexFile, Kept
from imagebot.errors import plainly
from imagebot.fields.find import find
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.remote import Remote
from imagebot.images.reference import ImageName
from imagebot.plan.claims import FileFields
from imagebot.policy.gates import Gates
from imagebot.policy.model import Policy, PullRequestKeys
from tests.cycle.conftest import POLICY as PODINFO
from tests.support.git_repos import BareRepository, a_repository
from tests.support.stage import Stage
from tests.support.watches import watch

GOLDEN = sorted(path for path in Path("tests/golden").rglob("before/**/*") if path.is_file())
API = "kind: Pod\nspec:\n  containers: [{image: ghcr.io/acme/api:1.0.0}]\n"
POLICY = Policy("api.yaml", "api", "production", "environments", (), (watch(),), PullRequestKeys(), Gates())
FILES = {f"{number}.yaml": API for number in range(5)} | {
    "web.yaml": API.replace("api", "web"),
    "README.md": "acme/api",
}


@dataclass
class Bot:
    """One process after the other over one environment repository and one state."""

    folder: Path
    remote: Path

    def looks(self, *, writes: bool = True) -> tuple[Mapping[str, FileFields], int]:
        """What a new process finds at the base, and how many files it had to parse."""
        mirror = Mirror.open(self.folder / "mirrors" / "environments.git", Remote(str(self.remote)))
        base = mirror.fetch("imagebot/").base
        index = FieldIndex(self.folder / "mirrors", writes)
        return index.look("environments", [POLICY], mirror, base, plainly).files, index.parsed

    @property
    def kept(self) -> Path:
        return self.folder / "mirrors" / "environments.fields"


@pytest.fixture
def bot(tmp_path: Path) -> Bot:
    return Bot(tmp_path / "state", a_repository(tmp_path / "environments.git", FILES).folder)


def test_a_process_that_begins_parses_nothing_that_an_earlier_one_knew(bot: Bot) -> None:
    first, parsed = bot.looks()
    assert parsed == 5
    assert bot.looks() == (first, 0)
    assert stat.S_IMODE(bot.kept.stat().st_mode) == 0o600


def test_only_what_changed_is_parsed(bot: Bot, tmp_path: Path) -> None:
    bot.looks()
    bot.remote = a_repository(tmp_path / "later.git", {**FILES, "3.yaml": API.replace("1.0.0", "1.0.1")}).folder
    found, parsed = bot.looks()
    assert parsed == 1
    assert found["3.yaml"].found.fields[0].tag == "1.0.1"
    assert bot.looks() == (found, 0)


PATHS = ("a.yaml", "b.yaml", "b.yaml/c.yaml", "d/e.yaml", "README.md")
CONTENTS = (API, API.replace("1.0.0", "1.0.1"), API.replace("api", "web"), "image: [", None)
TREES = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(CONTENTS), min_size=1)


@settings(max_examples=12)
@given(st.lists(st.tuples(TREES, st.booleans()), min_size=1, max_size=4))
def test_who_follows_what_changes_finds_what_is_there(
    tmp_path_factory: pytest.TempPathFactory, commits: list[tuple[dict[str, str | None], bool]]
) -> None:
    """In one process and from one to the next, whether a commit is upon the last or upon the first."""
    folder = tmp_path_factory.mktemp("followed")
    repository = a_repository(folder / "environments.git", FILES)
    mirror = Mirror.open(folder / "mirror.git", Remote(str(repository.folder)))
    first, stays = repository.branches()["main"], FieldIndex()
    for files, upon_last in commits:
        repository.commit("main", files, on="" if upon_last else first)
        base = mirror.fetch("imagebot/").base
        begins = FieldIndex(folder, writes=True)
        looks = [index.look("r", [POLICY], mirror, base, plainly) for index in (FieldIndex(), stays, begins, stays)]
        assert [list(looked.files.items()) for looked in looks] == [list(looks[0].files.items())] * 4
        assert [(looked.listed, looked.unreadable) for looked in looks] == [(looks[0].listed, 0)] * 4


def test_what_did_not_change_is_not_listed(bot: Bot) -> None:
    bot.looks()
    (bot.folder / "mirrors" / "environments.git" / "objects").rename(bot.folder / "objects")
    index = FieldIndex(bot.folder / "mirrors")
    mirror = Mirror.open(bot.folder / "mirrors" / "environments.git", Remote(str(bot.remote)))
    commit = BareRepository(bot.remote).branches()["main"]
    assert len(index.look("environments", [POLICY], mirror, commit, plainly).files) == 5


def test_who_has_no_lock_reads_and_writes_nothing(bot: Bot) -> None:
    assert bot.looks(writes=False)[1] == 5
    assert not bot.kept.exists()
    bot.looks()
    before = bot.kept.stat().st_mtime_ns, bot.kept.stat().st_ino
    assert bot.looks(writes=False)[1] == 0
    assert (bot.kept.stat().st_mtime_ns, bot.kept.stat().st_ino) == before


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data[: len(data) // 2], id="half written"),
        pytest.param(lambda data: data[:-1], id="cut by one byte"),
        pytest.param(lambda data: data.replace(b"1.0.0", b"6.6.6"), id="changed"),
        pytest.param(lambda data: data.replace(b"imagebot ", b"imagebat ", 1), id="of another program"),
        pytest.param(lambda data: data[:9] + b"0" * 64 + data[73:], id="of another version"),
        pytest.param(lambda data: data + b"\n[]", id="longer"),
        pytest.param(lambda data: b"\xff" * 5000, id="noise"),
    ],
)
def test_a_file_that_is_not_whole_is_not_there(bot: Bot, damage: Callable[[bytes], bytes]) -> None:
    first, _ = bot.looks()
    whole = bot.kept.read_bytes()
    bot.kept.write_bytes(damage(whole))
    assert bot.looks() == (first, 5)
    assert bot.kept.read_bytes() == whole


def test_a_folder_in_its_place_is_in_nobodys_way(bot: Bot) -> None:
    bot.kept.mkdir(parents=True)
    assert bot.looks()[1] == 5
    assert bot.looks()[1] == 5


def test_what_a_killed_process_left_is_written_over(bot: Bot) -> None:
    beside = bot.kept.with_name("environments.fields.new")
    beside.parent.mkdir(parents=True)
    beside.write_bytes(b"x" * 100_000)
    first, _ = bot.looks()
    assert bot.looks() == (first, 0)
    assert not beside.exists()


@pytest.mark.parametrize("file", GOLDEN, ids=str)
def test_what_is_kept_is_what_was_found(tmp_path: Path, file: Path) -> None:
    data = file.read_bytes()
    names = frozenset(field.name for field in find(file.name, data).fields)
    known = Watched(names, {}, {}).find(file.name, data) or FileFields(find(file.name, data))
    kept = IndexFile(tmp_path / "environments.fields")
    kept.write("watched", Kept({(file.name, "0" * 40): known}, frozenset({"1" * 40})))
    assert kept.read("watched") == Kept({(file.name, "0" * 40): known}, frozenset({"1" * 40}))
    assert kept.read("others") == Kept()


TAGS = st.from_regex(r"[a-z0-9_.-]{1,8}", fullmatch=True)
VALUES = st.sampled_from(
    [
        "image: {}:{}",
        "image: &a {}:{}\nx: *a",
        "a:\n  helm:\n    values: |\n      image: {}:{}",
        "- &b {{image: '{}:{}'}}",
    ]
)


@given(text=VALUES, tags=st.lists(TAGS, min_size=1, max_size=4))
def test_any_field_is_kept_as_it_is(tmp_path_factory: pytest.TempPathFactory, text: str, tags: list[str]) -> None:
    data = "".join(f"---\n{text.format('acme/api', tag)}\n" for tag in tags).encode()
    known = Watched(frozenset({ImageName("docker.io", "acme/api")}), {}, {}).find("a.yaml", data)
    assert known is not None
    kept = IndexFile(tmp_path_factory.mktemp("kept") / "environments.fields")
    kept.write("watched", Kept({("a.yaml", "0" * 40): known}))
    assert kept.read("watched") == Kept({("a.yaml", "0" * 40): known})


def test_a_pass_keeps_and_a_look_does_not(stage: Stage) -> None:
    kept = stage.folder / "state" / "mirrors" / "environments.fields"
    assert stage.imagebot("status").code == 0
    assert not kept.exists()
    assert stage.imagebot("once").code == 0
    assert kept.exists()


def test_a_pass_over_one_app_leaves_what_is_kept_for_all_of_them(stage: Stage) -> None:
    stage.policy(PODINFO.replace("podinfo", "web").replace("IMAGE", "IMAGE-web"), "web.yaml")
    kept = stage.folder / "state" / "mirrors" / "environments.fields"
    assert stage.imagebot("once").code == 1
    whole = kept.read_bytes()
    assert stage.imagebot("once", "podinfo").code == 0
    assert kept.read_bytes() == whole
    assert kept.with_name("environments.fields.part").exists()


def test_a_pipe_in_place_of_what_is_kept_is_not_waited_for(bot: Bot) -> None:
    before, _ = bot.looks()
    bot.kept.unlink()
    os.mkfifo(bot.kept)
    assert bot.looks()[0] == before
