"""One image of an app and how its tag is chosen, as a policy file has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    JsonValue,
    Tag,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from imagebot import gitnames
from imagebot.documents.duration import Duration
from imagebot.documents.model import STRING, TEXT_SCHEMA, Flag, Misplaced, Model, reads
from imagebot.fields.template import Template
from imagebot.images.reference import ImageName
from imagebot.policy import key_grammar
from imagebot.policy.gates import Platform
from imagebot.policy.pattern import Pattern, check_extract
from imagebot.policy.verify import Requirement
from imagebot.versions.all_orders import KEYS, EveryOrder
from imagebot.versions.known import NOTHING, OrderInputs
from imagebot.versions.order import Order
from imagebot.versions.order_keys import OrderFacts, OrderKeys

Pin = Literal["keep", "digest", "none"]
_TEXT = WithJsonSchema(TEXT_SCHEMA)
PatternText = Annotated[Pattern, reads(Pattern, Pattern.parse), STRING]
NameText = Annotated[ImageName, reads(ImageName, key_grammar.image_name), STRING]
ExactTag = Annotated[str, AfterValidator(key_grammar.exact_tag), _TEXT]
FieldPath = Annotated[str, AfterValidator(key_grammar.field_path), STRING]
TemplateText = Annotated[Template, reads(Template, Template.parse), STRING]
File = Annotated[str, AfterValidator(gitnames.repository_file)]
SourceUrl = Annotated[str, AfterValidator(key_grammar.source_url), STRING]
ImagePolicy = Annotated[str, AfterValidator(key_grammar.image_policy), STRING]


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

    instead: ClassVar = {
        "match": frozenset({"extract"}),
        "extract": frozenset({"variant"}),
        "variant": frozenset({"extract"}),
    }

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


class ImageKeys(EveryOrder):
    """All that a policy says of an image, but for its name."""

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
    source: SourceUrl | None = None
    """Where what it is built from is, such as `https://github.com/acme/api`: for links, and for what changed. Default:
    what its labels say."""
    downgrade: Literal["allow", "hold"] = "hold"
    """`hold`: only a person goes back to an older version; `allow`: the bot does so where the newer one is gone."""
    repush: Literal["allow", "ignore"] = "ignore"
    """`allow`: a deployed tag that was pushed again is an update where a digest is written. Costs a request a pass."""
    verify: tuple[Requirement, ...] = ()
    """What must be signed, and by whom, before an image may run: all of it must hold, of the very digest that is
    written. What imagebot.yaml requires under `verify`, and defaults require, must hold as well."""

    joined: ClassVar = frozenset({"verify"})

    @classmethod
    def shown_keys(cls) -> list[str]:
        first = [key for key in ("image", *KEYS) if key in cls.model_fields]
        return [*first, *(key for key in cls.known_keys() if key not in first)]

    @property
    def orders(self) -> list[str]:
        """The orders that are written here."""
        return [name for name in KEYS if getattr(self, name) is not None]

    @property
    def _keys(self) -> type[OrderKeys]:
        return KEYS[self.orders[0]]

    @property
    def order_facts(self) -> OrderFacts:
        """What is true of the one order here, whatever stands behind its key."""
        return self._keys.facts

    @property
    def finds_inside(self) -> bool:
        """Whether the version may be anywhere in a tag that `match` lets in."""
        says_where = self.tags.extract is not None or self.tags.variant is not None
        return self.order_facts.finds_inside and self.tags.match is not None and not says_where

    def order(self, known: OrderInputs = NOTHING) -> Order:
        """The one order here, with what is known for those that need more than tags."""
        return self._keys.build(self, replace(known, inside=True) if self.finds_inside else known)


_ONE_ORDER: list[JsonValue] = [{"required": [name]} for name in KEYS]
"""For editors, which cannot see that another file has the order: one of these, or none."""


class Watch(ImageKeys):
    """One image of an app and how its tag is chosen: by exactly one order, from `semver` to `digest`."""

    image: NameText
    """The image's name without tag and digest, for example `ghcr.io/acme/api`."""
    upstream: NameText | None = None
    """The image that this one is a cached copy of, where `image` is in a pull-through cache: `docker.io/library/redis`.
    Its registry lists the tags; manifests are asked of the cache. `pullThrough` in imagebot.yaml says it for all."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [*_ONE_ORDER, {"not": {"anyOf": _ONE_ORDER}}]})

    @model_validator(mode="before")
    @classmethod
    def _settled_by_the_order(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        settled = (keys.facts.settles for name, keys in KEYS.items() if data.get(name) is not None)
        missing = {key: one.value for some in settled for key, one in some.items() if data.get(key) is None}
        return {**data, **missing}

    @model_validator(mode="after")
    def _one_order(self) -> Self:
        *others, last = KEYS
        if not self.orders:
            raise ValueError(f"write how tags are ordered: exactly one of {', '.join(others)} and {last}")
        check_order(self)
        if self.upstream == self.image:
            raise Misplaced(("upstream",), f"{self.image} is no copy of itself")
        return self

    @property
    def rule(self) -> str:
        """The order as the policy file has it: `semver: ^1.4`."""
        order = self.order()
        return f"{order.name}: {order}"


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


def check_order(image: ImageKeys) -> None:
    """Raise `Misplaced` at a second order, or at what means nothing beside the one there is."""
    orders = image.orders
    if len(orders) > 1:
        raise Misplaced((orders[1],), f"{orders[0]} and {orders[1]} are two orders; keep one")
    for misplaced in _misfits(image, orders[0]):
        raise misplaced


def _misfits(watch: ImageKeys, order: str) -> Iterator[Misplaced]:
    """What is written that means nothing beside this order."""
    mine = KEYS[order]
    yield from _of_other_orders(watch, order)
    for place, words in mine.facts.excludes.items():
        if _is_written(watch, place):
            yield Misplaced(place, words)
    for key, settled in mine.facts.settles.items():
        if getattr(watch, key) != settled.value:
            yield Misplaced((key,), settled.because)
    for index, item in enumerate(watch.tags.ignore):
        if isinstance(item, Ignore) and item.range is not None:
            try:
                watch.order().region(item.range)
            except ValueError as error:
                yield Misplaced(("tags", "ignore", index, "range"), error)


def _of_other_orders(watch: ImageKeys, order: str) -> Iterator[Misplaced]:
    for other in KEYS.values():
        for key, words in other.facts.beside_others.items():
            field = other.model_fields[key]
            if key not in KEYS[order].model_fields and getattr(watch, key) != field.default:
                yield Misplaced((field.alias or key,), words.format(order=order))


def _is_written(watch: ImageKeys, place: tuple[str, ...]) -> bool:
    """Whether there is anything at a place below the image."""
    value: Any = watch
    for part in place:
        value = getattr(value, part)
    return bool(value) and not (isinstance(value, Model) and value == type(value)())
