"""Pull requests on Gitea and Forgejo: labels by number, lists without a question for one branch, deleted branches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from imagebot.errors import BadInput, BadResponse, NotFound
from imagebot.forge import gitea
from imagebot.forge.ensure import ensure
from imagebot.forge.protocol import PullRequest
from tests.forge.conftest import FAST, gitea_client, rest_settings
from tests.support.forge_server import Fault
from tests.support.gitea_server import GiteaServer
from tests.support.proposals import BRANCH, FULL, proposal, wish

API = "https://codeberg.org/api/v1"
CLOSED = {"state": "closed", "closed_at": "2026-01-01T12:00:00Z", "closed_by": "alice"}


@pytest.mark.parametrize(
    ("url", "api"),
    [
        pytest.param("https://codeberg.org/acme/environments.git", API, id="https"),
        pytest.param("https://codeberg.org/acme/environments/", API, id="no .git"),
        pytest.param("ssh://git@codeberg.org:2222/acme/environments.git", API, id="ssh"),
        pytest.param("git@codeberg.org:acme/environments.git", API, id="scp"),
        pytest.param("https://a.test/git/acme/environments", "https://a.test/git/api/v1", id="below a path"),
    ],
)
def test_a_repository_is_known_by_its_url(url: str, api: str) -> None:
    assert gitea.repository_name(url, api) == "acme/environments"


@pytest.mark.parametrize(
    "url",
    [
        "https://codeberg.org/acme",
        "https://codeberg.org/acme/..",
        "https://codeberg.org/./env",
        "https://codeberg.org/acme/env/src/main",
        "https://codeberg.org/acme/..%2fother",
        "https://codeberg.org/acme/env?x=1",
        "git@codeberg.org:acme/env/../../other",
        "/srv/acme/env.git",
        "https://codeberg.org/acme/env\n",
        "",
    ],
)
def test_a_url_that_names_no_repository_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="https://HOST/OWNER/NAME"):
        gitea.repository_name(url, API)


def test_a_pull_request_is_shown_as_it_is(gitea_server: GiteaServer) -> None:
    facts = {"labels": ["minor"], "reviewers": ["alice"], "teams": ["platform"], "assignees": ["bob"]}
    gitea_server.add(BRANCH, title="t", state="closed", merged_at="2026-01-01T12:00:00Z", **facts)
    gitea_server.add(BRANCH, title="t", **facts)
    knows = (
        "requested_reviewers" in gitea_server.description.loaded["components"]["schemas"]["PullRequest"]["properties"]
    )

    assert gitea_client(gitea_server).open_pulls("") == (
        PullRequest(
            number=2,
            url="https://gitea.test/acme/environments/pulls/2",
            branch=BRANCH,
            base="main",
            title="t",
            body="",
            state="open",
            labels=("minor",),
            reviewers=("alice", "team:platform") if knows else (),
            assignees=("bob",),
            opened_at="2026-01-01T10:00:00+00:00",
        ),
    )


def test_a_deleted_branch_keeps_its_name(gitea_server: GiteaServer) -> None:
    """Its `ref` is `refs/pull/1/head` then: whoever read that would propose again what a person has closed."""
    gitea_server.add(BRANCH, branch_gone=True, **CLOSED)

    assert [pull.number for pull in gitea_client(gitea_server).closed_pulls(BRANCH)] == [1]


def test_closing_times_are_compared_and_not_their_spelling(gitea_server: GiteaServer) -> None:
    gitea_server.add(BRANCH, **{**CLOSED, "closed_at": "2026-01-01T12:00:00+02:00"})
    gitea_server.add(BRANCH, **{**CLOSED, "closed_at": "2026-01-01T11:00:00Z"})

    found = gitea_client(gitea_server).closed_pulls(BRANCH)
    assert [(pull.number, pull.closed_at) for pull in found] == [
        (2, "2026-01-01T11:00:00+00:00"),
        (1, "2026-01-01T10:00:00+00:00"),
    ]


def test_what_became_of_pull_requests_is_read_once(gitea_server: GiteaServer) -> None:
    """Gitea cannot be asked for those of one branch; later questions read what changed since, newest first."""
    gitea_server.page = 2
    for number in range(7):
        gitea_server.add(f"imagebot/staging/app-{number}", **CLOSED)
    forge = gitea_client(gitea_server)
    assert len(forge.closed_pulls("imagebot/staging/app-0")) == 1
    listings = [call for call in gitea_server.calls if call.path.endswith("/pulls")]
    assert len(listings) == 4

    for number in range(7):
        assert len(forge.closed_pulls(f"imagebot/staging/app-{number}")) == 1
    listings = [call for call in gitea_server.calls if call.path.endswith("/pulls")]
    assert len(listings) == 4 + 7


def test_what_changed_since_is_seen(gitea_server: GiteaServer) -> None:
    old = gitea_server.add(BRANCH, **CLOSED)
    forge = gitea_client(gitea_server)
    assert len(forge.closed_pulls(BRANCH)) == 1

    old.state, old.closed_at, old.closed_by = "open", None, None
    gitea_server.touched(old)
    new = gitea_server.add(BRANCH, **CLOSED)
    # Closed within the second in which the last one was read: as new as the newest that is known.
    twin = gitea_server.add(BRANCH, **CLOSED)
    twin.updated = new.updated
    assert [pull.number for pull in forge.closed_pulls(BRANCH)] == [3, 2]

    late = gitea_server.add(BRANCH, **CLOSED)
    late.updated = new.updated
    assert [pull.number for pull in forge.closed_pulls(BRANCH)] == [4, 3, 2]


def test_a_reading_that_broke_off_begins_again(gitea_server: GiteaServer) -> None:
    gitea_server.page = 1
    for _ in range(3):
        gitea_server.add(BRANCH, **CLOSED)
    gitea_server.faults = [Fault("GET", 404, nth=2)]
    forge = gitea_client(gitea_server)
    with pytest.raises(NotFound):
        forge.closed_pulls(BRANCH)

    assert len(forge.closed_pulls(BRANCH)) == 3


def test_labels_go_by_number_and_those_that_are_not_there_are_a_warning(gitea_server: GiteaServer) -> None:
    labels = ("Image-Update", "needs-attention", "nobody made this")
    done = ensure(gitea_client(gitea_server), replace(proposal(), labels=labels), None)

    assert done.pull.labels == ("image-update", "needs-attention")
    assert done.warnings == ("acme/environments has no label nobody made this: make one there",)
    call = next(call for call in gitea_server.writes if call.path.endswith("/labels"))
    assert call.data == {"labels": [11, 21]}


def test_a_persons_repository_has_labels_of_its_own_only(gitea_server: GiteaServer) -> None:
    gitea_server.of_a_person = True
    done = ensure(gitea_client(gitea_server), replace(proposal(), labels=("minor",)), None)

    assert (done.pull.labels, done.warnings) == (("minor",), ())


@pytest.mark.parametrize("status", [403, 404, 422])
def test_a_label_that_is_refused_is_a_warning(gitea_server: GiteaServer, status: int) -> None:
    gitea_server.faults = [Fault("POST", status, ending="/labels")]
    done = ensure(gitea_client(gitea_server), FULL, None)

    assert (done.action, done.pull.labels, len(done.warnings)) == ("opened", (), 1)


def test_who_cannot_be_asked_is_a_warning(gitea_server: GiteaServer) -> None:
    reviewers = ("alice", "mallory", "imagebot", "team:nobody")
    done = ensure(
        gitea_client(gitea_server), replace(proposal(), reviewers=reviewers, assignees=("bob", "carol")), None
    )

    assert (done.action, done.pull.assignees) == ("opened", ("bob",))
    assert gitea_server.pulls[1].reviewers == ["alice"]
    warned = "\n".join(done.warnings)
    assert "would not ask mallory to review pull request 1: UserNotExist" in warned
    assert "would not ask imagebot to review pull request 1: poster of pr can't be reviewer" in warned
    assert "would not ask team:nobody to review pull request 1" in warned
    assert "Assignee does not exist: [name: carol]" in warned
    assert len(done.warnings) == 4


@pytest.mark.parametrize(
    ("style", "styles", "asked"),
    [
        pytest.param("squash", ["merge", "squash"], "squash", id="the repository's own"),
        pytest.param("fast-forward-only", ["rebase-merge"], "rebase-merge", id="never a fast-forward"),
        pytest.param("squash", ["merge"], "merge", id="the one that is allowed"),
    ],
)
def test_it_is_merged_as_the_repository_wants_it(
    gitea_server: GiteaServer, style: str, styles: list[str], asked: str
) -> None:
    gitea_server.style, gitea_server.styles = style, styles
    done = ensure(gitea_client(gitea_server), wish(auto_merge=True), None)

    (call,) = [call for call in gitea_server.writes if call.path.endswith("/merge")]
    assert call.data == {
        "Do": asked,
        "merge_when_checks_succeed": True,
        "head_commit_id": "1" * 40,
        "delete_branch_after_merge": True,
    }
    assert done.warnings == ()


def test_a_fast_forward_that_would_not_wait_is_not_asked_for(gitea_server: GiteaServer) -> None:
    """https://github.com/go-gitea/gitea/issues/35756: it merges at once, whatever the checks say."""
    gitea_server.style, gitea_server.styles = "fast-forward-only", []
    (warning,) = ensure(gitea_client(gitea_server), wish(auto_merge=True), None).warnings

    assert "allows nothing but fast-forwards, and those do not wait for checks" in warning


