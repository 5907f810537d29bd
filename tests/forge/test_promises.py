"""The promises to a repository that every forge asked through `wire.py` keeps: only ours, never twice, nothing lost."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from imagebot.errors import BadResponse, Unavailable, WorldError
from imagebot.forge.ensure import ensure
from imagebot.forge.protocol import Forge, PullRequest
from imagebot.pulls import block
from tests.forge.conftest import change, facts, kept, only, opening, possible, rest_client
from tests.support.forge_server import Fault, ForgeServer
from tests.support.gitlab_server import GitLabServer
from tests.support.proposals import BRANCH, FULL, body, proposal

PEOPLE = replace(FULL, reviewers=("alice",))


def first(forge: Forge) -> PullRequest | None:
    return next(iter(forge.open_pulls("imagebot/")), None)


def test_a_quiet_pass_is_one_listing(rest_server: ForgeServer) -> None:
    for number in range(30):
        rest_server.add(f"imagebot/staging/app-{number}", body=body("f1"))
    forge = rest_client(rest_server)
    for pull in forge.open_pulls("imagebot/"):
        ensure(forge, proposal("f1", pull.branch), pull)

    assert {call.verb for call in rest_server.calls} == {"GET"}
    # Where the machine block is kept apart, it and the whole of the words are asked for as well.
    assert len(rest_server.calls) == (1 if facts(rest_server).block_in_body else 2 + 30)


def test_all_pages_are_read_and_no_link_is_followed(rest_server: ForgeServer) -> None:
    """The server's `Link` headers point to another host; pages are asked for by number."""
    rest_server.page = 2
    for number in range(5):
        rest_server.add(f"imagebot/staging/app-{number}")

    assert len(rest_client(rest_server).open_pulls("imagebot/")) == 5
    lists = [call.arguments for call in rest_server.calls if call.path.endswith(opening(rest_server))]
    places = [asked.get("page") or asked.get("start") or asked["$skip"] for asked in lists]
    assert places[:3] == (["1", "2", "3"] if "page" in lists[0] else ["0", "2", "4"])


def test_a_list_without_end_is_given_up(rest_server: ForgeServer) -> None:
    rest_server.page = 1
    for number in range(201):
        rest_server.add(f"imagebot/staging/app-{number}")

    with pytest.raises(BadResponse, match="has more than 200 pages of answers"):
        rest_client(rest_server).open_pulls("")


def test_a_branch_of_the_same_name_in_a_fork_is_not_ours(rest_server: ForgeServer) -> None:
    closed = {"state": "closed", "closed_at": "2026-01-01T12:00:00Z"}
    rest_server.add(BRANCH, head_repo="mallory/environments")
    rest_server.add(BRANCH, head_repo=None)
    rest_server.add(BRANCH, head_repo="mallory/environments", **closed)
    forge = rest_client(rest_server)

    assert forge.open_pulls("imagebot/") == ()
    assert forge.closed_pulls(BRANCH) == ()
    assert ensure(forge, proposal(), None).pull.number == 4


def test_one_into_another_base_is_not_ours(rest_server: ForgeServer) -> None:
    rest_server.add(BRANCH, base="release")
    rest_server.add(BRANCH, base="release", state="closed", closed_at="2026-01-01T12:00:00Z")
    forge = rest_client(rest_server)

    assert (forge.open_pulls("imagebot/"), forge.closed_pulls(BRANCH)) == ((), ())


def test_closed_ones_come_newest_first_with_who_closed_them(rest_server: ForgeServer) -> None:
    closed = {"state": "closed", "closed_by": "alice"}
    rest_server.add(BRANCH, closed_at="2026-01-04T00:00:00Z", **closed)
    rest_server.add(BRANCH, closed_at="2026-01-03T00:00:00Z", branch_gone=True, **closed)
    rest_server.add(BRANCH, merged_at="2026-01-02T00:00:00Z", **closed)
    rest_server.add("imagebot/staging/other", closed_at="2026-01-02T00:00:00Z", **closed)
    forge = rest_client(rest_server)
    found = forge.closed_pulls(BRANCH)

    assert [(pull.number, pull.closed_by, pull.closed_at[:10]) for pull in found] == [
        (1, "alice", "2026-01-04"),
        (2, "alice", "2026-01-03"),
    ]
    assert forge.closed_pulls(BRANCH) == found


def test_only_what_is_lacking_is_added(rest_server: ForgeServer) -> None:
    rest_server.add(BRANCH, labels=["Image-Update", "minor"], reviewers=["alice"], assignees=["bob"])
    rest_client(rest_server).rewrite(only(rest_server), PEOPLE)

    last = rest_server.writes[-1]
    assert not [name for name in ("add_labels", "reviewer_ids", "assignee_ids", "assignees") if name in str(last.data)]
    knows_reviewers = "requested_reviewers" in str(rest_server.description.loaded["components"]["schemas"])
    if isinstance(rest_server, GitLabServer) or knows_reviewers:
        assert len(rest_server.writes) == 1


def test_who_was_added_meanwhile_stays(rest_server: ForgeServer) -> None:
    """They take whole lists: what was listed a minute ago must not undo what a person did since."""
    rest_server.add(BRANCH)
    seen = only(rest_server)
    people = rest_server.pulls[1].assignees if facts(rest_server).assignees else rest_server.pulls[1].reviewers
    people.append("alice")
    key = "assignees" if facts(rest_server).assignees else "reviewers"
    rest_client(rest_server).rewrite(seen, replace(proposal(), **{key: ("bob",)}))  # type: ignore[arg-type]

    pull = rest_server.pulls[1]
    assert sorted([*pull.assignees, *pull.reviewers]) == ["alice", "bob"]


