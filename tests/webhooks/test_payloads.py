"""What each source sends, as its documentation shows it, and what of it is read."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.images.reference import ImageName
from imagebot.settings.webhooks import SourceType
from imagebot.webhooks.payloads import Call
from imagebot.webhooks.sources import SOURCES
from imagebot.webhooks.subject import ChangedRepository, GitPlace, PushedImage, Subject

HARBOR = {
    "resources": [{"digest": "sha256:00", "tag": "1.2.3"}],
    "repository": {"name": "app", "repo_full_name": "p/app"},
}
GITHUB_REPOSITORY = {
    "full_name": "acme/environments",
    "clone_url": "https://github.com/acme/environments.git",
    "ssh_url": "git@github.com:acme/environments.git",
    "html_url": "https://github.com/acme/environments",
}
GITLAB_PROJECT = {
    "web_url": "https://gitlab.com/acme/environments",
    "git_http_url": "https://gitlab.com/acme/environments.git",
    "git_ssh_url": "git@gitlab.com:acme/environments.git",
}
CLOUD = {"full_name": "acme/environments", "links": {"html": {"href": "https://bitbucket.org/acme/environments"}}}
CENTER = {
    "slug": "environments",
    "project": {"key": "ACME"},
    "links": {"clone": [{"href": "https://git.acme.test/scm/acme/environments.git", "name": "http"}]},
}
AZURE = {"remoteUrl": "https://acme@dev.azure.com/acme/platform/_git/environments"}


def pub_sub(said: object) -> dict[str, Any]:
    data = base64.b64encode(json.dumps(said).encode()).decode()
    return {"message": {"data": data, "messageId": "1"}, "subscription": "projects/p/subscriptions/s"}


def image(text: str) -> ImageName:
    return ImageName.parse(text)


IMAGES: list[tuple[str, SourceType, dict[str, str], dict[str, Any], str]] = [
    ("Docker Hub", "dockerhub", {}, {"push_data": {"tag": "1"}, "repository": {"repo_name": "ns/app"}}, "ns/app"),
    ("an official one", "dockerhub", {}, {"repository": {"repo_name": "library/redis"}}, "redis"),
    (
        "GitHub's own example",
        "github",
        {"x-github-event": "registry_package"},
        {
            "action": "published",
            "registry_package": {
                "name": "hello",
                "package_type": "CONTAINER",
                "owner": {"login": "Codertocat"},
                "package_version": {
                    "package_url": "ghcr.io/Codertocat/hello:",
                    "container_metadata": {"tag": {"name": ""}},
                },
            },
        },
        "ghcr.io/codertocat/hello",
    ),
    (
        "a package without a URL",
        "github",
        {"x-github-event": "package"},
        {"action": "updated", "package": {"name": "a/b", "package_type": "container", "owner": {"login": "Acme"}}},
        "ghcr.io/acme/a/b",
    ),
    ("Harbor", "harbor", {}, {"type": "PUSH_ARTIFACT", "event_data": HARBOR}, "reg.test/p/app"),
    ("Harbor's CloudEvents", "harbor", {}, {"type": "harbor.artifact.pushed", "data": HARBOR}, "reg.test/p/app"),
    ("Quay", "quay", {}, {"repository": "ns/app", "updated_tags": ["1"], "docker_url": "x"}, "reg.test/ns/app"),
    (
        "Azure",
        "acr",
        {},
        {"action": "push", "target": {"repository": "app", "tag": "v1"}, "request": {"host": "other.azurecr.io"}},
        "reg.test/app",
    ),
    (
        "Amazon",
        "ecr",
        {},
        {
            "detail-type": "ECR Image Action",
            "account": "123456789012",
            "region": "us-west-2",
            "detail": {"result": "SUCCESS", "repository-name": "team/app", "action-type": "PUSH", "image-tag": "1"},
        },
        "reg.test/team/app",
    ),
    (
        "Google",
        "gar",
        {},
        pub_sub(
            {"action": "INSERT", "digest": "us-docker.pkg.dev/p/r/app@sha256:00", "tag": "us-docker.pkg.dev/p/r/app:1"}
        ),
        "us-docker.pkg.dev/p/r/app",
    ),
    (
        "Docker's registry",
        "distribution",
        {},
        {"events": [{"action": "pull"}, {"action": "push", "target": {"repository": "lib/test", "tag": "1"}}]},
        "reg.test/lib/test",
    ),
    (
        "Nexus, named with its repository before it",
        "nexus",
        {},
        {
            "action": "CREATED",
            "repositoryName": "hosted",
            "component": {"format": "docker", "name": "app", "version": "1"},
        },
        "reg.test/hosted/app",
    ),
    (
        "JFrog, by a virtual repository",
        "jfrog",
        {},
        {
            "domain": "docker",
            "event_type": "pushed",
            "data": {"repo_key": "local", "image_name": "team/app", "tag": "1"},
        },
        "reg.test/virtual/team/app",
    ),
    (
        "Aliyun",
        "aliyun",
        {},
        {"repository": {"repo_full_name": "ns/app"}, "push_data": {"tag": "1"}},
        "reg.test/ns/app",
    ),
    (
        "Gitea's packages",
        "gitea",
        {"x-gitea-event": "package"},
        {"action": "created", "package": {"type": "container", "name": "app", "owner": {"login": "Acme"}}},
        "reg.test/acme/app",
    ),
    ("one's own", "generic", {}, {"repository": "reg.test:5000/app"}, "reg.test:5000/app"),
]


def read(source: SourceType, headers: dict[str, str], data: object, registry: str = "reg.test") -> list[Subject]:
    return list(SOURCES[source].reads(Call(headers, data, registry)))


@pytest.mark.parametrize(
    ("source", "headers", "data", "name"), [each[1:] for each in IMAGES], ids=[i[0] for i in IMAGES]
)
def test_an_image_that_was_pushed_is_named(
    source: SourceType, headers: dict[str, str], data: dict[str, Any], name: str
) -> None:
    registry = "" if source in ("dockerhub", "github", "gar", "generic") else "reg.test"
    [found] = read(source, headers, data, registry)
    assert isinstance(found, PushedImage)
    assert found in PushedImage.all_of(image(name))
    assert found not in PushedImage.all_of(image(f"{name}-other"))
    assert found not in PushedImage.all_of(image(f"elsewhere.test/{image(name).repository}"))


@pytest.mark.parametrize(
    ("source", "data", "name"),
    [
        (
            "acr",
            {"action": "push", "target": {"repository": "app"}, "request": {"host": "a.azurecr.io"}},
            "a.azurecr.io/app",
        ),
        ("quay", {"repository": "ns/app"}, "quay.io/ns/app"),
        (
            "ecr",
            {
                "account": "123456789012",
                "region": "eu-west-1",
                "detail": {"result": "SUCCESS", "repository-name": "app", "action-type": "PUSH"},
            },
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app",
        ),
    ],
)
def test_the_host_is_that_of_the_call_where_settings_have_none(source: SourceType, data: object, name: str) -> None:
    found = image(name)
    assert read(source, {}, data, "") == [PushedImage(found.registry, found.repository)]


URLS = [
    "https://github.com/acme/environments.git",
    "https://github.com/Acme/Environments",
    "git@github.com:acme/environments.git",
    "ssh://git@github.com:22/acme/environments",
]
PULL = {"repository": GITHUB_REPOSITORY}
CHANGES: list[tuple[str, SourceType, dict[str, str], dict[str, Any], list[str]]] = [
    ("GitHub, a push", "github", {"x-github-event": "push"}, {"ref": "refs/heads/main", **PULL}, URLS),
    ("GitHub, a merge", "github", {"x-github-event": "pull_request"}, {"action": "closed", **PULL}, URLS),
    ("GitHub, a box", "github", {"x-github-event": "pull_request"}, {"action": "edited", **PULL}, URLS),
    ("GitHub, a comment", "github", {"x-github-event": "issue_comment"}, {"action": "created", **PULL}, URLS),
    ("Gitea, a push", "gitea", {"x-gitea-event": "push"}, {"ref": "refs/heads/main", **PULL}, URLS),
    ("Gitea, a label", "gitea", {"x-gitea-event": "pull_request_label"}, {"action": "label_updated", **PULL}, URLS),
    (
        "GitLab, a merge",
        "gitlab",
        {},
        {"object_kind": "merge_request", "object_attributes": {"action": "merge"}, "project": GITLAB_PROJECT},
        ["https://gitlab.com/acme/environments.git", "git@gitlab.com:acme/environments.git"],
    ),
    (
        "GitLab, a push",
        "gitlab",
        {},
        {"object_kind": "push", "ref": "refs/heads/main", "project": GITLAB_PROJECT},
        ["https://gitlab.com/acme/environments.git"],
    ),
    (
        "Bitbucket Cloud, a merge",
        "bitbucket",
        {"x-event-key": "pullrequest:fulfilled"},
        {"repository": CLOUD},
        ["https://bitbucket.org/acme/environments.git", "git@bitbucket.org:acme/environments.git"],
    ),
    (
        "Bitbucket Cloud, a push",
        "bitbucket",
        {"x-event-key": "repo:push"},
        {"repository": CLOUD, "push": {"changes": [{"new": {"name": "other"}}, {"new": {"name": "main"}}]}},
        ["https://bitbucket.org/acme/environments"],
    ),
    (
        "Bitbucket Data Center, a push without links",
        "bitbucket",
        {"x-event-key": "repo:refs_changed"},
        {"repository": {**CENTER, "links": None}, "changes": [{"refId": "refs/heads/main"}]},
        ["https://git.acme.test/scm/ACME/environments.git", "ssh://git@git.acme.test:7999/acme/environments.git"],
    ),
    (
        "Bitbucket Data Center, a merge",
        "bitbucket",
        {"x-event-key": "pr:merged"},
        {"pullRequest": {"toRef": {"repository": CENTER}}},
        ["https://git.acme.test/scm/acme/environments.git"],
    ),
    (
        "Azure DevOps, a push",
        "azure",
        {},
        {"eventType": "git.push", "resource": {"repository": AZURE, "refUpdates": [{"name": "refs/heads/main"}]}},
        [
            "https://dev.azure.com/acme/platform/_git/environments",
            "git@ssh.dev.azure.com:v3/acme/platform/environments",
        ],
    ),
    (
        "Azure DevOps, a comment",
        "azure",
        {},
        {"eventType": "ms.vss-code.git-pullrequest-comment-event", "resource": {"pullRequest": {"repository": AZURE}}},
        ["https://dev.azure.com/acme/platform/_git/environments"],
    ),
    ("one's own", "generic", {}, {"url": "https://git.test/acme/environments"}, ["git@git.test:acme/environments.git"]),
]


@pytest.mark.parametrize(
    ("source", "headers", "data", "urls"), [each[1:] for each in CHANGES], ids=[each[0] for each in CHANGES]
)
def test_a_repository_that_changed_is_known_by_any_of_its_urls(
    source: SourceType, headers: dict[str, str], data: dict[str, Any], urls: list[str]
) -> None:
    found = [subject for subject in read(source, headers, data) if isinstance(subject, ChangedRepository)]
    for url in urls:
        assert any(subject.is_of(GitPlace.parse(url), "main") for subject in found)
    assert not any(subject.is_of(GitPlace.parse("https://github.com/acme/other"), "main") for subject in found)
    assert not any(subject.is_of(GitPlace.parse("/srv/environments.git"), "main") for subject in found)


@pytest.mark.parametrize(
    ("source", "headers", "data"),
    [
        pytest.param("github", {"x-github-event": "push"}, {"ref": "refs/heads/imagebot/x", **PULL}, id="GitHub"),
        pytest.param("github", {"x-github-event": "push"}, {"ref": "refs/tags/main", **PULL}, id="a tag"),
        pytest.param(
            "bitbucket",
            {"x-event-key": "repo:refs_changed"},
            {"repository": CENTER, "changes": [{"refId": "refs/heads/imagebot/x"}]},
            id="Bitbucket",
        ),
    ],
)
def test_a_push_to_another_branch_is_not_about_this_one(source: SourceType, headers: dict[str, str], data: Any) -> None:
    for subject in read(source, headers, data):
        assert isinstance(subject, ChangedRepository)
        assert not subject.is_of(GitPlace.parse("https://github.com/acme/environments"), "main")
        assert not subject.is_of(GitPlace.parse("https://git.acme.test/scm/acme/environments"), "main")


@pytest.mark.parametrize(
    ("source", "headers", "data"),
    [
        pytest.param("github", {"x-github-event": "ping"}, {"zen": "x", **PULL}, id="a ping"),
        pytest.param("github", {"x-github-event": "pull_request"}, {"action": "opened", **PULL}, id="our own opening"),
        pytest.param(
            "github",
            {"x-github-event": "package"},
            {"action": "published", "package": {"package_type": "npm", "name": "x", "owner": {"login": "a"}}},
            id="another kind of package",
        ),
        pytest.param("harbor", {}, {"type": "SCANNING_COMPLETED", "event_data": HARBOR}, id="a scan"),
        pytest.param("acr", {}, {"action": "delete", "target": {"repository": "app"}}, id="a deletion"),
        pytest.param("ecr", {}, {"detail": {"action-type": "DELETE", "result": "SUCCESS"}}, id="Amazon's deletion"),
        pytest.param("gar", {}, {"message": {"data": "no base64!"}}, id="no base64"),
        pytest.param("gar", {}, pub_sub([1]), id="a list"),
        pytest.param("distribution", {}, {"events": [{"action": "push", "target": None}, 7]}, id="no target"),
        pytest.param("generic", {}, {"repository": "http://a b/c"}, id="no name"),
        pytest.param("generic", {}, {"url": ["x"]}, id="no URL"),
    ],
)
def test_all_else_says_nothing(source: SourceType, headers: dict[str, str], data: object) -> None:
    assert read(source, headers, data) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "repository",
                    "repo_name",
                    "repo_full_name",
                    "events",
                    "action",
                    "target",
                    "event_data",
                    "data",
                    "message",
                    "type",
                    "detail",
                    "resource",
                    "links",
                    "clone",
                    "href",
                    "html",
                    "project",
                    "push",
                    "changes",
                    "pullRequest",
                    "toRef",
                    "component",
                    "package",
                    "registry_package",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(
    JSON, st.sampled_from(sorted(SOURCES)), st.sampled_from(["push", "package", "registry_package", "pr:merged", ""])
)
def test_no_body_of_any_shape_is_a_bug(data: object, source: SourceType, event: str) -> None:
    headers = {"x-github-event": event, "x-gitea-event": event, "x-event-key": event}
    for subject in read(source, headers, data):
        assert isinstance(subject, PushedImage | ChangedRepository)
