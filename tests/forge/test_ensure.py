"""What `ensure` promises, on every forge that can be had here: running it twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from imagebot.forge import local
from imagebot.forge.ensure import Ensured, ensure
from imagebot.forge.protocol import Forge, Proposal, PullRequest
from imagebot.pulls import block
from imagebot.pulls.body_frame import BEGIN
from imagebot.settings.resolve import RepositorySettings
from tests.forge.conftest import REST, client, rest_client
from tests.support import github_server
from tests.support.proposals import BRANCH, FULL, body, proposal

Connect = Callable[[], Forge]


FORGES = ("local", "github", *REST)
# Of whom we know that they were asked: GitLab and Bitbucket ask no groups, and Gitea before 1.22 does not say.
AWAITED = {"gitea 1.20": (), **dict.fromkeys(("gitlab", "bitbucket cloud", "bitbucket data center"), ("alice",))}
PERSONAL = [kind for kind, who in AWAITED.items() if who]


@pytest.fixture(params=FORGES)
def kind(request: pytest.FixtureRequest) -> str:
    assert isinstance(request.param, str)
    return request.param


@pytest.fixture
def connect(kind: str, tmp_path: Path) -> Iterator[Connect]:
    """A new connection to the same repository on each call: another pass, another process, another bot."""
    match kind:
        case "local":
            yield lambda: local.connect(RepositorySettings(name="environments", url=str(tmp_path / "environments.git")))
        case "github":
            with github_server.running() as github:
                yield lambda: client(github)
        case _:
            with REST[kind]() as server:
                yield lambda: rest_client(server)


def can(kind: str, wanted: Proposal) -> Proposal:
    """What of a proposal can be had there: Bitbucket has neither labels nor assignees, Azure no assignees."""
    if kind == "azure":
        return replace(wanted, assignees=())
    return replace(wanted, labels=(), assignees=()) if kind.startswith("bitbucket") else wanted


def found(forge: Forge) -> PullRequest | None:
    pulls = {pull.branch: pull for pull in forge.open_pulls("imagebot/")}
    return pulls.get(BRANCH)


def a_pass(connect: Connect, wanted: Proposal) -> tuple[Ensured, int]:
    """What one pass does: one listing, then ensure. Answers also how many writes it took."""
    forge = connect()
    done = ensure(forge, wanted, found(forge))
    return done, forge.writes


def settled(connect: Connect, wanted: Proposal) -> PullRequest:
    """The one open pull request, after a further pass that changes nothing."""
    before = connect().open_pulls("")
    done, writes = a_pass(connect, wanted)

    assert (done.action, writes) == ("kept", 0)
    assert connect().open_pulls("") == before == (done.pull,)
    return done.pull


def test_a_branch_gets_its_pull_request_once(connect: Connect, kind: str) -> None:
    done, _ = a_pass(connect, FULL)

    assert (done.action, len(done.warnings)) == ("opened", 1 if kind in PERSONAL else 0)
    pull = settled(connect, FULL)
    found = block.read(pull.body)
    assert found is not None
    # Where there are no labels at all, nobody asks the forge for some.
    missing = [name for name in found.lacking if name.startswith("reviewer:") or can(kind, FULL) == FULL]
    assert missing == (["reviewer:team:platform"] if kind in PERSONAL else [])
    assert (pull.title, block.stamped(pull.body, lacking=()).strip(), pull.branch, pull.base) == (
        FULL.title,
        FULL.body.strip(),
        FULL.branch,
        "main",
    )
    wanted = can(kind, FULL)
    assert (pull.labels, pull.assignees) == (wanted.labels, wanted.assignees)
    assert pull.reviewers == AWAITED.get(kind, FULL.reviewers)


def test_a_newer_proposal_rewrites_the_same_one(connect: Connect, kind: str) -> None:
    first, _ = a_pass(connect, proposal("f1"))
    newer = replace(proposal("f2"), labels=("major",))
    done, _ = a_pass(connect, newer)

    assert (done.action, done.pull.number) == ("rewritten", first.pull.number)
    pull = settled(connect, newer)
    assert (pull.title, pull.body.strip(), pull.labels) == (newer.title, newer.body.strip(), can(kind, newer).labels)


def test_what_people_write_around_the_block_is_theirs(connect: Connect) -> None:
    first, _ = a_pass(connect, proposal())
    theirs = replace(proposal(), title="WAIT", body=body("f1", words="do not merge before Monday"))
    connect().rewrite(first.pull, theirs)

    pull = settled(connect, proposal())
    assert (pull.title, pull.body.strip()) == ("WAIT", theirs.body.strip())


@pytest.mark.parametrize(
    "theirs",
    [
        pytest.param("", id="emptied"),
        pytest.param("no block here", id="block deleted"),
        pytest.param("<!-- imagebot:v1 bm9uc2Vuc2U= -->", id="nonsense in the block"),
    ],
)
def test_a_block_that_was_deleted_comes_back_once(connect: Connect, theirs: str) -> None:
    first, _ = a_pass(connect, proposal())
    connect().rewrite(first.pull, replace(proposal(), body=theirs))
    done, _ = a_pass(connect, proposal())

    assert done.action == "rewritten"
    assert settled(connect, proposal()).body.strip() == proposal().body.strip()


def test_labels_that_people_add_stay(connect: Connect, kind: str) -> None:
    first, _ = a_pass(connect, FULL)
    connect().rewrite(first.pull, replace(proposal(), labels=("reviewed by security",)))
    a_pass(connect, replace(proposal("f2"), labels=("image-update",)))

    there = set(connect().open_pulls("")[0].labels)
    assert there == ({*FULL.labels, "reviewed by security"} if can(kind, FULL).labels else set())


def test_a_second_bot_finds_what_the_first_opened(connect: Connect) -> None:
    """Both listed before either wrote: the late one gets the early one's pull request, and no second."""
    early, late = connect(), connect()
    seen = found(late)
    ensure(early, FULL, found(early))
    done = ensure(late, FULL, seen)

    assert done.pull.number == settled(connect, FULL).number


def test_a_second_bot_with_a_newer_proposal_says_it_in_the_same_one(connect: Connect) -> None:
    early, late = connect(), connect()
    seen = found(late)
    ensure(early, proposal("f1"), found(early))
    done = ensure(late, proposal("f2"), seen)

    assert done.action == "rewritten"
    assert settled(connect, proposal("f2")).body.strip() == body("f2").strip()


def test_what_somebody_opened_meanwhile_keeps_their_words(connect: Connect) -> None:
    """A person was faster, on the branch that was just pushed."""
    framed = replace(proposal(), body=f"{BEGIN}\n{body('f1')}")
    theirs = replace(proposal(), title="OPS-12", body="Wait for OPS-12.")
    late = connect()
    connect().create(theirs)
    done = ensure(late, framed, None)

    assert done.action == "rewritten"
    pull = settled(connect, framed)
    assert pull.body.startswith(f"Wait for OPS-12.\n\n{BEGIN}")
