"""One image of an app and how its tag is chosen, as a policy file has it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    Tag,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from imagebot.documents.duration import Duration
from imagebot.documents.model import TEXT_SCHEMA, Flag, Misplaced, Model, reads
from imagebot.fields.template import Template
from imagebot.images.reference import ImageName
from imagebot.policy import words
from imagebot.policy.gates import Platform
from imagebot.policy.orders import CalverRange, CalverRule, CommitRule, Direction, Newest, RangeText
from imagebot.policy.pattern import Pattern, check_extract
from imagebot.versions.all_orders import ORDERS
from imagebot.versions.alphabetical import Alphabetical
from imagebot.versions.calver import Calver, Format
from imagebot.versions.commit import Commit
from imagebot.versions.created import Created
from imagebot.versions.digest import Digest
from imagebot.versions.known import NOTHING, Known
from imagebot.versions.numeric import Numeric
from imagebot.versions.order import Order, Region
from imagebot.versions.semver import Semver

Pin = Literal["keep", "digest", "none"]
_STRING = WithJsonSchema({"type": "string"})
_TEXT = WithJsonSchema(TEXT_SCHEMA)
PatternText = Annotated[Pattern, reads(Pattern, Pattern.parse), _STRING]
NameText = Annotated[ImageName, reads(ImageName, words.image_name), _STRING]
ExactTag = Annotated[str, AfterValidator(words.exact_tag), _TEXT]
FieldPath = Annotated[str, AfterValidator(words.field_path), _STRING]
TemplateText = Annotated[Template, reads(Template, Template.parse), _STRING]
File = Annotated[str, AfterValidator(words.repository_file)]
ImagePolicy = Annotated[str, AfterValidator(words.image_policy), _STRING]


class Ignore(Model):
    """Tags that are never chosen: by `range` or by `match`, one of them."""

    range: Annotated[str, _TEXT] | None = None
    """Versions in this range of the order are never chosen, for example `>=7.0.0 <7.0.3`."""
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
    variant: Literal["keep"] | None = None
    """`keep`: only tags with the same text around the version as what is deployed, such as `-alpine` behind it."""
    ignore: tuple[Ignored, ...] = ()
    """Tags that are never chosen: each an exact tag, `{range: …}` or `{match: …}`."""

    @model_validator(mode="after")
    def _extract_from_match(self) -> Self:
        if self.extract is None:
            return self
        if self.variant is not None:
            raise Misplaced(("variant",), "extract says which part of a tag is the version: keep one of the two")
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
    """One image of an app and how its tag is chosen: by exactly one order, from `semver` to `digest`."""

    image: NameText
    """The image's name without tag and digest, for example `ghcr.io/acme/api`."""
    semver: RangeText | None = None
    """The range of semantic versions to choose from, as Helm and Flux write it: `^1.4`, `>=1.2 <2`, `1.2.x`."""
    calver: CalverRule | None = None
    """The format of calendar versions, such as `YYYY.0M.MICRO`, with names of https://calver.org; or with a range."""
    numeric: Direction | None = None
    """Numbers: `asc` chooses the highest, `desc` the lowest."""
    alphabetical: Direction | None = None
    """Texts: `asc` chooses the last in the alphabet, `desc` the first."""
    created: Newest | None = None
    """`newest`: the image that was made last, as it says itself. Costs a request for each tag that is new."""
    commit: CommitRule | None = None
    """Tags that are commit ids of 7 digits or more: the newest commit of a branch that has an image. With `match` and
    without `extract` the id may be anywhere in the tag."""
    digest: Annotated[str, AfterValidator(words.tag), _TEXT] | None = None
    """A tag that moves, such as `latest`: followed by its digest."""
    loose: Flag = False
    """Whether tags with fewer than three parts, such as `1.25`, are versions too. They often move. For `semver`."""
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
    platforms: tuple[Platform, ...] = ()
    """Platforms that an image must have, such as `linux/arm64`. Without it: those of the deployed image."""
    minimum_age: Duration = timedelta()
    """How long the bot must have known an image before it may run, such as `3d`: the time that the world has to find
    out what is wrong with it. A tag that is pushed again starts anew."""
    downgrade: Literal["allow", "hold"] = "hold"
    """`hold`: only a person goes back to an older version; `allow`: the bot does so where the newer one is gone."""
    repush: Literal["allow", "ignore"] = "ignore"
    """`allow`: a deployed tag that was pushed again is an update where a digest is written. Costs a request a pass."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [name]} for name in ORDERS]})

    @model_validator(mode="before")
    @classmethod
    def _digests_are_pinned(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("digest") is not None and data.get("pin") is None:
            return {**data, "pin": "digest"}
        return data

    @model_validator(mode="after")
    def _one_order(self) -> Self:
        orders = [name for name in ORDERS if getattr(self, name) is not None]
        *others, last = ORDERS
        if not orders:
            raise ValueError(f"write how tags are ordered: exactly one of {', '.join(others)} and {last}")
        if len(orders) > 1:
            raise Misplaced((orders[1],), f"{orders[0]} and {orders[1]} are two orders; keep one")
        check_fit(self, orders[0])
        return self

    def order(self, known: Known = NOTHING) -> Order:
        """The one order of this watch, with what is known for those that need more than tags."""
        if self.semver is not None:
            return Semver(self.semver, self.loose, self.prereleases, known.charts)
        if self.numeric is not None:
            return Numeric(self.numeric)
        if self.alphabetical is not None:
            return Alphabetical(self.alphabetical)
        if self.created is not None:
            return Created(known.created)
        if self.commit is not None:
            inside = self.tags.match is not None and self.tags.extract is None and self.tags.variant is None
            return Commit(self.commit.source, known.history, inside)
        if self.digest is not None:
            return Digest(self.digest)
        assert self.calver is not None, "one of them is there"
        return self._calver(self.calver)

    def _calver(self, rule: Format | CalverRange) -> Calver:
        if isinstance(rule, Format):
            return Calver(rule, None, self.prereleases)
        return Calver(rule.format, Calver.bounds(rule.range, rule.format), self.prereleases)

    @property
    def rule(self) -> str:
        """The order as the policy file has it: `semver: ^1.4`."""
        order = self.order()
        branch = "" if self.commit is None or self.commit.branch is None else f"{self.commit.branch} of "
        return f"{order.name}: {branch}{order}"

    def region(self, text: str) -> Region:
        """The part of the order that a range in `ignore` means. Raises `ValueError`."""
        order = self.order()
        if isinstance(order, Semver | Calver | Numeric):
            return order.region(text)
        raise ValueError(f"{order.name} knows no ranges; write an exact tag or {{match: …}}")


def watch_of(**keys: Any) -> Watch:
    """A watch from the fields of one. Raises `Misplaced`, for the first thing that is wrong."""
    try:
        return Watch(**keys)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        cause = first.get("ctx", {}).get("error", first["msg"])
        if isinstance(cause, Misplaced):
            raise cause from None
        raise Misplaced(first["loc"], cause) from None


def check_fit(watch: Watch, order: str) -> None:
    """Raise `Misplaced` at a key that means nothing beside this order."""
    tags = watch.tags
    if watch.loose and order != "semver":
        raise Misplaced(("loose",), f"loose is about semver; {order} has no parts that could be missing")
    if watch.prereleases and order not in {"semver", "calver"}:
        raise Misplaced(("prereleases",), f"{order} knows no prereleases")
    if order == "digest" and (tags.match or tags.ignore or tags.variant):
        raise Misplaced(("tags",), "digest follows one tag: there are no others to choose among")
    if order == "digest" and watch.pin != "digest":
        raise Misplaced(("pin",), "a tag that moves is followed by its digest: leave pin out, or write digest")
    if tags.extract is not None and order == "created":
        raise Misplaced(("tags", "extract"), "created looks at the image, not at a part of its tag")
    if tags.variant is not None and order in {"alphabetical", "created"}:
        raise Misplaced(("tags", "variant"), f"{order} cannot tell where a version ends: write match")
    for index, item in enumerate(tags.ignore):
        if isinstance(item, Ignore) and item.range is not None:
            try:
                watch.region(item.range)
            except ValueError as error:
                raise Misplaced(("tags", "ignore", index, "range"), error) from None
