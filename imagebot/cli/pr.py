"""`imagebot pr`: what a forge's web pages are for, where the forge is a folder: list, read, merge and close."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar, ParamSpec, TypeVar

import click
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Markdown, MarkdownElement, TableElement
from rich.table import Table
from rich.text import Text

from imagebot import clock
from imagebot.cli.compose import mirror_of
from imagebot.cli.options import config_option
from imagebot.cli.tables import console, print_json, print_table
from imagebot.errors import BadInput, NotFound, Refused, Unavailable
from imagebot.forge import local
from imagebot.forge.protocol import PullRequest
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.gitrepo.push import PushUpdate, Rejected
from imagebot.outgoing import outgoing
from imagebot.settings.resolve import Author, RepositorySettings, Settings, load

_STATES = {"open": "green", "merged": "magenta", "closed": "red"}
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}
# What is invisible on a forge's page, the machine block above all.
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)

P = ParamSpec("P")
R = TypeVar("R")


class _WholeCells(TableElement):
    """Folds what does not fit: half a digest is no digest."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for table in super().__rich_console__(console, options):
            if isinstance(table, Table):
                for column in table.columns:
                    column.overflow = "fold"
            yield table


class _Page(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {**Markdown.elements, "table_open": _WholeCells}


@click.group(short_help="Look after the pull requests of a local forge.")
def command() -> None:
    """Look after the pull requests of a repository whose forge is `local`: files beside the repository.

    \b
    Examples:
      imagebot pr list
      imagebot pr show 1
      imagebot pr merge 1
    """


def _common(verb: Callable[P, R]) -> Callable[P, R]:
    """The flags of every verb here."""
    repository = click.option("--repository", metavar="NAME", help="Which repository, if there are several local ones.")
    return repository(config_option(verb))


@command.command("list")
@click.option("--all", "every", is_flag=True, help="Also those that were merged or closed.")
@click.option("--json", "as_json", is_flag=True, help="Print data instead of a table.")
@_common
def list_pulls(every: bool, as_json: bool, repository: str | None, config: Path | None) -> None:
    """Show the open pull requests."""
    chosen = _chosen(load(config), repository)
    found = local.connect(chosen).pulls()
    for one in found.unread:
        click.echo(outgoing(f"imagebot: {one.because}"), err=True)
    pulls = [pull for pull in found if every or pull.state == "open"]
    if as_json:
        print_json([asdict(pull) for pull in pulls])
        return
    out = console()
    if not pulls:
        out.print(f"no {'' if every else 'open '}pull requests in {chosen.name}")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("#", "STATE", "BRANCH", "TITLE"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "#" else "left")
    for pull in pulls:
        state = Text(pull.state, style=_STATES[pull.state])
        table.add_row(str(pull.number), state, outgoing(pull.branch), outgoing(pull.title))
    print_table(table, out)


@command.command()
@click.argument("number", type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="Print data instead of a page.")
@_common
def show(number: int, as_json: bool, repository: str | None, config: Path | None) -> None:
    """Show what pull request NUMBER says."""
    pull = local.connect(_chosen(load(config), repository)).pull(number)
    if as_json:
        print_json(asdict(pull))
        return
    out = console()
    out.print(Text(outgoing(f"#{pull.number} {pull.title}"), style="bold"), soft_wrap=True)
    out.print(Text(pull.state, style=_STATES[pull.state]), Text(outgoing(f"{pull.branch} → {pull.base}")))
    for name, values in (("labels", pull.labels), ("reviewers", pull.reviewers), ("assignees", pull.assignees)):
        if values:
            out.print(Text(outgoing(f"{name}: {', '.join(values)}"), style="dim"), soft_wrap=True)
    out.print()
    body = _visible(pull.body)
    out.print(_Page(body, hyperlinks=False) if out.is_terminal else Text(body), soft_wrap=not out.is_terminal)


@command.command()
@click.argument("number", type=click.IntRange(min=1))
@_common
def diff(number: int, repository: str | None, config: Path | None) -> None:
    """Show what merging pull request NUMBER would change."""
    settings = load(config)
    chosen = _chosen(settings, repository)
    pull = local.connect(chosen).pull(number)
    mirror = mirror_of(settings, chosen)
    heads = mirror.fetch(pull.branch)
    tip = _tip(heads, pull)
    out = console()
    for line in mirror.diff(mirror.merge_base(heads.base, tip) or heads.base, tip).splitlines():
        out.print(Text(outgoing(line.replace("\t", "    ")), style=_COLOURS.get(line[:1], "")), soft_wrap=True)


@command.command()
@click.argument("number", type=click.IntRange(min=1))
@_common
def merge(number: int, repository: str | None, config: Path | None) -> None:
    """Merge pull request NUMBER, and delete its branch."""
    settings = load(config)
    chosen = _chosen(settings, repository)
    forge = local.connect(chosen)
    pull = forge.pull(number)
    if pull.state != "open":
        raise NotFound(f"pull request {number} is {pull.state}, no longer open")
    mirror = mirror_of(settings, chosen)
    heads = mirror.fetch(pull.branch)
    tip = _tip(heads, pull)
    # Killed after the push, the same words again only note down what was done.
    if mirror.merge_base(heads.base, tip) != tip:
        message = f"Merge pull request #{number} from {pull.branch}\n\n{pull.title}\n"
        merged = mirror.merge(heads.base, tip, message, _person(), clock.now())
        _push(mirror, PushUpdate(pull.base, merged, heads.base))
    forge.merged(number, _login())
    _push(mirror, PushUpdate(pull.branch, None, tip))
    console().print(f"merged pull request {number} into {outgoing(pull.base)}", soft_wrap=True)


@command.command()
@click.argument("number", type=click.IntRange(min=1))
@_common
def close(number: int, repository: str | None, config: Path | None) -> None:
    """Close pull request NUMBER: its versions are not wanted."""
    local.connect(_chosen(load(config), repository)).reject(number, _login())
    console().print(f"closed pull request {number}; what it proposed will not be proposed again", soft_wrap=True)


def _chosen(settings: Settings, name: str | None) -> RepositorySettings:
    """The repository of this name, or the only local one. Raises `BadInput`, also if its forge has pages of its own."""
    locals_ = [one for one in settings.repositories.values() if one.forge == "local"]
    known = ", ".join(settings.repositories)
    if name is not None:
        if name not in settings.repositories:
            raise BadInput(f"no repository is called {name!r}; there are: {known}")
        chosen = settings.repositories[name]
    elif len(locals_) == 1:
        chosen = locals_[0]
    elif locals_:
        raise BadInput(f"say which repository with --repository: {', '.join(one.name for one in locals_)}")
    else:
        chosen = next(iter(settings.repositories.values()))
    if chosen.forge != "local":
        raise BadInput(
            f"repository {chosen.name} is on {chosen.forge}: look after its pull requests there, {chosen.url}"
        )
    return chosen


def _tip(heads: Heads, pull: PullRequest) -> str:
    if pull.branch not in heads.branches:
        raise NotFound(f"the branch {pull.branch} of pull request {pull.number} is gone")
    return heads.branches[pull.branch]


def _push(mirror: Mirror, update: PushUpdate) -> None:
    answer = mirror.push([update])[update.branch]
    if isinstance(answer, Rejected):
        kind = Unavailable if answer.moved else Refused
        raise kind(f"{update.branch} could not be moved: {answer.because}")


def _login() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user-{os.getuid()}"


def _person() -> Author:
    return Author.model_construct(name=_login(), email=f"{_login()}@localhost")


def _visible(body: str) -> str:
    """What a page would show of a body, with nothing in it that a terminal would obey."""
    lines = _COMMENT.sub("", body).expandtabs(4).splitlines()
    return "\n".join(outgoing(line) for line in lines)
