"""Whatever commits, trees and names are made of: each question about them has an answer, or an error of ours."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from imagebot.errors import ImagebotError
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.gitrepo.push import PushUpdate
from imagebot.gitrepo.remote import Remote
from imagebot.settings.resolve import Author
from tests.support.git_odd import BODIES, TIMELESS, TIMELY, git, odd_commit, put
from tests.support.git_repos import a_repository
from tests.support.sound import proved

FILE = "staging/app.yaml"
BRANCH = "imagebot/staging/shop"
people = st.sampled_from([*TIMELESS.values(), *TIMELY.values()]) | st.from_regex(r"\A[^\n]{0,40}\Z")
bodies = st.sampled_from([body for name, body in BODIES.items() if name != "megabytes"]) | st.binary(max_size=60)
modes = st.sampled_from([b"100644", b"100755", b"100664", b"120000", b"160000", b"40000", b"040000", b"0", b"777777"])
names = st.sampled_from([b"app.yaml", b"..", b".", b".git", b".GIT", b"a\nb", b"\xff\xfe", b"x" * 5_000, b"a/b", b"-x"])
branches = st.sampled_from(["a\u2028b", "a\x85b", "\u202ex", "x/y/z", "é" * 60, "a" * 180])


def entry(mode: bytes, name: bytes, at: str) -> bytes:
    return mode + b" " + name + b"\0" + bytes.fromhex(at)


@given(st.data())
@settings(max_examples=25)
def test_nothing_but_errors_of_ours_comes_out(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        bare = a_repository(Path(name, "bare.git"), {FILE: "image: acme/shop:1.0.0\n"})
        blob = git(bare.folder, "rev-parse", f"main:{FILE}")
        tree = ""
        if data.draw(st.booleans(), label="odd tree"):
            entries = data.draw(st.lists(st.tuples(modes, names), max_size=3))
            tree = put(bare.folder, "x", b"".join(entry(mode, each, blob) for mode, each in entries), "tree")
        for branch in ("main", BRANCH):
            git(bare.folder, "update-ref", f"refs/heads/{BRANCH}", "refs/heads/main")
            author, committer = data.draw(people), data.draw(people)
            odd_commit(bare.folder, branch, author=author, committer=committer, body=data.draw(bodies), tree=tree)
        git(bare.folder, "update-ref", f"refs/heads/imagebot/{data.draw(branches)}", blob_commit(bare.folder))
        ask_everything(Mirror.open(Path(name, "mirror.git"), Remote(str(bare.folder))))


def blob_commit(folder: Path) -> str:
    """The first commit, which is sound."""
    return git(folder, "rev-list", "--max-parents=0", "refs/heads/main").splitlines()[0]


def ask_everything(mirror: Mirror) -> None:
    with suppress(ImagebotError):
        heads = mirror.fetch("imagebot/")
        for question in questions(mirror, heads):
            with suppress(ImagebotError):
                question()


def questions(mirror: Mirror, heads: Heads) -> list[Callable[[], object]]:
    base, tips = heads.base, list(heads.branches.values())
    return [
        lambda: mirror.files(base),
        lambda: mirror.read(base, FILE),
        lambda: mirror.annals(base, lambda _: True),
        lambda: mirror.line(base, (), 10),
        lambda: mirror.line(base, [FILE, "..", "a\nb"], 10),
        lambda: mirror.changes(base),
        lambda: mirror.commits_of_each(base, tips),
        lambda: mirror.former(base),
        lambda: mirror.history(base, (FILE,)),
        *(lambda tip=tip: mirror.conflicts(base, tip) for tip in tips),
        *(lambda tip=tip: mirror.brings(base, tip, {FILE: proved(b"x: 1\n")}) for tip in tips),
        *(lambda tip=tip: mirror.changed_paths(base, tip) for tip in tips),
        lambda: mirror.push(
            [PushUpdate("imagebot/new", mirror.commit(base, {FILE: proved(b"x: 1\n")}, "m", Author()), None)]
        ),
    ]