@pytest.mark.parametrize("prefix", ["Draft: ", "WIP: ", "[draft] ", ""])
def test_a_draft_stays_one(rest_server: ForgeServer, prefix: str) -> None:
    """What a person holds back, the next tag does not let go: by the title, or by a flag where it is that."""
    by_title = prefix if facts(rest_server).draft_prefix else ""
    rest_server.add(BRANCH, title=f"{by_title}old", body=body("f1"), draft=not by_title)
    rest_client(rest_server).rewrite(only(rest_server), proposal("f2"))

    pull = rest_server.pulls[1]
    assert (pull.title, pull.draft) == (f"{by_title}{proposal('f2').title}", not by_title)


def test_closing_says_why_once_and_records_that_it_was_us(rest_server: ForgeServer) -> None:
    rest_server.add(BRANCH, body=body("f1"))
    last = block.stamped(body("f1"), closed_by_bot=True)
    rest_client(rest_server).close(only(rest_server), "main has it\n", last)
    pull = rest_server.pulls[1]

    assert (pull.state, len(pull.comments)) == ("closed", 1)
    assert kept(rest_server, pull.body) == last.strip()


def test_killed_between_comment_and_close_nothing_is_said_twice(rest_server: ForgeServer) -> None:
    rest_server.add(BRANCH, comments=["a person's words"])
    rest_server.faults = [Fault(change(rest_server), 502)]
    with pytest.raises(Unavailable):
        rest_client(rest_server).close(only(rest_server), "main has it\n", "last")
    rest_client(rest_server).close(only(rest_server), "main has it\n", "last")
    pull = rest_server.pulls[1]

    assert (pull.state, [text.strip() for text in pull.comments]) == ("closed", ["a person's words", "main has it"])


LOST = [
    pytest.param(Fault("POST", 500), id="500"),
    pytest.param(Fault("POST", 502, body=b"<html>Bad Gateway</html>"), id="502 of HTML"),
    pytest.param(Fault("POST", 503, headers=(("Retry-After", "7"),)), id="503"),
    pytest.param(Fault("POST", 200, body=b"<html>hello</html>"), id="200 of HTML"),
    pytest.param(Fault("POST", 200, body=b"{}"), id="200 of nothing"),
    pytest.param(Fault("POST", 409), id="409"),
    pytest.param(Fault("POST", 307, headers=(("Location", "http://x.test/"),)), id="redirect"),
    pytest.param(Fault("POST", "reset"), id="reset"),
    pytest.param(Fault("POST", "truncated"), id="truncated"),
    pytest.param(Fault("POST", "hang"), id="no answer in time"),
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("fault", LOST)
def test_an_opening_that_failed_is_looked_up_and_never_sent_again(
    rest_server: ForgeServer, fault: Fault, *, after: bool
) -> None:
    rest_server.faults = [replace(fault, after=after, ending=opening(rest_server))]
    forge = rest_client(rest_server)
    person_must_act_or_wait = bool(fault.headers)
    if after and not person_must_act_or_wait:
        assert ensure(forge, proposal(), None).action == "opened"
    else:
        with pytest.raises(WorldError):
            ensure(forge, proposal(), None)

    assert sum(call.path.endswith(opening(rest_server)) for call in rest_server.writes) == 1
    assert [pull.head for pull in rest_server.pulls.values()] == [BRANCH] * after
    again = rest_client(rest_server)
    ensure(again, proposal(), first(again))
    assert len(rest_server.pulls) == 1


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("answer", [500, 422, 403, "reset"])
@pytest.mark.parametrize("nth", range(1, 6))
def test_killed_after_any_write_the_next_pass_completes_it(
    rest_server: ForgeServer, nth: int, answer: int, *, after: bool
) -> None:
    """Whatever is added after the opening, the true body comes last and says that all is done."""
    verb = ["POST", "POST", "POST", change(rest_server), change(rest_server)][nth - 1]
    number = [1, 2, 3, 1, 2][nth - 1]
    rest_server.faults = [Fault(verb, answer, nth=number, after=after)]
    for _ in range(2):
        forge = rest_client(rest_server)
        try:
            ensure(forge, PEOPLE, first(forge))
        except WorldError:
            continue

    forge = rest_client(rest_server)
    pull = only(rest_server)
    assert ensure(forge, PEOPLE, pull).action == "kept"
    assert (pull.title, block.stamped(pull.body, lacking=()).strip()) == (PEOPLE.title, PEOPLE.body.strip())
    if answer not in (403, 422):
        there, wanted = rest_server.pulls[1], possible(rest_server, PEOPLE)
        assert (there.labels, there.assignees) == (list(wanted.labels), list(wanted.assignees))
        assert set(there.reviewers) == {"alice"}
    assert len(rest_server.pulls) == 1


def test_a_limit_is_not_answered_with_another_request(rest_server: ForgeServer) -> None:
    rest_server.faults = [Fault("POST", 429, headers=(("Retry-After", "60"),))]
    with pytest.raises(Unavailable):
        rest_client(rest_server).create(proposal())

    assert [rest_server.calls[-1]] == rest_server.writes


def test_an_answer_about_another_pull_request_is_no_answer(rest_server: ForgeServer) -> None:
    rest_server.add(BRANCH)
    other = rest_server.shown(rest_server.add("other"))  # type: ignore[attr-defined]
    rest_server.faults = [Fault(change(rest_server), 200, body=json.dumps(other).encode())]
    pull = only(rest_server)

    with pytest.raises(BadResponse, match=r"request 2 when asked to change .* request 1"):
        rest_client(rest_server).rewrite(pull, proposal())
