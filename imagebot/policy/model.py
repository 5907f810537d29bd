"""The policy file as its author sees it, and `Policy`: one app in one environment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema, model_validator

from imagebot.documents.duration import Duration
from imagebot.documents.merge import Taken
from imagebot.documents.model import TEXT_SCHEMA, Flag, Misplaced, Model, Path, Visible, one_of, reads
from imagebot.images.reference import ImageName
from imagebot.policy import key_grammar, placeholders
from imagebot.policy.fence import FolderFence
from imagebot.policy.gates import AnyFreeze, Gates, Promotion, WindowText, check_sources
from imagebot.policy.paths import check_path_pattern, check_path_patterns, covers
from imagebot.policy.placeholders import Form
from imagebot.policy.trial import PolicyTest, check_tests
from imagebot.policy.watch import ExplicitField, Ignore, Pin, Tags, Watch
from imagebot.versions.all_orders import STEPS

__all__ = ["ExplicitField", "Ignore", "Pin", "Policy", "PolicyFile", "Tags", "Watch", "policies_of"]

_TEXT = WithJsonSchema(TEXT_SCHEMA)
DnsLabel = Annotated[str, AfterValidator(key_grammar.dns_label), WithJsonSchema({"type": ["string", "number"]})]
PathPattern = Annotated[str, AfterValidator(check_path_pattern)]
LabelText = Annotated[Form, reads(Form, placeholders.label), _TEXT]
Login = Annotated[str, AfterValidator(key_grammar.login), _TEXT]
Reviewer = Annotated[str, AfterValidator(key_grammar.reviewer), _TEXT]
Kind = Annotated[str, one_of(STEPS)]


class Environment(Model):
    """Where in the environment repository this environment of the app lives; nothing behind its name: anywhere."""

    model_config = ConfigDict(json_schema_extra={"type": ["object", "null"]})

    paths: Annotated[tuple[PathPattern, ...], AfterValidator(check_path_patterns)] = ()
    """Gitignore patterns of the files that may be changed; the last that matches wins. Without it: all files."""
    repository: Visible | None = None
    """The environment repository, if it is not the app's: a name from `imagebot.yaml`."""
    minimum_age: Duration = timedelta()
    """As `minimumAge` of an image, for all images here; the longer of the two counts."""
    windows: tuple[WindowText, ...] = ()
    """When pull requests may be opened and changed, such as `Mon-Fri 09:00-17:00 Europe/Berlin`, or the minutes that a
    cron expression matches, with its zone: `* 9-16 * * 1-5 Europe/Berlin`. Without a zone: UTC."""
    freezes: tuple[AnyFreeze, ...] = ()
    """When nothing changes, whatever `windows` say: hours written as in `windows`, or days, `{from: …, to: …}`."""
    from_: Promotion | None = Field(default=None, alias="from")
    """Another environment of this app: only what it has deployed may come here."""


class Group(Model):
    """Which updates travel in one pull request; never across environments, repositories or branches."""

    by: Literal["app", "image"] = "app"
    """`app`: all images of the app together. `image`: one for each image, with all apps that write the same here."""
    name: DnsLabel | None = None
    """Instead of `by`: one for all apps that write the same name here."""
    separate_major: Flag = False
    """Whether a new major version has a pull request of its own, beside the one that stays within the old."""

    instead: ClassVar = {"by": frozenset({"name"}), "name": frozenset({"by"})}

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.name is not None and "by" in self.model_fields_set:
            raise Misplaced(("by",), "write one of by and name")
        return self


class PullRequestKeys(Model):
    """What the pull request carries besides the change, and how it lives."""

    group: Group = Group()
    """Which updates travel together: `{by: app}`, `{by: image}` or `{name: platform}`."""
    draft_while_soaking: Flag = False
    """Whether a version that only has to grow older is shown before, as a draft that becomes ready by itself."""
    auto_merge: tuple[Kind, ...] = ()
    """The kinds of updates that the forge may merge by itself once all that the base branch asks for is done, such as
    `[digest, patch]`. Not while anything stands out: a tag pushed again, a user that became root, another source; nor
    what the registry could not be asked about."""

    title: Annotated[Form, reads(Form, placeholders.title), _TEXT] | None = None
    """Its title, and the first line of the commit. `{app}`, `{count}`, `{environment}`, `{from}`, `{image}`, `{kind}`,
    `{name}` (the app or the group) and `{to}` are placeholders, `{{` is a brace. Without it:
    `deps({environment}): {name} {from} → {to}`."""
    labels: tuple[LabelText, ...] = ()
    """Labels to put on it; they may have the placeholders `{app}`, `{environment}`, `{image}`, `{kind}`, `{name}`.
    `repush` and `needs-attention` come by themselves where there is reason."""
    note: Annotated[Form, reads(Form, placeholders.note), _TEXT] | None = None
    """Markdown for its body, such as a link to the runbook; with the placeholders of `title`."""
    reviewers: tuple[Reviewer, ...] = ()
    """Who is asked for a review: login names, `team:NAME`, and `codeowners` for whoever the CODEOWNERS file of the
    environment repository names for the files that change; a login of that name cannot be asked."""
    assignees: tuple[Login, ...] = ()
    """Whom it is assigned to: login names."""


