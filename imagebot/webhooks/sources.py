"""Who calls, a row for each: how it proves that it may, where it names its delivery, and what reads its body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imagebot.settings.webhooks import SourceType
from imagebot.webhooks import payloads
from imagebot.webhooks.authentication import Authenticates, carried, signed, signed_or_carried
from imagebot.webhooks.payloads import Reader


@dataclass(frozen=True, slots=True)
class Source:
    """`authenticates` None: it sends no secret, so the path has a part that nobody guesses.

    `delivery` is the header, or else the key of the body, whose value no second call has: a call that comes again is
    not heeded again.
    """

    reads: Reader
    authenticates: Authenticates | None
    delivery: str = ""

    def delivery_of(self, headers: Mapping[str, str], data: Any) -> str:
        """What names this call, or nothing."""
        found = headers.get(self.delivery) or (data.get(self.delivery) if isinstance(data, dict) else None)
        return found if isinstance(found, str) else ""


_IN_HEADER = carried("authorization", "x-webhook-secret")

SOURCES: Mapping[SourceType, Source] = {
    "acr": Source(payloads.azure_registry, _IN_HEADER, "id"),
    "aliyun": Source(payloads.aliyun, None),
    "azuredevops": Source(payloads.azure_devops, _IN_HEADER, "id"),
    "bitbucket": Source(payloads.bitbucket, signed("x-hub-signature"), "x-request-uuid"),
    "distribution": Source(payloads.distribution, _IN_HEADER),
    "dockerhub": Source(payloads.docker_hub, None),
    "ecr": Source(payloads.ecr, _IN_HEADER, "id"),
    "gar": Source(payloads.google_registry, None),
    "generic": Source(payloads.generic, signed("x-signature")),
    "gitea": Source(payloads.gitea, signed("x-hub-signature-256", "x-gitea-signature"), "x-gitea-delivery"),
    "github": Source(payloads.github, signed("x-hub-signature-256"), "x-github-delivery"),
    "gitlab": Source(payloads.gitlab, carried("x-gitlab-token"), "x-gitlab-event-uuid"),
    "harbor": Source(payloads.harbor, _IN_HEADER, "id"),
    "jfrog": Source(payloads.jfrog, signed_or_carried("x-jfrog-event-auth")),
    "nexus": Source(
        payloads.nexus,
        signed("x-nexus-webhook-signature", digest="sha1", prefix=b"sha1="),
        "x-nexus-webhook-delivery",
    ),
    "quay": Source(payloads.quay, None),
}
