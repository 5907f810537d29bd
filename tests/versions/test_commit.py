"""Commits in the order of a branch; histories drawn by hand. tests/gitrepo/test_ancestry.py has real ones."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.versions.commit import CommitOrder, History
from imagebot.versions.order import Out
from tests.support.orders import placed


def commit(name: str) -> str:
    """An id of 40 digits that begins with these."""
    return name.ljust(40, "0")


A, B, C, D = (commit(letter * 7) for letter in "abcd")
SIDE, OLDER_SIDE = commit("1111111"), commit("2222222")
# A <- B <- C (a merge of SIDE <- OLDER_SIDE <- A) <- D
COMMITS = [
    (D, (C,)),
    (C, (B, SIDE)),
    (SIDE, (OLDER_SIDE,)),
    (B, (A,)),
    (OLDER_SIDE, (A,)),
    (A, ()),
]
MAIN = History.of("main", COMMITS)
ORDER = CommitOrder("api", MAIN)


def test_the_line_of_first_parents_and_what_merges_brought() -> None:
    assert MAIN.line == (D, C, B, A)
    assert MAIN.merged == {SIDE: 1, OLDER_SIDE: 1}


def test_order() -> None:
    for newer, older in pairwise(MAIN.line):
        assert placed(ORDER, older) < placed(ORDER, newer)


def test_what_a_merge_brought_is_right_below_it() -> None:
    place = ORDER.loosely(SIDE)
    assert place is not None
    assert placed(ORDER, B) < place < placed(ORDER, C)
    assert ORDER.place(SIDE) is Out.UNREAD


@pytest.mark.parametrize(
    ("text", "because"),
    [
        (SIDE[:7], "came to main by the merge ccccccc, and the branch itself was never at it"),
        ("9" * 40, "is no commit of main"),
        ("latest", "is no commit id"),
        ("aaaaaa", "is no commit id"),
        ("AAAAAAA", "is no commit id"),
        (f"main-{A}", "is no commit id"),
    ],
)
def test_refusals(text: str, because: str) -> None:
    assert ORDER.place(text) is Out.UNREAD
    assert ORDER.why_not(text, Out.UNREAD) == because


def test_a_short_id_of_two_commits_is_none() -> None:
    twins = commit("abcdef01"), commit("abcdef02")
    order = CommitOrder("api", History("main", twins))
    assert order.place("abcdef0") is Out.UNREAD
    assert order.why_not("abcdef0", Out.UNREAD) == "may be abcdef010000, abcdef020000: write longer ids into tags"
    assert placed(order, "abcdef01") > placed(order, "abcdef02")
    assert order.place("abcdef03") is Out.UNREAD


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"main-{B[:7]}", B),
        (f"sha-{B}", B),
        (f"v1.2.3-5-g{B[:12]}", B),
        (f"20260101-{B[:7]}", B),
        (f"{B[:7]}-20260101", B),
        (f"{B[:7]}_amd64", B),
        (f"main-{B[:6]}", None),
        (f"mainx{B[:7]}", None),
        (f"{B[:7]}-{A[:7]}", None),
        ("main", None),
    ],
)
def test_ids_inside_of_tags(text: str, found: str | None) -> None:
    order = CommitOrder("api", MAIN, inside=True)
    assert order.loosely(text) == (None if found is None else MAIN.place(found))


def test_why_a_tag_holds_no_id() -> None:
    order = CommitOrder("api", MAIN, inside=True)
    assert order.why_not("main", Out.UNREAD) == "holds no commit id of 7 digits or more"
    assert (
        order.why_not(f"{B[:7]}-{A[:7]}", Out.UNREAD) == "may be bbbbbbb00000, aaaaaaa00000: write longer ids into tags"
    )


@pytest.mark.parametrize(
    ("best", "praise"),
    [
        (D, "the newest of 2 commits of main with an image"),
        (C, "the newest of 2 commits of main with an image; 1 newer commit has none yet: ddddddd"),
        (A, "the newest of 2 commits of main with an image; 3 newer commits have none yet: ddddddd, ccccccc, bbbbbbb"),
    ],
)
def test_the_commits_without_an_image_are_named(best: str, praise: str) -> None:
    assert ORDER.praise(2, placed(ORDER, best)) == praise


def test_only_commits_that_change_the_paths_count() -> None:
    order = CommitOrder("api", History.of("main", COMMITS, wanted=frozenset({A, C})))
    assert order.place(B) is Out.UNREAD
    assert order.why_not(B, Out.UNREAD) == "changes nothing in the paths of this image"
    place = order.loosely(B)
    assert place is not None
    assert placed(order, A) < place < placed(order, C)
    assert order.praise(1, placed(order, A)) == (
        "the only commit of main with an image; 1 newer commit has none yet: ccccccc"
    )


def test_without_a_history_nothing_is_chosen() -> None:
    order = CommitOrder("api")
    assert (order.place(A), order.loosely(A), str(order)) == (Out.UNREAD, None, "api")
    assert order.why_not(A, Out.UNREAD) == "is no commit of a branch that is not known yet"


def test_what_stands_around_an_id() -> None:
    assert ORDER.around(f"main-{B[:7]}-debug") == ("main-", "-debug")
    assert ORDER.around(f"20260101-{B[:7]}") == ("20260101-", "")
    assert ORDER.around("latest") is None
    assert CommitOrder("api").around(f"v1-g{B[:7]}") == ("v1-g", "")


def test_words() -> None:
    assert (str(ORDER), ORDER.step(None, None)) == ("main of api", "commit")
    assert ORDER.why(placed(ORDER, A)) == "is a commit of main"


def test_an_empty_branch() -> None:
    assert History.of("main", []).line == ()


ids = st.integers(0, 16**8).map(lambda number: commit(f"{number:08x}"))


@given(st.lists(ids, unique=True, min_size=1), st.integers(7, 40))
def test_any_beginning_finds_its_commits_and_no_others(commits: list[str], length: int) -> None:
    history = History("main", tuple(commits))
    for one in commits:
        assert set(history.named(one[:length])) == {other for other in commits if other.startswith(one[:length])}


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, tuple[str, ...]]]:
    """Commits with parents among those before them; the last one is the tip, and comes first."""
    count = draw(st.integers(1, 12))
    names = [commit(f"{number:08x}") for number in range(count)]
    made = []
    for at, name in enumerate(names):
        parents = draw(st.lists(st.sampled_from(names[:at]), max_size=3, unique=True)) if at else []
        made.append((name, tuple(parents)))
    return made[::-1]


@given(histories())
def test_an_ancestor_is_never_above_its_descendant(commits: list[tuple[str, tuple[str, ...]]]) -> None:
    history = History.of("main", commits)
    known = {*history.line, *history.merged}
    for child, parents in commits:
        for parent in parents:
            if child in known:
                assert parent in known
                assert history.place(parent) <= history.place(child)
