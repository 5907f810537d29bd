"""What the bodies of webhooks say, a reader for each source. Whatever is missing or of another kind says nothing.

Fields as documented by the sources, see docs/webhooks.md. Only names of images and repositories are read: what there is
to know of them is asked.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from imagebot.webhooks.subject import ChangedRepository, GitPlace, PushedImage, Subject

_MOST_TEXT = 4_096
"""Characters of a name, a URL or a message of Pub/Sub's: what is longer is none, and would be kept for a while."""
_MOST_ELEMENTS = 1_000
"""Of a list in a body: a push of more branches than that is looked at when the next pass is due."""


@dataclass(frozen=True, slots=True)
class Call:
    """What came: headers by their names in lower case, the body's JSON, and the host whose images it is about."""

    headers: Mapping[str, str]
    data: object
    registry: str = ""


Reader = Callable[[Call], Iterator[Subject]]


def docker_hub(call: Call) -> Iterator[Subject]:
    """https://docs.docker.com/docker-hub/repos/manage/webhooks/."""
    yield from _named(call.registry or "docker.io", _text(call.data, "repository", "repo_name"))


def quay(call: Call) -> Iterator[Subject]:
    """https://docs.quay.io/guides/notifications.html; `docker_url` has the host of the installation."""
    yield from _named(call.registry or "quay.io", _text(call.data, "repository"))


def harbor(call: Call) -> Iterator[Subject]:
    """Its own format, and that of CloudEvents: https://goharbor.io/docs/main/working-with-projects/project-configuration."""
    if _text(call.data, "type").lower() in ("push_artifact", "harbor.artifact.pushed"):
        for part in ("event_data", "data"):
            yield from _named(call.registry, _text(call.data, part, "repository", "repo_full_name"))


def azure_registry(call: Call) -> Iterator[Subject]:
    """https://learn.microsoft.com/azure/container-registry/container-registry-webhook-reference."""
    if _text(call.data, "action") in ("push", "chart_push"):
        host = call.registry or _text(call.data, "request", "host")
        yield from _named(host, _text(call.data, "target", "repository"))


def ecr(call: Call) -> Iterator[Subject]:
    """By EventBridge: https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html."""
    detail = _at(call.data, "detail")
    if (_text(detail, "action-type"), _text(detail, "result")) == ("PUSH", "SUCCESS"):
        account, region = _text(call.data, "account"), _text(call.data, "region")
        host = call.registry or f"{account}.dkr.ecr.{region}.amazonaws.com"
        yield from _named(host, _text(detail, "repository-name"))


def google_registry(call: Call) -> Iterator[Subject]:
    """By Pub/Sub: https://cloud.google.com/artifact-registry/docs/configure-notifications."""
    try:
        said = json.loads(base64.b64decode(_text(call.data, "message", "data"), validate=True))
    except (ValueError, RecursionError):
        return
    if _text(said, "action") == "INSERT":
        yield from _images(_text(said, "tag") or _text(said, "digest"))


def distribution(call: Call) -> Iterator[Subject]:
    """https://distribution.github.io/distribution/about/notifications/; GitLab's own registry sends them as well."""
    for event in _elements(call.data, "events"):
        if _text(event, "action") == "push":
            yield from _named(call.registry, _text(event, "target", "repository"))


def nexus(call: Call) -> Iterator[Subject]:
    """https://help.sonatype.com/en/webhooks.html. A name may have the repository's before it, as Nexus is set up."""
    for part in ("component", "asset"):
        if _text(call.data, part, "format") == "docker" and _text(call.data, "action") in ("CREATED", "UPDATED"):
            yield from _ending(call.registry, _text(call.data, part, "name"))


def jfrog(call: Call) -> Iterator[Subject]:
    """https://jfrog.com/help/r/jfrog-platform-administration-documentation/webhooks: never by the virtual name."""
    if (_text(call.data, "domain"), _text(call.data, "event_type")) in (("docker", "pushed"), ("docker", "promoted")):
        yield from _ending(call.registry, _text(call.data, "data", "image_name"))


def aliyun(call: Call) -> Iterator[Subject]:
    """https://www.alibabacloud.com/help/en/acr/user-guide/manage-webhooks."""
    yield from _named(call.registry, _text(call.data, "repository", "repo_full_name"))


def generic(call: Call) -> Iterator[Subject]:
    """Whatever one writes oneself: `{"repository": "HOST/NAME"}`, or the URL of an environment repository in `url`."""
    yield from _images(_text(call.data, "repository"))
    if url := _text(call.data, "url"):
        yield ChangedRepository.at([url])


def github(call: Call) -> Iterator[Subject]:
    """https://docs.github.com/webhooks/webhook-events-and-payloads; packages are those of ghcr.io."""
    event, action = call.headers.get("x-github-event", ""), _text(call.data, "action")
    if event in ("package", "registry_package") and action in ("published", "updated"):
        yield from _github_package(_at(call.data, event))
    elif event == "push" or (event == "pull_request" and action in _OF_PEOPLE) or event == "issue_comment":
        yield _repository(call.data, _text(call.data, "ref"))


