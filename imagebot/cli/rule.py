"""An order and its filters as flags of `imagebot select`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from imagebot.errors import BadInput
from imagebot.images.reference import ImageName, is_tag
from imagebot.outgoing import outgoing
from imagebot.policy.pattern import BadPattern, ExtractTemplate, Pattern
from imagebot.versions.all_orders import FACTS
from imagebot.versions.branch import History
from imagebot.versions.known import NOTHING, OrderInputs
from imagebot.versions.order import BadRule, Order
from imagebot.versions.order_facts import OrderFacts, OrderFlag

ANY_IMAGE = ImageName("registry.invalid", "standard-input")

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class IgnoredByFlag:
    """Tags that a flag says are never chosen."""

    range: str | None = None
    match: Pattern | None = None


@dataclass(frozen=True, slots=True)
class FlagTags:
    """What flags say of which tags are candidates."""

    match: Pattern | None
    extract: str | None
    variant: str | None
    ignore: tuple[str | IgnoredByFlag, ...]


@dataclass(frozen=True, slots=True)
class FlagRule:
    """An order and its filters as flags have them; `read` are the order's own flags."""

    facts: OrderFacts
    read: Mapping[str, Any]
    tags: FlagTags
    image: ImageName = ANY_IMAGE

    def order(self, known: OrderInputs = NOTHING) -> Order:
        """The order, with what is known for those that need more than tags."""
        assert self.facts.of_flags is not None, "it has flags"
        inside = self.facts.looks_inside(self.tags.match, self.tags.extract, self.tags.variant)
        return self.facts.of_flags(self.read, replace(known, inside=True) if inside else known)


def _own_flags() -> dict[str, OrderFlag]:
    """The flags of all orders, each once: `--prereleases` is that of two."""
    return {flag.name: flag for facts in FACTS.values() for flag in facts.flags}


def rule_options(command: F) -> F:
    """Give a verb the flags that `rule_from` and `history_from` take."""
    for option in reversed(
        (
            *(_option(flag) for flag in _own_flags().values()),
            click.option("--match", metavar="RE", help="Only tags in which this RE2 pattern is found."),
            click.option("--extract", metavar="TEMPLATE", help="The version within a tag: $1, ${name} of --match."),
            click.option("--variant", type=click.Choice(["keep"]), help="Only the variant of --current."),
            click.option(
                "--ignore",
                multiple=True,
                metavar="TAG",
                help="Never this tag; or range:RANGE, match:RE. May be given again.",
            ),
        )
    ):
        command = option(command)
    return command


def _option(flag: OrderFlag) -> Callable[[F], F]:
    name = f"--{flag.name}"
    if flag.is_switch:
        return click.option(name, is_flag=True, help=flag.help)
    if flag.choices:
        return click.option(name, type=click.Choice(flag.choices), help=flag.help)
    kind = click.Path(exists=True, dir_okay=False, path_type=Path) if flag.commits else None
    return click.option(name, metavar=flag.metavar, type=kind, help=flag.help)


def rule_from(flags: dict[str, Any]) -> FlagRule:
    """The rule that the flags describe. Raises `BadInput` with a caret, `UsageError` for flags that do not go well."""
    ways = {name: facts for name, facts in FACTS.items() if facts.flags}
    given = [name for name in ways if flags[name] not in (None, False)]
    if len(given) != 1:
        *others, last = (f"--{name}" for name in ways)
        raise click.UsageError(f"Give exactly one of {', '.join(others)} and {last}.")
    facts = ways[given[0]]
    written = {name: flags[name] for name in _own_flags() if flags[name] not in (None, False)}
    mine = {flag.name: written.pop(flag.name) for flag in facts.flags if flag.name in written}
    told = {key: words for other in FACTS.values() for key, words in other.beside_others.items()}
    for stray in written.keys() - told.keys():
        owner = next(name for name, way in ways.items() if stray in (flag.name for flag in way.flags))
        raise click.UsageError(f"--{stray} goes with --{owner}.")
    ignore = tuple(_ignored(item) for item in flags["ignore"])
    tags = FlagTags(_pattern(flags), flags["extract"], flags["variant"], ignore)
    rule = FlagRule(facts, _as_read(facts, mine), tags)
    for key in written:
        raise BadInput(f"--{key}: {told[key].format(order=given[0])}")
    for place, words in facts.excludes.items():
        if flags.get(place[-1]) is not None:
            raise BadInput(f"--{place[-1]}: {words}")
    _check_ignored(rule, flags["ignore"])
    return rule


