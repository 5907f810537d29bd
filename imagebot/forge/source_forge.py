"""What a forge tells about the source of an image: commits between two, release notes between two versions.

Every question is bounded in pages, and the answer in items and characters; nothing is ever sent but `GET`. Where an
answer leads elsewhere it is followed to the same repository of the same API under its new name, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Annotated
from urllib.parse import quote, unquote, urlsplit

from pydantic import AliasChoices, Field

from imagebot.bans import Remembers
from imagebot.errors import BadInput, NotFound, Refused
from imagebot.forge.answers import Answer, Flag, Some, Text, checked, sound
from imagebot.forge.manners import Manners
from imagebot.forge.moved import netloc
from imagebot.forge.pages import Pager
from imagebot.forge.rest import Authorization, bearer, connect
from imagebot.forge.transport import TooLarge
from imagebot.forge.wire import Dialect, Wire
from imagebot.images.source_changes import ReleaseNotes, SourceChanges, SourceCommit
from imagebot.settings.resolve import GitHubApp, SourceForgeSettings
from imagebot.versions.semver_range import Key, key_of

MOST_COMMITS = 20
MOST_NOTES = 5
_SUBJECT = 200
_NOTES = 4000
_MOST_RELEASES = 100
_MOST_TAG = 200
_PAGE = 50
_BEFORE_VERSION = re.compile(r"(?:.*[^0-9A-Za-z.])?v?", re.ASCII | re.DOTALL)
NO_SUCH_COMMITS = "its source shows us no such commits"
"""They may be pushed later than the image, or be shown once a token may read them."""
TOO_MANY = "there are too many commits between the two to list them"


@dataclass(frozen=True, slots=True)
class SourceSpan:
    """What is asked: `commits` are two ids, `was` and `becomes` versions without a `v`; empty where not known."""

    commits: tuple[str, str] | None = None
    was: str = ""
    becomes: str = ""


@dataclass(frozen=True, slots=True)
class Commits:
    """Newest first; `more` besides, None where nobody counted them. `parted`: some lead to the old one only."""

    listed: tuple[SourceCommit, ...]
    more: int | None = 0
    parted: bool = False


@dataclass(frozen=True, slots=True)
class SourceApi:
    """How one kind of forge is asked: `root` is the path of a repository, `moved` where a redirect of it leads.

    `commits` takes two ids or tags.
    `tag` is the path of one tag below it, `probe` of what everybody with the credentials, or without, is shown.
    GitHub's way to ask is PyGithub's own.
    """

    root: Callable[[str], str]
    moved: re.Pattern[str]
    commits: Callable[[Wire, str, str, str], Commits]
    tag: str
    probe: str
    pager: Pager
    authorization: Authorization
    newest_first: Mapping[str, str] = field(default_factory=dict)


class _Release(Answer):
    tag_name: Text = ""
    body: Annotated[Text, Field(validation_alias=AliasChoices("body", "description"))] = ""
    draft: Flag = False


class _Message(Answer):
    message: Text = ""


class _Listed(Answer):
    """A commit as GitHub and Gitea list it."""

    sha: Text = ""
    commit: _Message = _Message()

    def shown(self) -> SourceCommit:
        return _commit(self.sha, self.commit.message)


class _Compared(Answer):
    total_commits: int = 0
    behind_by: int = 0
    commits: Some[_Listed] = ()


class _GitLabCommit(Answer):
    id: Text = ""
    title: Text = ""


def connect_by_rest(settings: SourceForgeSettings, manners: Manners) -> SourceForge:
    """One that is no GitHub; asks nothing of it yet. Raises `BadInput`."""
    api, credentials = SOURCE_APIS[settings.forge], settings.forge_credentials
    if isinstance(credentials, GitHubApp):
        raise BadInput(f"{settings.name}: an App is GitHub's; give a token")
    host, apart_s = urlsplit(settings.api_url).netloc, manners.apart_s(settings)
    dialect = Dialect(host, api.pager, "the right to read the repository", apart_s, apart_s / 4)
    return SourceForge(connect(settings, credentials, api.authorization, dialect, manners), api)


class SourceForge:
    """The repositories of one host, asked with one credential or none. Every method raises only `WorldError`s."""

    def __init__(self, wire: Wire, api: SourceApi) -> None:
        self._wire = wire
        self._api = api

    def begin(self, remembers: Remembers) -> None:
        """A pass begins: heed the ban that is remembered, and have those to come remembered."""
        self._wire.begin(remembers)

    def probe(self) -> None:
        """Ask for next to nothing: whether it answers, and takes our credentials. Raises `WorldError`s."""
        self._wire.get("answer us", self._api.probe)

    def changes(self, path: str, wanted: SourceSpan) -> SourceChanges:
        """What changed in the repository at `path`, `owner/name`. Raises `NotFound` if it is not there for us."""
        try:
            return self._changes(self._api.root(path), wanted)
        except (Refused, NotFound):
            there = self._whereabouts(path)
            if there is None:
                raise
        return self._changes(there, wanted)

    def _whereabouts(self, path: str) -> str | None:
        """The root of a repository that was renamed, on this very API."""
        location = self._wire.peek(f"find {path}", self._api.root(path)).headers.get("Location", "")
        if netloc(location) not in ("", self._wire.host):
            return None
        found = self._api.moved.search(urlsplit(location).path)
        return None if found is None else found[0]

    def _changes(self, root: str, wanted: SourceSpan) -> SourceChanges:
        releases = self._releases(root) if wanted.becomes else []
        wanted = _without_variant(releases, wanted)
        tags = self._tags(root, releases, wanted)
        ends = wanted.commits or _comparable(tags, wanted)
        commits, because = self._commits(root, ends) if ends is not None else (Commits(()), "")
        notes = _between(releases, wanted)
        return SourceChanges(
            commits=commits.listed[:MOST_COMMITS],
            more_commits=commits.more,
            parted=commits.parted,
            by_tags=wanted.commits is None and bool(commits.listed),
            notes=tuple(ReleaseNotes(one.tag_name[:_MOST_TAG], one.body[:_NOTES]) for one in notes[:MOST_NOTES]),
            more_notes=max(0, len(notes) - MOST_NOTES),
            untagged=bool(tags[0]) and not tags[1],
            unwritten=_is_written(releases, wanted.was) and not _is_written(releases, wanted.becomes),
            because=because,
            unsure=because == NO_SUCH_COMMITS,
        )

    def _commits(self, root: str, ends: tuple[str, str]) -> tuple[Commits, str]:
        """Those between the two; or none, and why."""
        try:
            return self._api.commits(self._wire, root, *ends), ""
        except NotFound:
            return Commits(()), NO_SUCH_COMMITS
        except TooLarge:
            return Commits(()), TOO_MANY

    def _releases(self, root: str) -> list[_Release]:
        """The newest of them. A repository may have switched them off, which is as good as none."""
        task = f"list the releases of {_name(root)}"
        with suppress(NotFound):
            listed = islice(self._wire.get_all(task, f"{root}/releases", **self._api.newest_first), _MOST_RELEASES)
            return [one for one in sound(_Release, listed) if one.tag_name and not one.draft]
        return []

    def _tags(self, root: str, releases: Sequence[_Release], wanted: SourceSpan) -> tuple[str, str]:
        """What the source calls the two versions; empty for one that it has no tag of, and where they are not two."""
        if not wanted.was or not wanted.becomes or wanted.was == wanted.becomes:
            return "", ""
        named = sorted((one.tag_name for one in releases), key=_shortest_first)
        becomes = self._tag_of(root, wanted.becomes, named)
        return self._tag_of(root, wanted.was, named), becomes

    def _tag_of(self, root: str, version: str, named: Sequence[str]) -> str:
        written = (tag for tag in named if _names(tag, version))
        asked = (tag for tag in (f"v{version}", version) if self._has_tag(root, tag))
        return next(chain(written, asked), "")

    def _has_tag(self, root: str, tag: str) -> bool:
        with suppress(NotFound):
            self._wire.get(f"show the tag {tag} of {_name(root)}", root + self._api.tag.format(tag=quote(tag, safe="")))
            return True
        return False


def _comparable(tags: tuple[str, str], wanted: SourceSpan) -> tuple[str, str] | None:
    """Two tags of one thing: a repository may hold several, each with tags of its own."""
    was, becomes = tags
    if not was or not becomes or _prefix(was, wanted.was) != _prefix(becomes, wanted.becomes):
        return None
    return was, becomes


def _is_written(releases: Sequence[_Release], version: str) -> bool:
    return any(_names(one.tag_name, version) for one in releases)


def _without_variant(releases: Sequence[_Release], wanted: SourceSpan) -> SourceSpan:
    """The versions as the source may call them: `1.2.3` where the images are `1.2.3-alpine`, old and new."""
    (was, dash, variant), (becomes, _, other) = wanted.was.partition("-"), wanted.becomes.partition("-")
    return (
        wanted
        if _is_written(releases, wanted.becomes) or not dash or variant != other
        else replace(wanted, was=was, becomes=becomes)
    )


def _between(releases: Sequence[_Release], wanted: SourceSpan) -> list[_Release]:
    """Those after the old version up to the new one, newest first; where the two cannot be compared, of the new one."""
    was, becomes = _key(wanted.was), _key(wanted.becomes)
    if was is None or becomes is None or not was < becomes:
        return [one for one in releases if _names(one.tag_name, wanted.becomes)][:1]
    prefixes = {_prefix(one.tag_name, wanted.becomes) for one in releases if _names(one.tag_name, wanted.becomes)}
    prefix = min(prefixes, key=_shortest_first, default="v")
    found: dict[Key, _Release] = {}
    for one in releases:
        key = _key(one.tag_name.removeprefix(prefix)) if one.tag_name.startswith(prefix) else None
        if key is not None and was < key <= becomes:
            found.setdefault(key, one)
    return [one for _, one in sorted(found.items(), reverse=True)]


def _key(version: str) -> Key | None:
    return key_of(version, loose=True, charts=False)


def _names(tag: str, version: str) -> bool:
    """Whether a tag is that of a version: `1.2.3`, `v1.2.3`, `api-1.2.3`, `api/v1.2.3`."""
    return bool(version) and tag.endswith(version) and _BEFORE_VERSION.fullmatch(_prefix(tag, version)) is not None


def _shortest_first(text: str) -> tuple[int, str]:
    """What comes first of the tags of several parts of one repository: the same one each time."""
    return len(text), text


def _prefix(tag: str, version: str) -> str:
    return tag[: len(tag) - len(version)]


def _commit(commit: str, message: str) -> SourceCommit:
    subject, *_ = message.strip().splitlines() or [""]
    return SourceCommit(commit[:64], subject[:_SUBJECT])


def _name(root: str) -> str:
    return unquote(root).partition("/")[2].partition("/")[2]


def _in_path(ref: str) -> str:
    return quote(ref, safe="")


def _of_github(wire: Wire, root: str, old: str, new: str) -> Commits:
    """GitHub lists the oldest first, and shows what changed in files, which may be much, on the first page alone."""
    task, path = f"compare two commits of {_name(root)}", f"{root}/compare/{_in_path(old)}...{_in_path(new)}"

    def page(number: int) -> _Compared:
        return checked(_Compared, wire.get(task, path, per_page=MOST_COMMITS, page=number), "GitHub's comparison")

    known: dict[int, _Compared] = {}
    try:
        known[1] = first = page(1)
    except TooLarge:
        known[2] = first = page(2)
        if first.total_commits <= MOST_COMMITS:
            raise
    last = max(1, -(-first.total_commits // MOST_COMMITS))
    known |= {number: page(number) for number in (last - 1, last) if number > 1 and number not in known}
    newest = [one.shown() for number in (last - 1, last) if number in known for one in known[number].commits]
    listed = tuple(reversed(newest[-MOST_COMMITS:]))
    return Commits(listed, max(0, first.total_commits - len(listed)), first.behind_by > 0)


def _of_gitea(wire: Wire, root: str, old: str, new: str) -> Commits:
    """Gitea lists all of them, the newest first."""
    task = f"compare two commits of {_name(root)}"
    answer = checked(
        _Compared, wire.get(task, f"{root}/compare/{_in_path(old)}...{_in_path(new)}"), "Gitea's comparison"
    )
    listed = tuple(one.shown() for one in answer.commits[:MOST_COMMITS])
    return Commits(listed, max(0, answer.total_commits - len(listed)))


def _of_gitlab(wire: Wire, root: str, old: str, new: str) -> Commits:
    """GitLab's comparison is as long as the change; its list of commits takes a range, and counts nothing."""
    task = f"list the commits of {_name(root)} between two"

    def some(ref: str, most: int) -> list[SourceCommit]:
        answer = wire.get_list(task, f"{root}/repository/commits", ref_name=ref, per_page=most)
        return [_commit(one.id, one.title) for one in sound(_GitLabCommit, answer)]

    listed = some(f"{old}..{new}", MOST_COMMITS + 1)
    more = None if len(listed) > MOST_COMMITS else 0
    return Commits(tuple(listed[:MOST_COMMITS]), more, bool(some(f"{new}..{old}", 1)))


SOURCE_APIS: Mapping[str, SourceApi] = {
    "github": SourceApi(
        lambda path: f"/repos/{path}",
        re.compile(r"/repositories/[0-9]{1,15}", re.ASCII),
        _of_github,
        "/git/ref/tags/{tag}",
        "/rate_limit",
        Pager("per_page", _PAGE),
        bearer,
    ),
    "gitea": SourceApi(
        lambda path: f"/repos/{path}",
        re.compile(r"/repos/[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$", re.ASCII),
        _of_gitea,
        "/tags/{tag}",
        "/version",
        Pager("limit", _PAGE),
        lambda token: f"token {token}",
    ),
    "gitlab": SourceApi(
        lambda path: f"/projects/{quote(path, safe='')}",
        re.compile(r"/projects/[0-9]{1,15}", re.ASCII),
        _of_gitlab,
        "/repository/tags/{tag}",
        "/projects?simple=true&per_page=1",
        Pager("per_page", _PAGE),
        bearer,
        {"order_by": "released_at", "sort": "desc"},
    ),
}
