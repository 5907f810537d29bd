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
from imagebot.policy.orders import CalverRange
from imagebot.policy.pattern import BadPattern, Pattern, Template
from imagebot.policy.watch import Ignore, Tags, Watch, watch_of
from imagebot.versions.calver import Calver, Format
from imagebot.versions.commit import History
from imagebot.versions.order import Unreadable
from imagebot.versions.semver import Range

ANY_IMAGE = ImageName("registry.invalid", "standard-input")
ORDER_FLAGS = ("semver", "calver", "numeric", "alphabetical", "created", "commit")
_DIRECTION = click.Choice(["asc", "desc"])

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def rule_options(command: F) -> F:
    """Give a verb the flags that `watch_from` and `history_from` take."""
    for option in reversed(
        (
            click.option("--semver", metavar="RANGE", help="Semantic versions in a range, such as '^1.4'."),
            click.option("--calver", metavar="FORMAT", help="Calendar versions, such as 'YYYY.0M.MICRO'."),
            click.option("--range", metavar="RANGE", help="With --calver: only these, such as '>=2026.01 <2027'."),
            click.option("--numeric", type=_DIRECTION, help="Numbers: asc takes the highest, desc the lowest."),
            click.option("--alphabetical", type=_DIRECTION, help="Texts: asc takes the last, desc the first."),
            click.option("--created", is_flag=True, help="The newest image; each line is a tag, a tab and a time."),
            click.option(
                "--commit",
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                metavar="FILE",
                help="Commit ids, in the order of FILE: what 'git rev-list --first-parent BRANCH' prints.",
            ),
            click.option("--match", metavar="RE", help="Only tags in which this RE2 pattern is found."),
            click.option("--extract", metavar="TEMPLATE", help="The version within a tag: $1, ${name} of --match."),
            click.option("--variant", type=click.Choice(["keep"]), help="Only the variant of --current."),
            click.option(
                "--ignore",
                multiple=True,
                metavar="TAG",
                help="Never this tag; or range:RANGE, match:RE. May be given again.",
            ),
            click.option("--prereleases", is_flag=True, help="Let in prereleases although the range names none."),
            click.option("--loose", is_flag=True, help="Let in versions of one or two parts, and leading zeros."),
        )
    ):
        command = option(command)
    return command


def watch_from(flags: dict[str, Any]) -> Watch:
    """The watch that the flags describe. Raises `BadInput` with a caret, `UsageError` for flags that do not go well."""
    given = [name for name in ORDER_FLAGS if flags[name] not in (None, False)]
    if len(given) != 1:
        *others, last = (f"--{name}" for name in ORDER_FLAGS)
        raise click.UsageError(f"Give exactly one of {', '.join(others)} and {last}.")
    if flags["range"] is not None and given != ["calver"]:
        raise click.UsageError("--range goes with --calver.")
    ignore = tuple(_ignored(item) for item in flags["ignore"])
    tags = Tags(match=_pattern(flags), extract=flags["extract"], variant=flags["variant"], ignore=ignore)
    try:
        return watch_of(
            image=ANY_IMAGE, tags=tags, loose=flags["loose"], prereleases=flags["prereleases"], **_order(flags)
        )
    except Misplaced as error:
        raise _misplaced(error, flags) from None


def history_from(file: Path | None) -> History | None:
    """The history in a file of commit ids, the newest first. Raises `BadInput`."""
    if file is None:
        return None
    try:
        ids = tuple(file.read_text("ascii").split())
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"--commit: {file} cannot be read") from None
    wrong = next((text for text in ids if len(text) not in (40, 64) or set(text) - set("0123456789abcdef")), None)
    if wrong is not None or not ids:
        hint = "write what `git rev-list --first-parent BRANCH` prints"
        what = "holds no commit ids" if wrong is None else f"holds {outgoing(wrong)!r}, which is no commit id"
        raise BadInput(f"--commit: {file} {what}; {hint}")
    return History("the branch", ids)


def _order(flags: dict[str, Any]) -> dict[str, Any]:
    if flags["semver"] is not None:
        return {"semver": _read("--semver", flags["semver"], Range.parse)}
    if flags["calver"] is not None:
        return {"calver": _calver(flags["calver"], flags["range"])}
    if flags["created"]:
        return {"created": "newest"}
    if flags["commit"]:
        return {"commit": {"source": str(flags["commit"])}}
    return {name: flags[name] for name in ("numeric", "alphabetical") if flags[name]}


def _calver(text: str, range_text: str | None) -> Format | CalverRange:
    form = _read("--calver", text, Format.parse)
    if range_text is None:
        return form
    _read("--range", range_text, partial(Calver.bounds, format=form))
    return CalverRange(format=form, range=range_text)


def _pattern(flags: dict[str, Any]) -> Pattern | None:
    pattern = None if flags["match"] is None else _read("--match", flags["match"], Pattern.parse)
    if flags["extract"] is None:
        return pattern
    if pattern is None:
        raise BadInput("--extract takes groups out of --match: give both")
    if flags["variant"] is not None:
        raise BadInput("--extract says which part of a tag is the version: leave --variant out")
    _read("--extract", flags["extract"], partial(Template.parse, pattern=pattern))
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
        case ("tags", str(name)) | (str(name),):
            return BadInput(f"--{name}: {error}")
    return BadInput(str(error))


def _read(flag: str, text: str, parse: Callable[[str], T], skip: int = 0) -> T:
    """`text` behind its first `skip` characters, read; what is wrong gets a caret under it."""
    try:
        return parse(text[skip:])
    except (Unreadable, BadPattern) as error:
        raise _wrong(flag, text, error, skip) from None


def _wrong(flag: str, text: str, error: str | ValueError, skip: int) -> BadInput:
    if not isinstance(error, Unreadable | BadPattern) or not text:
        return BadInput(f"{flag}: {error}")
    marker = "^" + "~" * (error.length - 1)
    return BadInput(f"{flag}: {error}\n    {outgoing(text)}\n    {' ' * (skip + error.offset)}{marker}")
