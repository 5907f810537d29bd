"""An order and its filters as flags of `imagebot select`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from imagebot.documents.model import Misplaced
from imagebot.errors import BadInput
from imagebot.images.reference import ImageName, is_tag
from imagebot.outgoing import outgoing
from imagebot.policy.pattern import BadPattern, ExtractTemplate, Pattern
from imagebot.policy.watch import Ignore, Tags, Watch, watch_of
from imagebot.versions.all_orders import KEYS
from imagebot.versions.branch import History
from imagebot.versions.order import BadRule
from imagebot.versions.order_keys import OrderFlag

ANY_IMAGE = ImageName("registry.invalid", "standard-input")

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def _own_flags() -> dict[str, OrderFlag]:
    """The flags of all orders, each once: `--prereleases` is that of two."""
    return {flag.name: flag for keys in KEYS.values() for flag in keys.facts.flags}


def rule_options(command: F) -> F:
    """Give a verb the flags that `watch_from` and `history_from` take."""
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


def watch_from(flags: dict[str, Any]) -> Watch:
    """The watch that the flags describe. Raises `BadInput` with a caret, `UsageError` for flags that do not go well."""
    ways = {name: keys.facts for name, keys in KEYS.items() if keys.facts.flags}
    given = [name for name in ways if flags[name] not in (None, False)]
    if len(given) != 1:
        *others, last = (f"--{name}" for name in ways)
        raise click.UsageError(f"Give exactly one of {', '.join(others)} and {last}.")
    facts = ways[given[0]]
    written = {name: flags[name] for name in _own_flags() if flags[name] not in (None, False)}
    mine = {flag.name: written.pop(flag.name) for flag in facts.flags if flag.name in written}
    for stray in written.keys() - Watch.model_fields.keys():
        owner = next(name for name, way in ways.items() if stray in (flag.name for flag in way.flags))
        raise click.UsageError(f"--{stray} goes with --{owner}.")
    ignore = tuple(_ignored(item) for item in flags["ignore"])
    tags = Tags(match=_pattern(flags), extract=flags["extract"], variant=flags["variant"], ignore=ignore)
    try:
        return watch_of(image=ANY_IMAGE, tags=tags, **{**written, **facts.keys_from(mine)})
    except Misplaced as error:
        raise _misplaced(error, flags) from None


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


def _ignored(text: str) -> str | Ignore:
    if text.startswith("range:"):
        return Ignore(range=text.removeprefix("range:"))
    if text.startswith("match:"):
        return Ignore(match=_read("--ignore", text, Pattern.parse, skip=len("match:")))
    if not is_tag(text):
        raise BadInput(f"--ignore: {outgoing(text)!r} is no tag; write a tag, range:RANGE or match:RE")
    return text


def _misplaced(error: Misplaced, flags: dict[str, Any]) -> BadInput:
    match error.place:
        case ("tags", "ignore", int(index), "range"):
            return _wrong("--ignore", flags["ignore"][index], error.cause, skip=len("range:"))
        case ("tags", str(name)):
            return BadInput(f"--{name}: {error}")
    flag = next((str(part) for part in reversed(error.place) if part in flags), None)
    return BadInput(str(error)) if flag is None else _wrong(f"--{flag}", flags[flag], error.cause, skip=0)


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
