"""Merge requests on GitLab: what it does otherwise than the others, and what it would do that nobody wants."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from gitlab.v4.objects import ProjectMergeRequestManager, ProjectMergeRequestNoteManager, UserManager

from imagebot.errors import BadInput, Refused
from imagebot.forge import gitlab
from imagebot.forge.ensure import ensure
from imagebot.forge.protocol import Merged, PullRequest
from tests.forge.conftest import FAST, gitlab_client, rest_settings
from tests.support import gitlab_api
from tests.support.forge_server import Fault
from tests.support.gitlab_server import GitLabServer
from tests.support.proposals import BRANCH, FULL, body, proposal, wish

API = "https://gitlab.com/api/v4"


@pytest.mark.parametrize(
    ("url", "api", "path"),
    [
        pytest.param("https://gitlab.com/acme/environments.git", API, "acme/environments", id="https"),
        pytest.param("https://gitlab.com/acme/environments/", API, "acme/environments", id="no .git"),
        pytest.param("https://gitlab.com/a/b/c/d/env", API, "a/b/c/d/env", id="nested groups"),
        pytest.param("https://gitlab.com/acme/env.prod.git", API, "acme/env.prod", id="a dot"),
        pytest.param("ssh://git@gitlab.com:2222/acme/sub/env.git", API, "acme/sub/env", id="ssh"),
        pytest.param("git@gitlab.com:acme/sub/env.git", API, "acme/sub/env", id="scp"),
        pytest.param(
            "https://a.test/gitlab/acme/env.git", "https://a.test/gitlab/api/v4", "acme/env", id="below a path"
        ),
    ],
)
def test_a_project_is_known_by_its_url(url: str, api: str, path: str) -> None:
    assert gitlab.project_path(url, api) == path


@pytest.mark.parametrize(
    "url",
    [
        "https://gitlab.com/acme",
        "https://gitlab.com/acme/..",
        "https://gitlab.com/acme/-/env",
        "https://gitlab.com/acme/env/-/tree/main",
        "https://gitlab.com/acme/..%2fother",
        "https://gitlab.com/acme/env?x=1",
        "https://gitlab.com/acme/env#x",
        "https://gitlab.com/acme//env",
        "git@gitlab.com:acme/env/../../other",
        "/srv/acme/env.git",
        "file:///acme/env",
        "https://gitlab.com/acme/env\n",
        "https://gitlab.com/äcme/env",
        "",
    ],
)
def test_a_url_that_names_no_project_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="https://HOST/GROUP/PROJECT"):
        gitlab.project_path(url, API)


def test_another_api_is_refused(gitlab_server: GitLabServer) -> None:
    with pytest.raises(BadInput, match=r"the URL of GitLab's API ends with /api/v4; 'https://a\.test' does not"):
        gitlab.connect(rest_settings(gitlab_server).model_copy(update={"api_url": "https://a.test"}), FAST)


def test_the_path_of_a_nested_group_is_one_part(gitlab_server: GitLabServer) -> None:
    gitlab_client(gitlab_server).open_pulls("")

    (call,) = gitlab_server.calls
    assert call.path == "/projects/acme%2Fplatform%2Fenvironments/merge_requests"
    assert (call.arguments["state"], call.arguments["target_branch"]) == ("opened", "main")


def test_it_is_opened_whole_at_once(gitlab_server: GitLabServer) -> None:
    done = ensure(gitlab_client(gitlab_server), replace(FULL, reviewers=("alice",)), None)

    (call,) = gitlab_server.writes
    assert (call.data["labels"], call.data["reviewer_ids"], call.data["assignee_ids"]) == (
        "image-update,minor",
        [2],
        [3],
    )
    assert call.data["remove_source_branch"] is True
    assert done.action == "opened"


def test_a_merge_request_is_shown_as_it_is(gitlab_server: GitLabServer) -> None:
    facts = {"labels": ["a"], "reviewers": ["alice"], "assignees": ["bob"]}
    gitlab_server.add(BRANCH, title="t", merged_at="2026-01-01T12:00:00.000Z", **facts)
    gitlab_server.add(BRANCH, title="t", **facts)

    assert gitlab_client(gitlab_server).open_pulls("") == (
        PullRequest(
            number=2,
            url="https://gitlab.test/acme/platform/environments/-/merge_requests/2",
            branch=BRANCH,
            base="main",
            title="t",
            body="",
            state="open",
            labels=("a",),
            reviewers=("alice",),
            assignees=("bob",),
            opened_at="2026-01-01T10:00:00+00:00",
        ),
    )


def test_who_cannot_be_asked_is_a_warning(gitlab_server: GitLabServer) -> None:
    """Nobody by that name; a group; and who may not see the project, whom GitLab passes over without a word."""
    wanted = replace(proposal(), reviewers=("alice", "mallory", "carol", "team:platform"), assignees=("bob", "mallory"))
    done = ensure(gitlab_client(gitlab_server), wanted, None)

    assert (done.action, done.pull.reviewers, done.pull.assignees) == ("opened", ("alice",), ("bob",))
    assert [warning.partition(":")[0] for warning in done.warnings] == [
        "GitLab knows no user mallory",
        "GitLab asks no group to review a merge request",
        "carol was not asked to review merge request 1",
    ]


def test_a_label_with_a_comma_does_not_become_two(gitlab_server: GitLabServer) -> None:
    labels = ("minor", "big, red")
    forge = gitlab_client(gitlab_server)
    done = ensure(forge, replace(proposal(), labels=labels), None)
    again = forge.rewrite(done.pull, replace(proposal("f2"), labels=labels))

    assert gitlab_server.pulls[1].labels == ["minor"]
    assert done.warnings == again.warnings == ("GitLab did not add the label big, red to merge request 1",)


def test_without_a_licence_there_is_one_reviewer(gitlab_server: GitLabServer) -> None:
    gitlab_server.licensed = False
    done = ensure(gitlab_client(gitlab_server), replace(proposal(), reviewers=("alice", "bob")), None)

    (warning,) = done.warnings
    assert "bob was not asked to review merge request 1: GitLab passes over" in warning


@pytest.mark.parametrize("status", [403, 404])
def test_users_that_may_not_be_looked_up_are_a_warning(gitlab_server: GitLabServer, status: int) -> None:
    gitlab_server.faults = [Fault("GET", status, ending="/users")]
    done = ensure(gitlab_client(gitlab_server), replace(proposal(), reviewers=("alice",)), None)

    assert (done.action, len(done.warnings)) == ("opened", 1)


def test_a_person_is_looked_up_once(gitlab_server: GitLabServer) -> None:
    forge = gitlab_client(gitlab_server)
    for number in range(3):
        ensure(forge, replace(proposal(branch=f"imagebot/{number}"), reviewers=("Alice",), assignees=("alice",)), None)

    assert [call.path for call in gitlab_server.calls if call.path == "/users"] == ["/users"]


def test_an_order_to_gitlab_is_not_carried_out(gitlab_server: GitLabServer) -> None:
    """A line of a description or a note that begins with a slash is an order: the fake fails if one arrives."""
    orders = "/approve\n  /merge\n\n/assign @mallory\n"
    forge = gitlab_client(gitlab_server)
    done = ensure(forge, replace(proposal(), body=orders + body("f1")), None)
    forge.rewrite(done.pull, replace(proposal(), body=orders + body("f2")))
    forge.close(done.pull, orders, orders)

    assert (gitlab_server.pulls[1].body or "").startswith("\\/approve\n  \\/merge")
    assert len(gitlab_server.pulls[1].comments) == 1


def test_one_that_is_being_merged_is_still_open(gitlab_server: GitLabServer) -> None:
    gitlab_server.add(BRANCH)
    gitlab_server.locked = {1}
    forge = gitlab_client(gitlab_server)

    assert forge.closed_pulls(BRANCH) == ()
    pull = PullRequest(1, "", BRANCH, "main", "", "", "open")
    assert forge.rewrite(pull, proposal()).pull.state == "open"


def test_how_the_project_merges_is_left_alone(gitlab_server: GitLabServer) -> None:
    """Not told otherwise, GitLab takes auto-merge for the wish not to squash; the fake fails if that changes."""
    gitlab_server.squash = True
    ensure(gitlab_client(gitlab_server), wish(auto_merge=True), None)

    (call,) = [call for call in gitlab_server.writes if call.path.endswith("/graphql")]
    assert call.data["variables"]["squash"] is True
    assert call.data["variables"]["strategy"] == "MERGE_WHEN_CHECKS_PASS"


@pytest.mark.parametrize(
    ("strategies", "asked"),
    [
        pytest.param(["merge_when_pipeline_succeeds"], "MERGE_WHEN_PIPELINE_SUCCEEDS", id="before GitLab 17"),
        pytest.param(
            ["merge_train", "add_to_merge_train_when_checks_pass"], "ADD_TO_MERGE_TRAIN_WHEN_CHECKS_PASS", id="trains"
        ),
    ],
)
def test_it_waits_as_the_project_can(gitlab_server: GitLabServer, strategies: list[str], asked: str) -> None:
    gitlab_server.strategies = strategies
    ensure(gitlab_client(gitlab_server), wish(auto_merge=True), None)

    (call,) = [call for call in gitlab_server.writes if call.path.endswith("/graphql")]
    assert call.data["variables"]["strategy"] == asked


@pytest.mark.parametrize("status", ["PREPARING", "CHECKING", "UNCHECKED", "MERGEABLE"])
def test_a_pipeline_that_has_not_begun_yet_is_waited_for_a_pass(gitlab_server: GitLabServer, status: str) -> None:
    """Right after the opening GitLab has nothing to wait for: by REST it would merge at once."""
    strategies, gitlab_server.strategies = gitlab_server.strategies, []
    gitlab_server.merge_status = status
    first = ensure(gitlab_client(gitlab_server), wish(auto_merge=True), None)
    assert f"GitLab names nothing to wait for ({status.lower()})" in first.warnings[0]

    gitlab_server.strategies, gitlab_server.merge_status = strategies, "CI_STILL_RUNNING"
    forge = gitlab_client(gitlab_server)
    done = ensure(forge, wish(auto_merge=True), forge.open_pulls("")[0])
    assert (done.warnings, gitlab_server.pulls[1].auto_merge) == ((), True)


def test_graphql_that_answers_nothing_is_a_warning(gitlab_server: GitLabServer) -> None:
    """As to a token that may not see the project by GraphQL, or on a server that lacks a field."""
    answers = [b'{"data": {"project": null}}', b'{"errors": [{"message": "Field does not exist"}]}']
    gitlab_server.faults = [
        Fault("POST", 200, nth=nth, ending="/graphql", body=body_) for nth, body_ in enumerate(answers, start=1)
    ]
    warnings: list[str] = []
    for fingerprint in ("f1", "f2"):
        forge = gitlab_client(gitlab_server)
        existing = next(iter(forge.open_pulls("")), None)
        warnings += ensure(forge, wish(fingerprint, auto_merge=True), existing).warnings

    assert "GitLab shows nothing of it by GraphQL to our token" in warnings[0]
    assert "would not show merge request 1: Field does not exist" in warnings[1]


def test_a_merge_without_a_commit_of_its_own_is_told_by_the_last_one(gitlab_server: GitLabServer) -> None:
    gitlab_server.add(BRANCH, state="closed", merged_at="2026-01-04T12:00:00Z", closed_by="alice")
    shown = {**gitlab_server.shown(gitlab_server.pulls[1]), "merge_commit_sha": None}
    found: list[Merged] = []
    for nth, squashed in enumerate((None, "5" * 40), start=1):
        listed = json.dumps([{**shown, "squash_commit_sha": squashed}]).encode()
        gitlab_server.faults = [Fault("GET", 200, nth=nth, ending="/merge_requests", body=listed)]
        found += gitlab_client(gitlab_server).merged_pulls("imagebot/", None)

    assert [one.commit for one in found] == ["1" * 40, "5" * 40]


def test_a_moved_project_is_refused_with_the_url_that_it_has_now(gitlab_server: GitLabServer) -> None:
    """GitLab redirects who reads, and answers 405 to who writes."""
    gitlab_server.renamed_to = "acme/env"
    forge = gitlab_client(gitlab_server)
    where = r"moved to https://gitlab\.test/acme/env\.git: write that as its url"
    with pytest.raises(Refused, match=where):
        forge.open_pulls("")
    with pytest.raises(Refused, match=where):
        forge.rewrite(PullRequest(1, "", BRANCH, "main", "", "", "open"), proposal())


def test_letter_case_of_a_project_does_not_matter(gitlab_server: GitLabServer) -> None:
    gitlab_server.add(BRANCH)
    other = rest_settings(gitlab_server).model_copy(update={"url": "https://forge.test/ACME/Platform/Environments"})

    assert [pull.branch for pull in gitlab.connect(other, FAST).open_pulls("")] == [BRANCH]


def test_a_token_needs_no_other_for_git(gitlab_server: GitLabServer) -> None:
    assert gitlab_client(gitlab_server).git_credentials() is None


def test_the_description_by_hand_says_what_python_gitlab_says() -> None:
    """A second opinion on the names, by people who follow GitLab's documentation for a living. What they lack was added
    to GitLab later, or is common to all listings.
    """
    declared = vars(ProjectMergeRequestManager)
    create, update = declared["_create_attrs"], declared["_update_attrs"]

    assert gitlab_api.CREATE.keys() <= {*create.required, *create.optional}
    assert gitlab_api.UPDATE.keys() - {*update.optional} == {"add_labels", "remove_labels", "assignee_ids"}
    assert gitlab_api.LIST.keys() - gitlab_api.PAGING.keys() <= set(declared["_list_filters"])
    assert "username" in vars(UserManager)["_list_filters"]
    assert vars(ProjectMergeRequestNoteManager)["_create_attrs"].required == ("body",)
