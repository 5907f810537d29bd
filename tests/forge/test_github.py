"""Pull requests on GitHub: whose are ours, what is added and said once, what a failure in between leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from imagebot.errors import BadInput, BadResponse, Refused, Unavailable, WorldError
from imagebot.forge import github
from imagebot.forge.ensure import ensure
from imagebot.forge.protocol import PullRequest
from imagebot.pulls import block
from imagebot.settings.resolve import SshKey
from tests.forge.conftest import FAST, client, only, settings
from tests.support.github_server import Fault, GitHubServer
from tests.support.proposals import BRANCH, FULL, body, proposal


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/environments.git",
        "https://github.com/acme/environments",
        "https://github.com/acme/environments/",
        "https://ghe.acme.test:8443/acme/environments.git",
        "ssh://git@github.com/acme/environments.git",
        "ssh://git@ssh.github.com:443/acme/environments.git",
        "git@github.com:acme/environments.git",
        "github.com:acme/environments",
    ],
)
def test_a_repository_is_known_by_its_url(url: str) -> None:
    assert github.repository_name(url) == "acme/environments"


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme",
        "https://github.com/acme/environments/tree/main",
        "https://github.com/acme/..",
        "https://github.com/acme/..%2fother",
        "https://github.com/acme/env?x=1",
        "https://github.com/acme/env#x",
        "https://github.com/-acme/env",
        "git@github.com:acme/env/../../other",
        "/srv/acme/env.git",
        "file:///acme/env",
        "https://github.com/acme/env\n",
        "https://github.com/äcme/env",
        "",
    ],
)
def test_a_url_that_names_no_repository_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="https://HOST/OWNER/NAME"):
        github.repository_name(url)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"credentials": None}, "needs a token or an App", id="no credentials"),
        pytest.param({"credentials": SshKey(Path("/k"), Path("/h"))}, "needs a token or an App", id="ssh key alone"),
        pytest.param({"api_url": ""}, "needs the URL of its API", id="no API"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    github_server: GitHubServer, change: dict[str, object], message: str
) -> None:
    with pytest.raises(BadInput, match=f"environments: forge: github {message}"):
        github.connect(settings(github_server).model_copy(update=change), FAST)


def test_connecting_asks_nothing(github_server: GitHubServer) -> None:
    client(github_server)

    assert github_server.calls == []


def test_a_quiet_pass_is_one_listing(github_server: GitHubServer) -> None:
    for number in range(30):
        github_server.add(f"imagebot/staging/app-{number}", body=body("f1"))
    forge = client(github_server)
    for pull in forge.open_pulls("imagebot/"):
        ensure(forge, proposal("f1", pull.branch), pull)

    assert [call.verb for call in github_server.calls] == ["GET"]


def test_all_pages_are_read_and_no_link_is_followed(github_server: GitHubServer) -> None:
    """The server's `Link` headers point to another host; pages are asked for by number."""
    github_server.page = 2
    for number in range(5):
        github_server.add(f"imagebot/staging/app-{number}")

    assert len(client(github_server).open_pulls("imagebot/")) == 5
    assert [call.arguments["page"] for call in github_server.calls] == ["1", "2", "3"]


def test_a_list_without_end_is_given_up(github_server: GitHubServer) -> None:
    github_server.page = 1
    for number in range(201):
        github_server.add(f"imagebot/staging/app-{number}")

    with pytest.raises(BadResponse, match="has more than 200 pages of answers"):
        client(github_server).open_pulls("")


def test_a_branch_of_the_same_name_in_a_fork_is_not_ours(github_server: GitHubServer) -> None:
    github_server.add(BRANCH, head_repo="mallory/environments")
    github_server.add(BRANCH, head_repo="acme/environments-fork")
    github_server.add(BRANCH, head_repo=None)
    github_server.add(BRANCH, head_repo="mallory/environments", state="closed", closed_at="2026-01-01T12:00:00Z")
    forge = client(github_server)

    assert forge.open_pulls("imagebot/") == ()
    assert forge.closed_pulls(BRANCH) == ()
    assert ensure(forge, proposal(), None).pull.number == 5


