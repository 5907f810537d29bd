"""Reading commits."""

from __future__ import annotations

import pytest

from imagebot.errors import BadResponse, NotFound
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.gitrepo.objects import LARGEST_FILE
from tests.support.git_repos import BareRepository, Content, Link, Submodule


def test_files_are_the_regular_ones_with_their_mode(mirror: Mirror, heads: Heads) -> None:
    found = mirror.files(heads.base)

    assert {(entry.path, entry.mode) for entry in found.entries} == {
        ("README.md", "100644"),
        ("clusters/production/api/deployment.yaml", "100644"),
        ("clusters/staging/api/deployment.yaml", "100644"),
        ("clusters/staging/web/deployment.yaml", "100644"),
        ("deploy.sh", "100755"),
        ('with spaces/ü "x"\tb.yaml', "100644"),
    }
    assert found.unreadable == 0


def test_a_path_that_is_no_text_is_counted(environments: BareRepository, mirror: Mirror) -> None:
    base = environments.commit("main", {b"caf\xe9.yaml".decode(errors="surrogateescape"): "a: 1\n"})
    mirror.fetch("imagebot/")
    found = mirror.files(base)

    assert found.unreadable == 1
    assert len(found.entries) == 6


ODD = b"caf\xe9.yaml".decode(errors="surrogateescape")
CHANGES: dict[str, Content] = {
    "README.md": "changed\n",
    "clusters/production/api/deployment.yaml": None,
    "clusters/staging/api": "a file where a folder was\n",
    "deploy.sh": "no program any more\n",
    "added.yaml": "a: 1\n",
    "linked.yaml": Link("added.yaml"),
    "other": Submodule("1" * 40),
    ODD: "a: 1\n",
}


@pytest.mark.parametrize("back", [False, True])
def test_what_differs_makes_one_commit_of_another(environments: BareRepository, mirror: Mirror, *, back: bool) -> None:
    tips = [environments.branches()["main"], environments.commit("main", CHANGES)]
    mirror.fetch("imagebot/")
    old, new = reversed(tips) if back else tips
    before, after, found = mirror.files(old), mirror.files(new), mirror.differences(old, new)

    assert found is not None
    stays = {entry.path: entry for entry in before.entries if entry.path not in found.before}
    assert {**stays, **{entry.path: entry for entry in found.entries}} == {e.path: e for e in after.entries}
    assert not stays.keys() & {entry.path for entry in found.entries}
    assert len(before.entries) + found.more == len(after.entries)
    assert (found.unreadable, after.unreadable) == ((-1, 0) if back else (1, 1))


def test_nothing_is_known_of_what_differs_from_a_commit_that_is_gone(mirror: Mirror, heads: Heads) -> None:
    assert mirror.differences("1" * 40, heads.base) is None
    assert mirror.fetch("imagebot/") == heads
    assert mirror.remade == ""


def test_of_paths_those_that_are_files_are_found(mirror: Mirror, heads: Heads) -> None:
    asked = ["README.md", "deploy.sh", "clusters", "clusters/", "none", "*.md", "../README.md", ""]
    every = {entry.path: entry for entry in mirror.files(heads.base).entries}
    assert mirror.entries(heads.base, asked) == {path: every[path] for path in ("README.md", "deploy.sh")}


def test_blobs_come_in_the_order_asked_and_as_often(environments: BareRepository, mirror: Mirror) -> None:
    files = {f"{number}.yaml": f"n: {number}\n" for number in range(1200)}
    base = environments.commit("main", {**files, "empty": "", "binary": bytes(range(256)) + b"\n"})
    mirror.fetch("imagebot/")
    ids = {entry.path: entry.blob for entry in mirror.files(base).entries}
    asked = [*reversed(files), "empty", "binary", "7.yaml", "7.yaml"]

    contents = list(mirror.blobs([ids[path] for path in asked]))
    assert (
        contents
        == [*(files[path].encode() for path in reversed(files)), b"", bytes(range(256)) + b"\n"] + [b"n: 7\n"] * 2
    )


def test_no_blobs_asked_none_given(mirror: Mirror, heads: Heads) -> None:
    assert heads.base
    assert list(mirror.blobs([])) == []


def test_a_large_file_is_passed_over(environments: BareRepository, mirror: Mirror) -> None:
    base = environments.commit("main", {"fits": b"x" * LARGEST_FILE, "too-large": b"x" * (LARGEST_FILE + 1)})
    mirror.fetch("imagebot/")
    ids = {entry.path: entry.blob for entry in mirror.files(base).entries}
    sizes = [data and len(data) for data in mirror.blobs([ids["too-large"], ids["fits"], ids["README.md"]])]

    assert sizes == [None, LARGEST_FILE, 13]
    with pytest.raises(BadResponse, match=r"too-large at .*larger than 8 MiB"):
        mirror.read(base, "too-large")


def test_a_reader_may_stop_in_the_middle(mirror: Mirror, heads: Heads) -> None:
    contents = mirror.blobs([entry.blob for entry in mirror.files(heads.base).entries])

    assert next(contents) == b"environments\n"
    contents.close()
    assert mirror.read(heads.base, "README.md") == b"environments\n"


@pytest.mark.parametrize(
    "path", ["nothing", "clusters", "clusters/", "link.yaml", "latest/api", "vendor", "", "/", "../x"]
)
def test_only_regular_files_are_read(mirror: Mirror, heads: Heads, path: str) -> None:
    with pytest.raises(NotFound, match="there is no such file"):
        mirror.read(heads.base, path)


def test_a_path_is_no_pattern(environments: BareRepository, mirror: Mirror) -> None:
    base = environments.commit("main", {"a*": "star\n", "ab": "b\n", ":(top)x": "magic\n"})
    mirror.fetch("imagebot/")

    assert mirror.read(base, "a*") == b"star\n"
    assert mirror.read(base, ":(top)x") == b"magic\n"