@pytest.mark.parametrize(
    ("required", "statuses", "warning"),
    [
        pytest.param([], {"ci/test": "pending"}, "main requires no status check", id="nothing required"),
        pytest.param(["ci/*"], {"ci/test": "success"}, "its checks have passed already", id="passed by pattern"),
        pytest.param(["ci/test"], {"ci/test": "success", "x": "pending"}, "have passed already", id="passed by name"),
    ],
)
def test_where_gitea_would_merge_at_once_it_is_not_asked(
    gitea_server: GiteaServer, required: list[str], statuses: dict[str, str], warning: str
) -> None:
    gitea_server.required, gitea_server.statuses = required, statuses
    (said,) = ensure(gitea_client(gitea_server), wish(auto_merge=True), None).warnings

    assert warning in said
    assert [call.path for call in gitea_server.writes if call.path.endswith("/merge")] == []


@pytest.mark.parametrize("statuses", [{}, {"ci/test": "failure"}, {"other": "success"}])
def test_what_is_missing_or_failed_is_waited_for(gitea_server: GiteaServer, statuses: dict[str, str]) -> None:
    gitea_server.statuses = statuses
    ensure(gitea_client(gitea_server), wish(auto_merge=True), None)

    assert gitea_server.pulls[1].auto_merge


def test_a_conflict_that_gitea_is_still_looking_for_is_asked_about_again(gitea_server: GiteaServer) -> None:
    later = b'{"message": "Please try again later"}'
    gitea_server.faults = [Fault("POST", 405, ending="/merge", body=later)]
    first = ensure(gitea_client(gitea_server), wish(auto_merge=True), None)
    forge = gitea_client(gitea_server)
    second = ensure(forge, wish(auto_merge=True), forge.open_pulls("")[0])

    assert (len(first.warnings), second.warnings, gitea_server.pulls[1].auto_merge) == (1, (), True)