def test_one_into_another_base_is_not_ours(github_server: GitHubServer) -> None:
    github_server.add(BRANCH, base="release")

    assert client(github_server).open_pulls("imagebot/") == ()


def test_what_comes_back_is_filtered_too(github_server: GitHubServer) -> None:
    """A redirect, a proxy or a newer GitHub may pass over a filter: what is listed is not believed to fit it."""
    github_server.add(BRANCH, base="release")
    github_server.add(BRANCH, state="closed", closed_at="2026-01-01T12:00:00Z")
    github_server.add("imagebot/staging/other", state="closed", closed_at="2026-01-01T12:00:00Z")
    listing = json.dumps([github_server.shown(pull, "pull-request-simple") for pull in github_server.pulls.values()])
    github_server.faults = [Fault("GET", 200, nth=nth, body=listing.encode()) for nth in (1, 2)]
    forge = client(github_server)

    assert forge.open_pulls("imagebot/") == ()
    assert [pull.number for pull in forge.closed_pulls(BRANCH)] == [2]


def test_an_answer_about_another_pull_request_is_no_answer(github_server: GitHubServer) -> None:
    github_server.add(BRANCH)
    other = github_server.shown(github_server.add("other"), "pull-request")
    github_server.faults = [Fault("PATCH", 200, body=json.dumps(other).encode())]
    pull = only(github_server)

    with pytest.raises(BadResponse, match="answered with pull request 2 when asked to change pull request 1"):
        client(github_server).rewrite(pull, proposal())


def test_letter_case_of_a_repository_does_not_matter(github_server: GitHubServer) -> None:
    """GitHub finds ACME/Environments for acme/environments and answers with the name as it is."""
    github_server.add(BRANCH)
    forge = github.connect(
        settings(github_server).model_copy(update={"url": "https://github.test/ACME/Environments"}), FAST
    )

    assert [pull.branch for pull in forge.open_pulls("")] == [BRANCH]


def test_what_github_shows_is_what_we_see(github_server: GitHubServer) -> None:
    github_server.add(
        BRANCH, title="t", body=None, labels=["a"], reviewers=["alice"], teams=["platform"], assignees=["bob"]
    )

    assert only(github_server) == PullRequest(
        number=1,
        url="https://github.test/acme/environments/pull/1",
        branch=BRANCH,
        base="main",
        title="t",
        body="",
        state="open",
        labels=("a",),
        reviewers=("alice", "team:platform"),
        assignees=("bob",),
        opened_at="2026-01-01T10:00:00+00:00",
    )


def test_closed_ones_come_newest_first_with_who_closed_them(github_server: GitHubServer) -> None:
    closed = {"state": "closed", "closed_by": "alice"}
    github_server.add(BRANCH, closed_at="2026-01-04T00:00:00Z", **closed)
    github_server.add(BRANCH, closed_at="2026-01-03T00:00:00Z", **closed)
    github_server.add(BRANCH, closed_at="2026-01-02T00:00:00Z", merged_at="2026-01-02T00:00:00Z", **closed)
    github_server.add("imagebot/staging/other", closed_at="2026-01-02T00:00:00Z", **closed)
    forge = client(github_server)
    first = forge.closed_pulls(BRANCH)
    asked = len(github_server.calls)

    assert [(pull.number, pull.closed_by, pull.closed_at[:10]) for pull in first] == [
        (1, "alice", "2026-01-04"),
        (2, "alice", "2026-01-03"),
    ]
    assert forge.closed_pulls(BRANCH) == first
    assert len(github_server.calls) == asked + 1, "who closed it is asked once"


def test_only_what_is_lacking_is_added(github_server: GitHubServer) -> None:
    github_server.add(
        BRANCH, labels=["Image-Update", "minor"], reviewers=["Alice"], teams=["platform"], assignees=["bob"]
    )
    client(github_server).rewrite(only(github_server), FULL)

    assert [call.verb for call in github_server.writes] == ["PATCH"]