def _perhaps_by_default(schema: dict[str, Any]) -> None:
    """Editors cannot see that a file of defaults names the repository."""
    schema["required"].remove("repository")


class PolicyFile(Model):
    """One app: its environments and its images. What it leaves out may be in files of defaults."""

    model_config = ConfigDict(json_schema_extra=_perhaps_by_default)

    app: DnsLabel
    """The app's name: lower-case letters, digits and `-`."""
    repository: Visible
    """The environment repository: a name from `imagebot.yaml`. Needed, here or in defaults."""
    environments: Annotated[dict[DnsLabel, Environment], Field(min_length=1)]
    """The app's environments by name. Each gets a pull request of its own."""
    images: Annotated[tuple[Watch, ...], Field(min_length=1)]
    """The images to watch."""
    pull_request: PullRequestKeys = PullRequestKeys()
    """What the pull requests of this app carry."""
    tests: tuple[PolicyTest, ...] = ()
    """What shall be chosen of which tags: `imagebot lint` tries it."""

    def named_in_settings(self) -> Iterator[tuple[Literal["repository", "source"], Path, str]]:
        """Each name that imagebot.yaml must have: of what kind it is, and where it stands."""
        yield "repository", ("repository",), self.repository
        for name, environment in self.environments.items():
            if environment.repository is not None:
                yield "repository", ("environments", name, "repository"), environment.repository
        for index, watch in enumerate(self.images):
            if watch.commit is not None:
                yield "source", ("images", index, "commit", "source"), watch.commit.source

    def named_keys(self) -> Iterator[tuple[Literal["key"], Path, str]]:
        """Each public key that imagebot.yaml must have, and where its name stands."""
        for index, watch in enumerate(self.images):
            for at, requirement in enumerate(watch.verify):
                for place, name in requirement.named_keys():
                    yield "key", ("images", index, "verify", at, *place), name

    @model_validator(mode="after")
    def _tests_of_images(self) -> Self:
        try:
            check_tests(self.tests, self.images)
        except Misplaced as error:
            raise Misplaced(("tests", *error.place), error.cause) from None
        return self

    @model_validator(mode="after")
    def _each_image_once(self) -> Self:
        seen = Counter[ImageName]()
        for index, watch in enumerate(self.images):
            seen[watch.image] += 1
            if seen[watch.image] > 1:
                raise Misplaced(("images", index, "image"), f"{watch.image.familiar} is watched twice")
        return self

    @model_validator(mode="after")
    def _from_its_own(self) -> Self:
        sources = {name: environment.from_ for name, environment in self.environments.items() if environment.from_}
        for name, source in sources.items():
            if source.environment not in self.environments:
                known = ", ".join(other for other in self.environments if other != name) or "no other"
                place = ("environments", name, "from", "environment")
                raise Misplaced(place, f"this app has no environment {source.environment!r}; it has {known}")
        check_sources(sources)
        return self


@dataclass(frozen=True, slots=True)
class Policy:
    """One app in one environment: the unit that gets a branch, a verdict and a pull request.

    `fences` are those of the folders that its file is in; `inherited` is what it has from defaults.
    """

    file: str
    app: str
    environment: str
    repository: str
    paths: tuple[str, ...]
    watches: tuple[Watch, ...]
    pull_request: PullRequestKeys
    gates: Gates
    fences: tuple[FolderFence, ...] = ()
    inherited: tuple[Taken, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.app}@{self.environment}"

    def covers(self, path: str) -> bool:
        """Whether the file at `path` of the environment repository may be changed for this policy."""
        return covers(self.paths, path) and all(fence.may.holds_path(path) for fence in self.fences)


def policies_of(
    file: str, model: PolicyFile, fences: tuple[FolderFence, ...] = (), inherited: tuple[Taken, ...] = ()
) -> tuple[Policy, ...]:
    """One policy for each environment, in the order of the file; `inherited` is what defaults gave it."""
    return tuple(
        Policy(
            file=file,
            app=model.app,
            environment=name,
            repository=environment.repository or model.repository,
            paths=environment.paths,
            watches=model.images,
            pull_request=model.pull_request,
            gates=Gates(environment.minimum_age, environment.windows, environment.freezes, environment.from_),
            fences=fences,
            inherited=tuple(one for one in inherited if one.path[0] != "environments" or one.path[1] == name),
        )
        for name, environment in model.environments.items()
    )
