"""Which pull requests there are, told by git alone."""

from __future__ import annotations

import shutil

import pytest

from imagebot.errors import WorldError
from imagebot.gitrepo.mirror import Mirror
from tests.support.git_repos import BareRepository

REFS = {
    "refs/pull/7/head": (7,),
    "refs/merge-requests/8/head": (8,),
    "refs/pull-requests/9/from": (9,),
    "refs/pull/7/merge": (),
    "refs/pull/x/head": (),
    "refs/heads/refs/pull/7/head": (),
    "refs/notes/pull/7/head": (),
    f"refs/pull/{'9' * 30}/head": (),
}


@pytest.mark.parametrize(("ref", "numbers"), REFS.items())
def test_the_refs_that_forges_keep(
    environments: BareRepository, mirror: Mirror, ref: str, numbers: tuple[int, ...]
) -> None:
    head = mirror.fetch(None).base
    environments.git("update-ref", ref, head)
    assert mirror.pull_refs().get(head, ()) == numbers


def test_one_commit_of_several_pull_requests(environments: BareRepository, mirror: Mirror) -> None:
    head = mirror.fetch(None).base
    for number in (12, 3):
        environments.git("update-ref", f"refs/pull/{number}/head", head)
    assert mirror.pull_refs() == {head: (3, 12)}


def test_a_remote_that_is_gone_tells_nothing(environments: BareRepository, mirror: Mirror) -> None:
    mirror.fetch(None)
    shutil.rmtree(environments.folder)
    with pytest.raises(WorldError, match="there is no such repository"):
        mirror.pull_refs()