def test_a_reviewer_who_cannot_be_asked_is_a_warning(github_server: GitHubServer) -> None:
    reviewers = ("alice", "mallory", "imagebot", "team:nobody")
    done = ensure(client(github_server), replace(proposal(), reviewers=reviewers, assignees=("bob", "carol")), None)

    assert (done.action, done.pull.reviewers, done.pull.assignees) == ("opened", ("alice",), ("bob",))
    warned = "\n".join(done.warnings)
    assert "would not ask mallory to review pull request 1: Validation Failed; Reviews may only" in warned
    assert "would not ask imagebot to review pull request 1" in warned
    assert "would not ask team:nobody to review pull request 1" in warned
    assert "carol cannot be assigned" in warned
    assert len(done.warnings) == 4


def test_an_app_that_may_not_see_teams_still_asks_people(github_server: GitHubServer) -> None:
    github_server.faults = [Fault("POST", 403, nth=nth, ending="reviewers") for nth in (1, 3)]
    done = ensure(client(github_server), FULL, None)

    assert (done.pull.reviewers, done.pull.assignees) == (("alice",), ("bob",))
    (warning,) = done.warnings
    assert "would not ask team:platform to review" in warning


@pytest.mark.parametrize("status", [403, 404, 422])
def test_an_assignment_that_is_refused_is_a_warning(github_server: GitHubServer, status: int) -> None:
    github_server.faults = [Fault("POST", status, ending="/assignees")]
    done = ensure(client(github_server), FULL, None)

    assert (done.action, done.pull.assignees, len(done.warnings)) == ("opened", (), 1)


def test_a_label_that_github_does_not_take_is_a_warning(github_server: GitHubServer) -> None:
    github_server.faults = [Fault("POST", 422, ending="/labels", body=b'{"message": "Validation Failed"}')]
    done = ensure(client(github_server), FULL, None)

    assert done.warnings == (
        f"{github_server.url[7:].split('/')[0]} would not label pull request 1: Validation Failed",
    )
    assert done.pull.reviewers == FULL.reviewers


def test_closing_says_why_once_and_records_that_it_was_us(github_server: GitHubServer) -> None:
    github_server.add(BRANCH, body=body("f1"))
    last = block.stamped(body("f1"), closed_by_bot=True)
    client(github_server).close(only(github_server), "main has it", last)
    pull = github_server.pulls[1]

    assert (pull.state, pull.comments, pull.body) == ("closed", ["main has it"], last)


def test_killed_between_comment_and_close_nothing_is_said_twice(github_server: GitHubServer) -> None:
    github_server.add(BRANCH, comments=["a person's words"])
    github_server.faults = [Fault("PATCH", 502)]
    with pytest.raises(Unavailable):
        client(github_server).close(only(github_server), "main has it", "last")
    client(github_server).close(only(github_server), "main has it", "last")
    pull = github_server.pulls[1]

    assert (pull.state, pull.comments) == ("closed", ["a person's words", "main has it"])


