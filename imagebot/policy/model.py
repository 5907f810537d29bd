"""The policy file as its author sees it, and `Policy`: one app in one environment."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema, model_validator

from imagebot.documents.model import TEXT_SCHEMA, Flag, Misplaced, Model, reads
from imagebot.fields.template import Template
from imagebot.images.reference import ImageName
from imagebot.policy import words
from imagebot.policy.paths import check_path_pattern, check_path_patterns, covers
from imagebot.policy.pattern import Pattern, check_extract
from imagebot.versions.semver import Range

Pin = Literal["keep", "digest", "none"]
_STRING = WithJsonSchema({"type": "string"})
_TEXT = WithJsonSchema(TEXT_SCHEMA)
DnsLabel = Annotated[str, AfterValidator(words.dns_label), WithJsonSchema({"type": ["string", "number"]})]
RangeText = Annotated[Range, reads(Range, Range.parse), _TEXT]
PatternText = Annotated[Pattern, reads(Pattern, Pattern.parse), _STRING]
NameText = Annotated[ImageName, reads(ImageName, words.image_name), _STRING]
ExactTag = Annotated[str, AfterValidator(words.exact_tag), _TEXT]
PathPattern = Annotated[str, AfterValidator(check_path_pattern)]
Label = Annotated[str, AfterValidator(words.label), _TEXT]
Login = Annotated[str, AfterValidator(words.login), _TEXT]
Reviewer = Annotated[str, AfterValidator(words.reviewer), _TEXT]
FieldPath = Annotated[str, AfterValidator(words.field_path), _STRING]
TemplateText = Annotated[Template, reads(Template, Template.parse), _STRING]
File = Annotated[str, AfterValidator(words.repository_file)]
ImagePolicy = Annotated[str, AfterValidator(words.image_policy), _STRING]
Visible = Annotated[str, AfterValidator(words.visible), _TEXT]


class Ignore(Model):
    """Tags that are never chosen: by `range` or by `match`, one of them."""

    range: RangeText | None = None
    """Versions in this range are never chosen, for example `>=7.0.0 <7.0.3`."""
    match: PatternText | None = None
    """Tags in which this RE2 pattern is found are never chosen."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.range is None) == (self.match is None):
            raise ValueError("write one of range and match")
        return self


def _kind_of_ignored(value: object) -> str:
    return "{tag}" if isinstance(value, str) else "{rule}"


Ignored = Annotated[
    Annotated[ExactTag, Tag("{tag}")] | Annotated[Ignore, Tag("{rule}")],
    Discriminator(_kind_of_ignored),
]


class Tags(Model):
    """Which tags are candidates, and which part of them is the version."""

    match: PatternText | None = None
    """Only tags in which this RE2 pattern is found are candidates. Write `^` and `$` around it for the whole tag."""
    extract: str | None = None
    """The version in the tag, from groups of `match`: `$1`, `${name}`. Without it the version is the whole tag."""
    ignore: tuple[Ignored, ...] = ()
    """Tags that are never chosen: each an exact tag, `{range: …}` or `{match: …}`."""

    @model_validator(mode="after")
    def _extract_from_match(self) -> Self:
        if self.extract is None:
            return self
        if self.match is None:
            raise Misplaced(("extract",), "extract takes groups out of match: write match too")
        try:
            check_extract(self.extract, self.match)
        except ValueError as error:
            raise Misplaced(("extract",), error) from None
        return self


class ExplicitField(Model):
    """A place in a file that no known shape reaches."""

    file: File
    """The file, from the root of the environment repository."""
    path: FieldPath
    """The keys that lead to the value, as in `image.tag`, `containers[0].image` or `containers[name=app].image`."""
    template: TemplateText | None = None
    """What stands around the version where it is a part of the value or of a line of it: `--image={name}:{tag}`.

    `{tag}`, `{digest}` and `{name}` are placeholders, everything else stands for itself.
    """


class Watch(Model):
    """One image of an app and the rule that chooses its tag."""

    image: NameText
    """The image's name without tag and digest, for example `ghcr.io/acme/api`."""
    semver: RangeText
    """The range of semantic versions to choose from, as Helm and Flux write it: `^1.4`, `>=1.2 <2`, `1.2.x`."""
    loose: Flag = False
    """Whether tags with fewer than three parts, such as `1.25`, are versions too. They often move."""
    prereleases: Flag = False
    """Whether every prerelease in the range may be chosen. Without it: only where the range names one (`>=1.0.0-0`)."""
    tags: Tags = Tags()
    """Which tags are candidates."""
    pin: Pin = "keep"
    """`keep`: a field has a digest after an update if it had one before; `digest`: always; `none`: never."""
    image_policy: ImagePolicy | None = None
    """The Flux ImagePolicy whose markers stand beside this image's tags and digests: `namespace:name`."""
    fields: tuple[ExplicitField, ...] = ()
    """Places of the image that the bot does not find by itself."""
    embedded: Flag = False
    """Whether full references inside longer text are edited too: scripts, arguments, files within a ConfigMap."""


class Environment(Model):
    """Where in the environment repository this environment of the app lives; nothing behind its name: anywhere."""

    model_config = ConfigDict(json_schema_extra={"type": ["object", "null"]})

    paths: Annotated[tuple[PathPattern, ...], AfterValidator(check_path_patterns)] = ()
    """Gitignore patterns of the files that may be changed; the last that matches wins. Without it: all files."""
    repository: Visible | None = None
    """The environment repository, if it is not the app's: a name from `imagebot.yaml`."""


class PullRequest(Model):
    """What the pull request carries besides the change."""

    labels: tuple[Label, ...] = ()
    """Labels to put on it."""
    reviewers: tuple[Reviewer, ...] = ()
    """Who is asked for a review: login names, or `team:NAME`."""
    assignees: tuple[Login, ...] = ()
    """Whom it is assigned to: login names."""


class PolicyFile(Model):
    """One app: its environments and its images."""

    app: DnsLabel
    """The app's name: lower-case letters, digits and `-`."""
    repository: Visible
    """The environment repository: a name from `imagebot.yaml`."""
    environments: Annotated[dict[DnsLabel, Environment], Field(min_length=1)]
    """The app's environments by name. Each gets a pull request of its own."""
    images: Annotated[tuple[Watch, ...], Field(min_length=1)]
    """The images to watch."""
    pull_request: PullRequest = PullRequest()
    """What the pull requests of this app carry."""

    @model_validator(mode="after")
    def _each_image_once(self) -> Self:
        seen = Counter[ImageName]()
        for index, watch in enumerate(self.images):
            seen[watch.image] += 1
            if seen[watch.image] > 1:
                raise Misplaced(("images", index, "image"), f"{watch.image.familiar} is watched twice")
        return self


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

    def covers(self, path: str) -> bool:
        """Whether the file at `path` of the environment repository may be changed for this policy."""
        return covers(self.paths, path)


def policies_of(file: str, model: PolicyFile) -> tuple[Policy, ...]:
    """One policy for each environment, in the order of the file."""
    return tuple(
        Policy(
            file=file,
            app=model.app,
            environment=name,
            repository=environment.repository or model.repository,
            paths=environment.paths,
            watches=model.images,
            pull_request=model.pull_request,
        )
        for name, environment in model.environments.items()
    )