def _github_package(package: object) -> Iterator[Subject]:
    if _text(package, "package_type").lower() == "container":
        # GitHub's own example has a colon without a tag at its end, and capitals in the owner.
        url = _text(package, "package_version", "package_url")
        owner = _text(package, "owner", "login") or _text(package, "namespace")
        yield from _images(url or f"ghcr.io/{owner}/{_text(package, 'name')}")


def gitea(call: Call) -> Iterator[Subject]:
    """https://docs.gitea.com/usage/webhooks: as GitHub's, and packages by a server of its own."""
    event, action = call.headers.get("x-gitea-event", ""), _text(call.data, "action")
    if event == "package" and action == "created":
        package = _at(call.data, "package")
        if _text(package, "type") == "container" and call.registry:
            yield from _named(call.registry, f"{_text(package, 'owner', 'login')}/{_text(package, 'name')}".lower())
    elif event == "push" or (event.startswith("pull_request") and action in _OF_PEOPLE) or event == "issue_comment":
        yield _repository(call.data, _text(call.data, "ref"))


def gitlab(call: Call) -> Iterator[Subject]:
    """https://docs.gitlab.com/user/project/integrations/webhook_events/."""
    project, kind = _at(call.data, "project"), _text(call.data, "object_kind")
    action = _text(call.data, "object_attributes", "action")
    urls = [_text(project, key) for key in ("git_http_url", "git_ssh_url", "web_url")]
    wished = kind == "merge_request" and action in ("close", "merge", "reopen", "update")
    if wished or kind in ("push", "note"):
        yield ChangedRepository.at(urls, _text(call.data, "ref"))


def bitbucket(call: Call) -> Iterator[Subject]:
    """Cloud and Data Center: https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/."""
    event = call.headers.get("x-event-key", "")
    where = [_at(call.data, "repository"), _at(call.data, "pullRequest", "toRef", "repository")]
    urls = [_text(one, "links", "html", "href") for one in where]
    urls += [_text(link, "href") for one in where for link in _elements(one, "links", "clone")]
    places = set(ChangedRepository.at(urls).places)
    # Data Center may leave out links.
    keys = [(_text(one, "project", "key"), _text(one, "slug")) for one in where]
    places |= {GitPlace("", f"{key}/{slug}".lower()) for key, slug in keys if key and slug}
    if event in ("repo:push", "repo:refs_changed"):
        for change in _elements(call.data, "push", "changes"):
            yield ChangedRepository(frozenset(places), _text(change, "new", "name"))
        for change in _elements(call.data, "changes"):
            yield ChangedRepository(frozenset(places), _text(change, "refId").removeprefix("refs/heads/"))
    elif event.startswith(("pullrequest:", "pr:")):
        yield ChangedRepository(frozenset(places))


def azure_devops(call: Call) -> Iterator[Subject]:
    """https://learn.microsoft.com/azure/devops/service-hooks/events."""
    event, resource = _text(call.data, "eventType"), _at(call.data, "resource")
    where = [_at(resource, "repository"), _at(resource, "pullRequest", "repository")]
    urls = [_text(one, key) for one in where for key in ("remoteUrl", "sshUrl", "webUrl")]
    if event == "git.push":
        for update in _elements(resource, "refUpdates"):
            yield ChangedRepository.at(urls, _text(update, "name"))
    elif event.startswith(("git.pullrequest.", "ms.vss-code.git-pullrequest-")):
        yield ChangedRepository.at(urls)


_OF_PEOPLE = frozenset({"closed", "reopened", "labeled", "unlabeled", "label_updated", "label_cleared", "edited"})
"""What happens to pull requests that says a wish; what the bot does itself is most of the rest."""


def _repository(data: object, ref: str) -> ChangedRepository:
    found = _at(data, "repository")
    return ChangedRepository.at([_text(found, key) for key in ("clone_url", "ssh_url", "html_url")], ref)


def _images(text: str) -> Iterator[PushedImage]:
    found = PushedImage.parse(text) if text else None
    if found is not None:
        yield found


def _named(host: str, repository: str) -> Iterator[PushedImage]:
    if host and repository:
        yield from _images(f"{host}/{repository}")


def _ending(host: str, repository: str) -> Iterator[PushedImage]:
    for found in _named(host, repository):
        yield PushedImage(found.registry, found.repository, ending=True)


def _at(data: object, *path: str) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _text(data: object, *path: str) -> str:
    found = _at(data, *path)
    return found if isinstance(found, str) and len(found) <= _MOST_TEXT else ""


def _elements(data: object, *path: str) -> Iterator[object]:
    found = _at(data, *path)
    return islice(found, _MOST_ELEMENTS) if isinstance(found, list) else iter(())