LOST = [
    pytest.param(Fault("POST", 500, ending="/pulls"), id="500"),
    pytest.param(Fault("POST", 502, ending="/pulls", body=b"<html>Bad Gateway</html>"), id="502 of HTML"),
    pytest.param(Fault("POST", 503, ending="/pulls", headers=(("Retry-After", "7"),)), id="503"),
    pytest.param(Fault("POST", 200, ending="/pulls", body=b"<html>hello</html>"), id="200 of HTML"),
    pytest.param(Fault("POST", 200, ending="/pulls", body=b"{}"), id="200 of nothing"),
    pytest.param(Fault("POST", 307, ending="/pulls", headers=(("Location", "http://x.test/"),)), id="redirect"),
    pytest.param(Fault("POST", "reset", ending="/pulls"), id="reset"),
    pytest.param(Fault("POST", "truncated", ending="/pulls"), id="truncated"),
    pytest.param(Fault("POST", "hang", ending="/pulls"), id="no answer in time"),
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("fault", LOST)
def test_an_opening_that_failed_is_looked_up_and_never_sent_again(
    github_server: GitHubServer, fault: Fault, *, after: bool
) -> None:
    github_server.faults = [replace(fault, after=after)]
    forge = client(github_server)
    person_must_act_or_wait = bool(fault.headers)
    if after and not person_must_act_or_wait:
        assert ensure(forge, proposal(), None).action == "opened"
    else:
        with pytest.raises(WorldError):
            ensure(forge, proposal(), None)

    assert forge.writes == 1
    assert [pull.head for pull in github_server.pulls.values()] == [BRANCH] * after
    existing = next(iter(client(github_server).open_pulls("imagebot/")), None)
    ensure(client(github_server), proposal(), existing)
    assert len(github_server.pulls) == 1


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("answer", [500, 422, 403, "reset"])
@pytest.mark.parametrize("nth", range(1, 6))
def test_killed_after_any_write_the_next_pass_completes_it(
    github_server: GitHubServer, nth: int, answer: int, *, after: bool
) -> None:
    """Labels, reviewers and assignees come after the opening; the true body comes last and says that all is done."""
    verbs = [("POST", "/pulls"), ("POST", "/labels"), ("POST", "reviewers"), ("POST", "/assignees"), ("PATCH", "/1")]
    verb, ending = verbs[nth - 1]
    github_server.faults = [Fault(verb, answer, ending=ending, after=after)]
    for _ in range(2):
        forge = client(github_server)
        existing = next(iter(forge.open_pulls("imagebot/")), None)
        try:
            ensure(forge, FULL, existing)
        except WorldError:
            continue

    forge = client(github_server)
    pull = only(github_server)
    assert ensure(forge, FULL, pull).action == "kept"
    assert (pull.title, block.stamped(pull.body, lacking=())) == (FULL.title, FULL.body)
    if answer not in (403, 422):
        assert (pull.labels, pull.reviewers, pull.assignees) == (FULL.labels, FULL.reviewers, FULL.assignees)
    assert len(github_server.pulls) == 1


def test_a_limit_is_not_answered_with_another_request(github_server: GitHubServer) -> None:
    """Who goes on while limited may be banned, says GitHub."""
    github_server.faults = [Fault("POST", 403, ending="/pulls", headers=(("Retry-After", "60"),))]
    with pytest.raises(Unavailable):
        client(github_server).create(proposal())

    assert len(github_server.calls) == 1


def test_a_renamed_repository_is_refused_with_the_url_that_it_has_now(github_server: GitHubServer) -> None:
    """GitHub redirects to the repository's number, which is no URL that anybody could write down."""
    github_server.add(BRANCH)
    github_server.once_called = "acme/env"
    location = f"{github_server.url}/repositories/4711/pulls"
    github_server.faults = [Fault("GET", 301, headers=(("Location", location),), ending="/env/pulls")]
    old = settings(github_server).model_copy(update={"url": "https://github.test/acme/env"})

    with pytest.raises(Refused, match=r"moved to https://github\.test/acme/environments\.git: write that as its url"):
        github.connect(old, FAST).open_pulls("")


def test_what_is_listed_under_another_name_is_refused(github_server: GitHubServer) -> None:
    """As by a proxy that follows the redirect itself."""
    github_server.add(BRANCH)
    listed = github_server.shown(github_server.pulls[1], "pull-request-simple")
    listed["base"]["repo"]["clone_url"] = "https://github.test/acme/environments.git"
    github_server.faults = [Fault("GET", 200, body=json.dumps([listed]).encode())]
    old = settings(github_server).model_copy(update={"url": "https://github.test/acme/env"})

    with pytest.raises(Refused, match=r"acme/env is called https://github\.test/acme/environments\.git now: write"):
        github.connect(old, FAST).open_pulls("")
