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
class WebhookSource:
    """`proof` says where its operator writes the secret. `authenticates` None: it sends none, so the path has a part
    that nobody guesses.

    `delivery` is the header, or else the key of the body, whose value no second call has: a call that comes again is
    not heeded again.
    """

    reads: Reader
    proof: str
    authenticates: Authenticates | None = None
    delivery: str = ""

    def delivery_of(self, headers: Mapping[str, str], data: Any) -> str:
        """What names this call, or nothing."""
        found = headers.get(self.delivery) or (data.get(self.delivery) if isinstance(data, dict) else None)
        return found if isinstance(found, str) else ""


_PATH = "the path alone: treat it as a secret"
_HEADER = "the header `Authorization: Bearer SECRET`"
_CARRIED = carried("authorization", "x-webhook-secret")
_NEXUS = signed("x-nexus-webhook-signature", digest="sha1", prefix=b"sha1=")
_GITEA = signed("x-hub-signature-256", "x-gitea-signature")

SOURCES: Mapping[SourceType, WebhookSource] = {
    "acr": WebhookSource(payloads.azure_registry, _HEADER, _CARRIED, "id"),
    "aliyun": WebhookSource(payloads.aliyun, _PATH),
    "azure": WebhookSource(
        payloads.azure_devops, "basic authentication, any user, SECRET its password", _CARRIED, "id"
    ),
    "bitbucket": WebhookSource(payloads.bitbucket, "its field Secret", signed("x-hub-signature"), "x-request-uuid"),
    "distribution": WebhookSource(payloads.distribution, _HEADER, _CARRIED),
    "dockerhub": WebhookSource(payloads.docker_hub, _PATH),
    "ecr": WebhookSource(
        payloads.ecr, "an API key of the connection: header X-Webhook-Secret, value SECRET", _CARRIED, "id"
    ),
    "gar": WebhookSource(payloads.google_registry, _PATH),
    "generic": WebhookSource(
        payloads.generic, "the header `X-Signature: sha256=` with an HMAC of the body by SECRET", signed("x-signature")
    ),
    "gitea": WebhookSource(payloads.gitea, "its field Secret", _GITEA, "x-gitea-delivery"),
    "github": WebhookSource(payloads.github, "its field Secret", signed("x-hub-signature-256"), "x-github-delivery"),
    "gitlab": WebhookSource(
        payloads.gitlab, "its field Secret token", carried("x-gitlab-token"), "x-gitlab-event-uuid"
    ),
    "harbor": WebhookSource(payloads.harbor, "its field Auth Header: Bearer SECRET", _CARRIED, "id"),
    "jfrog": WebhookSource(payloads.jfrog, "its field Secret token", signed_or_carried("x-jfrog-event-auth")),
    "nexus": WebhookSource(payloads.nexus, "its field Secret Key", _NEXUS, "x-nexus-webhook-delivery"),
    "quay": WebhookSource(payloads.quay, _PATH),
}
