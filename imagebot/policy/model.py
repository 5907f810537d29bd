"""The policy file as its author sees it, and `Policy`: one app in one environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from imagebot.documents.model import Model
from imagebot.images.reference import ImageName
from imagebot.policy.pattern import Pattern
from imagebot.versions.semver import Range

Pin = Literal["keep", "digest", "none"]
DnsLabel = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
_TEXT = {"type": ["string", "number"]}
RangeText = Annotated[Range, PlainValidator(Range.parse), WithJsonSchema(_TEXT)]
PatternText = Annotated[Pattern, PlainValidator(Pattern.parse), WithJsonSchema({"type": "string"})]
NameText = Annotated[ImageName, PlainValidator(ImageName.parse), WithJsonSchema({"type": "string"})]


class Ignore(Model):
    """Tags that are never chosen: by range or by pattern (an exact tag is written as plain text)."""

    range: RangeText | None = None
    match: PatternText | None = None


class Tags(Model):
    """Which tags are candidates, and which part of them is the version."""

    match: PatternText | None = None
    extract: str | None = None
    ignore: tuple[str | Ignore, ...] = ()


class ExplicitField(Model):
    """A place in a file that no known shape reaches."""

    file: str
    path: str


class Watch(Model):
    """One image of an app and the rule that chooses its tag."""

    image: NameText
    semver: RangeText
    loose: bool = False
    prereleases: bool = False
    tags: Tags = Tags()
    pin: Pin = "keep"
    fields: tuple[ExplicitField, ...] = ()


class Environment(Model):
    """Where in the environment repository this environment of the app lives."""

    paths: tuple[str, ...] = ()
    repository: str | None = None


class PullRequest(Model):
    """What the pull request carries besides the change."""

    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()


class PolicyFile(Model):
    """One app: its environments and its images."""

    app: DnsLabel
    repository: str
    environments: dict[DnsLabel, Environment]
    images: tuple[Watch, ...]
    pull_request: PullRequest = PullRequest()


@dataclass(frozen=True, slots=True)
class Policy:
    """One app in one environment: the unit that gets a branch, a verdict and a pull request."""

    file: str
    app: str
    environment: str
    repository: str
    paths: tuple[str, ...]
    watches: tuple[Watch, ...]
    pull_request: PullRequest

    def __str__(self) -> str:
        return f"{self.app}@{self.environment}"
