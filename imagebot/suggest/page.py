"""Policy files as a person would write them, each choice with its reason beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from imagebot.documents.write import Noted, Plain, write
from imagebot.images.reference import ImageName
from imagebot.suggest.apps import Holders, Page
from imagebot.suggest.naming import DEFAULT, SHARED
from imagebot.suggest.paths import patterns
from imagebot.suggest.sort import Placed
from imagebot.suggest.track import TrackRule, rule_for

Entry = Mapping[str, Plain | Noted]

_NOTES = {
    SHARED: "what environments are built on: a change here reaches all of them",
    DEFAULT: "no folder names an environment",
}
_WITHOUT = "without files that hold the same images in a form that this policy does not follow"


def policy_page(
    page: Page, repository: str, held_by: Holders, schema: str, copies: Mapping[ImageName, ImageName]
) -> bytes:
    """A policy file; `schema` is where editors find its JSON Schema, from the folder that it stands in.

    `copies` are images in pull-through caches, each with what it is a copy of.
    """
    environments: dict[str, Plain | Noted] = {}
    for unit in page.units:
        found = patterns(unit, held_by)
        note = _WITHOUT if any(pattern.startswith("!") for pattern in found) else ""
        paths: Entry = {"paths": Noted(found, above=note)}
        environments[unit.environment] = Noted(paths, beside=_NOTES.get(unit.environment, ""))
    images = [_image(name, page, copies.get(name)) for name, _ in page.units[0].tracks]
    head = [f"yaml-language-server: $schema={schema}"]
    return write({"app": page.app, "repository": repository, "environments": environments, "images": images}, head)


def _image(name: ImageName, page: Page, upstream: ImageName | None) -> Noted:
    fields = {unit.environment: unit.images[name] for unit in page.units}
    placed = [one for some in fields.values() for one in some]
    rule = rule_for([one.tracked for one in placed])
    entry: dict[str, Plain | Noted] = {"image": name.familiar}
    if upstream is not None:
        entry["upstream"] = Noted(str(upstream), beside="as the name reads: its tags count, a cache may list few")
    entry["semver"] = Noted(rule.semver, beside=rule.reach)
    if rule.loose:
        entry["loose"] = Noted(True, beside="versions here have fewer than three numbers, or zeros before one")
    entry["tags"] = _tags(rule)
    if all(one.field.digest for one in placed):
        entry["pin"] = Noted("digest", beside="as every field of it is")
    return Noted(entry, above=_now(fields, [one for one in placed if "chart" in one.field.shape]))


def _tags(rule: TrackRule) -> Entry:
    entry: dict[str, Plain | Noted] = {"match": Noted(rule.match, beside=rule.form)}
    if rule.extract is not None:
        entry["extract"] = Noted(rule.extract, beside=rule.order)
    return entry


def _now(fields: Mapping[str, Sequence[Placed]], charts: Sequence[Placed]) -> str:
    """What runs now, and where: `6.5.3 in staging and production`."""
    where: dict[str, list[str]] = defaultdict(list)
    for environment, placed in fields.items():
        for tag in dict.fromkeys(one.tracked.tag for one in placed):
            where[tag].append(environment)
    kind = "a Helm chart; " if charts else ""
    if len(fields) == 1:
        return f"{kind}now {' and '.join(where)}"
    return f"{kind}now {', '.join(f'{tag} in {_and(environments)}' for tag, environments in where.items())}"


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