def _as_read(facts: OrderFacts, written: Mapping[str, Any]) -> Mapping[str, Any]:
    read: dict[str, Any] = {}
    for flag in facts.flags:
        if flag.name in written:
            text = written[flag.name]
            try:
                read[flag.name] = flag.read(text, read) if flag.read else text
            except BadRule as error:
                raise _wrong(f"--{flag.name}", text, error, skip=0) from None
    return read


def _check_ignored(rule: FlagRule, texts: Sequence[str]) -> None:
    for text, item in zip(texts, rule.tags.ignore, strict=True):
        if isinstance(item, IgnoredByFlag) and item.range is not None:
            try:
                rule.order().region(item.range)
            except ValueError as error:
                raise _wrong("--ignore", text, error, skip=len("range:")) from None


def history_from(flags: dict[str, Any]) -> History | None:
    """The history in the file of commit ids that a flag names, the newest first. Raises `BadInput`."""
    named = ((name, flags[name]) for name, flag in _own_flags().items() if flag.commits and flags[name] is not None)
    return next((_history(f"--{name}", file) for name, file in named), None)


def _history(flag: str, file: Path) -> History:
    try:
        ids = tuple(file.read_text("ascii").split())
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"{flag}: {file} cannot be read") from None
    wrong = next((text for text in ids if len(text) not in (40, 64) or set(text) - set("0123456789abcdef")), None)
    if wrong is not None or not ids:
        hint = "write what `git rev-list --first-parent BRANCH` prints"
        what = "holds no commit ids" if wrong is None else f"holds {outgoing(wrong)!r}, which is no commit id"
        raise BadInput(f"{flag}: {file} {what}; {hint}")
    return History("the branch", ids)


def _pattern(flags: dict[str, Any]) -> Pattern | None:
    pattern = None if flags["match"] is None else _read("--match", flags["match"], Pattern.parse)
    if flags["extract"] is None:
        return pattern
    if pattern is None:
        raise BadInput("--extract takes groups out of --match: give both")
    if flags["variant"] is not None:
        raise BadInput("--extract says which part of a tag is the version: leave --variant out")
    _read("--extract", flags["extract"], partial(ExtractTemplate.parse, pattern=pattern))
    return pattern


def _ignored(text: str) -> str | IgnoredByFlag:
    if text.startswith("range:"):
        return IgnoredByFlag(range=text.removeprefix("range:"))
    if text.startswith("match:"):
        return IgnoredByFlag(match=_read("--ignore", text, Pattern.parse, skip=len("match:")))
    if not is_tag(text):
        raise BadInput(f"--ignore: {outgoing(text)!r} is no tag; write a tag, range:RANGE or match:RE")
    return text


def _read(flag: str, text: str, parse: Callable[[str], T], skip: int = 0) -> T:
    """`text` behind its first `skip` characters, read; what is wrong gets a caret under it."""
    try:
        return parse(text[skip:])
    except (BadRule, BadPattern) as error:
        raise _wrong(flag, text, error, skip) from None


def _wrong(flag: str, text: object, error: str | ValueError, skip: int) -> BadInput:
    if not isinstance(error, BadRule | BadPattern) or not isinstance(text, str) or not text:
        return BadInput(f"{flag}: {error}")
    marker = "^" + "~" * (error.length - 1)
    return BadInput(f"{flag}: {error}\n    {outgoing(text)}\n    {' ' * (skip + error.offset)}{marker}")
