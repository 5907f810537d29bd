"""What became of each field, commit by commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from imagebot.fields.find import find
from imagebot.history.commits import Commit, arrivals
from imagebot.history.file_fields import Owners
from imagebot.history.ledger import Ledger, read
from imagebot.plan.claims import FileFields
from imagebot.policy.model import Policy
from tests.support.commits import BOT, NOW, PODINFO, commit, policies, told
from tests.support.effort import calls

TWO_APPS = """\
app: podinfo
repository: environments
environments: {staging: {paths: [s/, both/]}, production: {paths: [p/, both/]}}
images: [{image: podinfo, semver: '*'}]
"""


def moves(ledger: Ledger) -> list[str]:
    """Each entry in one line."""
    return [
        f"{entry.commit.id} {'back ' if entry.back else ''}{entry.kind}: "
        + ", ".join(f"{move.file}:{move.line} {move.old or '-'} > {move.new or '-'}" for move in entry.moves)
        for entry in ledger.entries
    ]


def image(*tags: str) -> str:
    """A file with a container for each tag, on lines 2, 3 and so on."""
    return "containers:\n" + "".join(f"- image: podinfo:{tag}\n" for tag in tags)


A, B, C, AA, AB, BC, CA = (
    image("1"),
    image("2"),
    image("3"),
    image("1", "1"),
    image("1", "2"),
    image("2", "3"),
    image("3", "1"),
)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"a.yaml": (A, B)}, ["2 major: a.yaml:2 1 > 2"], id="changed"),
        pytest.param({"a.yaml": (A, None)}, ["2 removed: a.yaml:2 1 > -"], id="deleted"),
        pytest.param({"a.yaml": (A, None), "b.yaml": (None, A)}, [], id="renamed"),
        pytest.param({"a.yaml": (A, None), "b.yaml": (None, B)}, ["2 major: b.yaml:2 1 > 2"], id="renamed and changed"),
        pytest.param({"a.yaml": (A, None), "b.yaml": (None, "image: podinfo:1\n")}, [], id="renamed, another shape"),
        pytest.param({"a.yaml": (A, "\n# why\n" + A)}, [], id="other lines"),
        pytest.param({"a.yaml": (A, CA)}, ["2 major: a.yaml:2 1 > 3, a.yaml:3 - > 1"], id="one before it"),
        pytest.param({"a.yaml": (A, AA)}, ["2 copied: a.yaml:3 - > 1"], id="once more"),
        pytest.param({"a.yaml": (A, AB)}, ["2 added: a.yaml:3 - > 2"], id="another beside it"),
        pytest.param({"a.yaml": (A, "image: podinfo:1\n")}, [], id="another shape"),
        pytest.param(
            {"a.yaml": (A, "image: podinfo:2\n")}, ["2 major: a.yaml:1 1 > 2"], id="another shape and version"
        ),
    ],
)
def test_a_field_is_the_same_wherever_it_goes(
    files: dict[str, tuple[str | None, str | None]], expected: list[str]
) -> None:
    ledger = told(commit("1", files={"a.yaml": (None, A)}), commit("2", "1", files=files))
    assert moves(ledger) == ["1 added: a.yaml:2 - > 1", *expected]


def test_regret_a_canary_that_went_ahead_is_not_taken_for_the_stable_one_that_follows() -> None:
    ledger = told(commit("1", files={"a.yaml": (None, AB)}), commit("2", "1", files={"a.yaml": (AB, BC)}))
    assert moves(ledger)[1:] == ["2 major: a.yaml:2 1 > 2, a.yaml:3 2 > 3"]


def test_back_is_below_in_the_order_or_where_that_does_not_tell_what_was_there_before() -> None:
    one, two = (f"image: podinfo:1@sha256:{digit * 64}\n" for digit in "ab")
    texts = [A, C, B, C, one, two, one, "image: podinfo:odd\n", one]
    commits = [
        commit(str(n), *([str(n - 1)] if n else []), files={"a.yaml": (texts[n - 1] if n else None, text)})
        for n, text in enumerate(texts)
    ]
    ledger = told(*commits)
    assert [entry.back for entry in ledger.entries] == [False, False, True, False, True, False, True, False, True]
    assert [move.since for entry in ledger.entries for move in entry.moves] == [None, 0, 1, 2, 3, 4, 5, 6, 7]


def test_what_cannot_be_read_counts_on_until_it_can() -> None:
    ledger = told(
        commit("1", files={"a.yaml": (None, A)}),
        commit("2", "1", files={"a.yaml": (A, "broken")}),
        commit("3", "2", files={"a.yaml": ("broken", B)}),
        commit("4", "3", files={"a.yaml": (B, "broken")}),
        unreadable="broken",
    )
    assert moves(ledger)[1:] == ["3 major: a.yaml:2 1 > 2"]
    assert [(each.path, each.place, each.until) for each in ledger.unread] == [("a.yaml", 1, 2), ("a.yaml", 3, None)]
    ((track,),) = ledger.tracks.values()
    assert str(track.said.value) == "2"


def test_what_was_there_before_the_first_commit_that_was_read_is_no_change() -> None:
    ledger = told(commit("9", "8", files={"a.yaml": (A, B)}))
    assert moves(ledger) == ["9 major: a.yaml:2 1 > 2"]
    assert ledger.entries[0].moves[0].since is None


def test_a_file_of_two_environments_is_told_of_both() -> None:
    ledger = told(
        commit("1", files={"both/a.yaml": (None, A), "s/a.yaml": (None, A), "x/a.yaml": (None, A)}),
        commit("2", "1", files={"s/a.yaml": (A, B)}),
        by=policies(TWO_APPS),
    )
    assert [(entry.environment, entry.commit.id, len(entry.moves)) for entry in ledger.entries] == [
        ("production", "1", 1),
        ("staging", "1", 2),
        ("staging", "2", 1),
    ]


def test_a_field_that_goes_to_another_environment_leaves_one_and_is_new_in_the_other() -> None:
    ledger = told(
        commit("1", files={"s/a.yaml": (None, A)}),
        commit("2", "1", files={"s/a.yaml": (A, None), "p/a.yaml": (None, A)}),
        by=policies(TWO_APPS),
    )
    assert [(entry.environment, entry.kind, entry.deploys) for entry in ledger.entries] == [
        ("staging", "added", True),
        ("production", "added", True),
        ("staging", "removed", False),
    ]


def test_files_that_are_renamed_together_are_told_apart_by_what_they_say() -> None:
    ledger = told(
        commit("1", files={"a.yaml": (None, A), "b.yaml": (None, B)}),
        commit("2", "1", files={"a.yaml": (A, None), "b.yaml": (B, None), "c.yaml": (None, B), "d.yaml": (None, A)}),
    )
    assert len(ledger.entries) == 1


def test_what_comes_again_after_it_was_gone_is_new_and_no_copy() -> None:
    ledger = told(
        commit("1", files={"a.yaml": (None, A)}),
        commit("2", "1", files={"a.yaml": (A, None)}),
        commit("3", "2", files={"a.yaml": (None, A)}),
    )
    assert [entry.kind for entry in ledger.entries] == ["added", "removed", "added"]


def test_twice_as_many_policies_and_files_are_twice_the_work() -> None:
    once, twice = (_work(*_apps(size)) for size in (60, 120))
    assert once > 200
    assert twice < 2.5 * once


def _apps(count: int) -> tuple[list[Commit], tuple[Policy, ...]]:
    """As many apps as files, all of them changed by each of two commits."""
    apps = [PODINFO.replace("podinfo", f"app{number}") for number in range(count)]
    texts = {f"app{number}.yaml": f"image: app{number}:" for number in range(count)}
    commits = [
        commit("1", files={path: (None, f"{text}1\n") for path, text in texts.items()}),
        commit("2", "1", files={path: (f"{text}1\n", f"{text}2\n") for path, text in texts.items()}),
    ]
    return commits, tuple(policy for text in apps for policy in policies(text))


def test_twice_as_many_steps_of_a_field_are_twice_the_work() -> None:
    once, twice = (_work(_steps(size), policies()) for size in (100, 200))
    assert once > 200
    assert twice < 2.5 * once


def _steps(count: int) -> list[Commit]:
    """As many commits that each give the same tag another digest."""
    texts = [f"image: podinfo:1@sha256:{number:064x}\n" for number in range(count + 1)]
    return [
        commit(str(number), *([str(number - 1)] if number > 1 else []), files={"a.yaml": (texts[number - 1], text)})
        for number, text in enumerate(texts[1:], start=1)
    ]


def test_twice_as_many_files_of_one_image_are_no_more_work_where_one_of_them_changes() -> None:
    once, twice = (_work([*_apart(size)], policies()) - _work([*_apart(size)][:1], policies()) for size in (100, 200))
    assert twice < 1.2 * once


def _apart(count: int) -> Iterator[Commit]:
    """A commit with as many files, and ten that change one of them."""
    yield commit("0", files={f"{number}.yaml": (None, f"image: podinfo:1.{number}\n") for number in range(count)})
    for number in range(10):
        files = {"0.yaml": (f"image: podinfo:1.{number}\n", f"image: podinfo:1.{number + 1}\n")}
        yield commit(str(number + 1), str(number), files=files)


def _work(commits: Sequence[Commit], by: tuple[Policy, ...]) -> int:
    """What it takes to read them, once all is known that their files say."""
    owners = Owners(by)
    said = {(change.path, text) for each in commits for change in each.changes for text in (change.old, change.new)}
    contents = {
        (path, text): owners.says(path, FileFields(find(path, text.encode())))
        for path, text in said
        if text is not None
    }
    arrived = arrivals(commits[::-1], BOT, NOW)
    return calls(lambda: read(by, arrived, contents, BOT))
