"""What imagebot.yaml says under `webhooks`: where registries and forges may call, and how they prove who they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from imagebot.documents.model import Misplaced, Model
from imagebot.secret import SecretSource
from imagebot.settings import grammar
from imagebot.settings.credentials import FROM_ELSEWHERE, InFile, InVariable, exactly_one, first_of

SourceType = Literal[
    "acr",
    "aliyun",
    "azure",
    "bitbucket",
    "distribution",
    "dockerhub",
    "ecr",
    "gar",
    "generic",
    "gitea",
    "github",
    "gitlab",
    "harbor",
    "jfrog",
    "nexus",
    "quay",
]
NAMELESS: frozenset[SourceType] = frozenset({"aliyun", "distribution", "harbor", "jfrog", "nexus"})
"""Those whose bodies do not say which host their images are pulled from."""
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


def _name(text: str) -> str:
    if _NAME.fullmatch(text):
        return text
    raise ValueError(f"{text!r} is to be a part of a path: write lower case letters, digits and hyphens")


class Receiver(Model):
    """Who may call at `/hook/NAME`, and how it proves that it may."""

    confidential: ClassVar[bool] = True
    hints: ClassVar[dict[str, str]] = {"secret": FROM_ELSEWHERE.format("secret")}

    type: SourceType
    """Who calls: `acr`, `aliyun`, `distribution` (Docker's registry, and GitLab's own), `dockerhub`, `ecr` (by
    EventBridge), `gar` (by Pub/Sub), `harbor`, `jfrog`, `nexus`, `quay`; the forges `azure`, `bitbucket`,
    `gitea`, `github` (and its registry), `gitlab`; `generic` for calls that one writes oneself."""
    secret_file: InFile | None = None
    """The file with the secret that both sides know; read again at each call."""
    secret_env: InVariable | None = None
    """The environment variable with it."""
    registry: Annotated[str, AfterValidator(grammar.registry_host)] | None = None
    """The host that its images are pulled from. Needed where calls do not say so: `aliyun`, `distribution`, `harbor`,
    `jfrog`, `nexus`, and `gitea` for packages."""

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        exactly_one(self, "secret_file", "secret_env")
        if self.type in NAMELESS and self.registry is None:
            said = f"{self.type} does not say which registry its images are pulled from: write registry: HOST"
            raise Misplaced(("registry",), said)
        return self

    @property
    def secret(self) -> SecretSource:
        """What both sides know."""
        return first_of(self.secret_env, self.secret_file)


class Webhooks(Model):
    """Where `imagebot run` is called, so that it looks sooner than `every` says. What a call says is looked up."""

    listen: Annotated[str, AfterValidator(grammar.listen_address)]
    """Where calls come in, over http: `:9292` for all addresses of the machine, `127.0.0.1:9292` or `[::1]:9292` for
    one. TLS is what stands before it does."""
    receivers: Annotated[Mapping[Annotated[str, AfterValidator(_name)], Receiver], Field(min_length=1)]
    """Who may call, each by a name of your own, which its path has: `/hook/NAME`."""