def test_the_last_word_of_a_reviewer_counts(gitea_server: GiteaServer) -> None:
    gitea_server.add(BRANCH, state="closed", merged_at="2026-01-04T12:00:00Z")
    gitea_server.pulls[1].approvers, gitea_server.pulls[1].objectors = ["alice", "bob"], ["bob"]
    (one,) = gitea_client(gitea_server).merged_pulls("imagebot/", None)

    assert one.approvers == ("alice",)


def test_comments_that_are_no_list_are_no_reason_to_say_it_again(gitea_server: GiteaServer) -> None:
    gitea_server.add(BRANCH, comments=["main has it"])
    gitea_server.faults = [Fault("GET", 200, ending="/comments", body=b"{}")]
    forge = gitea_client(gitea_server)
    with pytest.raises(BadResponse, match="is no list"):
        forge.close(forge.open_pulls("")[0], "main has it", "last")

    assert gitea_server.writes == []


def test_letter_case_of_a_repository_does_not_matter(gitea_server: GiteaServer) -> None:
    gitea_server.add(BRANCH)
    other = rest_settings(gitea_server).model_copy(update={"url": "https://forge.test/ACME/Environments"})

    assert [pull.branch for pull in gitea.connect(other, FAST).open_pulls("")] == [BRANCH]


def test_a_token_needs_no_other_for_git(gitea_server: GiteaServer) -> None:
    assert gitea_client(gitea_server).git_credentials() is None
