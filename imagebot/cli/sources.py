"""A repository to learn from: a folder, a git repository on this machine, or a URL; read, never changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from imagebot.cli.disk import read_file
from imagebot.cli.files import below
from imagebot.errors import BadInput
from imagebot.fields.files import kind_of
from imagebot.gitnames import GitUrl
from imagebot.gitrepo.discovery import default_branch, git_folder, origin
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.remote import Remote
from imagebot.proxies import DIRECT, WayOut
from imagebot.settings.resolve import SshKey, TokenCredentials
from imagebot.yamledit.limits import MAX_BYTES


@dataclass(frozen=True, slots=True)
class RepositoryLocation:
    """Where to read: `path` on this machine, `git` if that is a repository; a URL has neither.

    `url` is what settings should name: that of the clone's origin, the URL itself, or the path.
    """

    url: str
    path: Path | None = None
    git: bool = True


@dataclass(frozen=True, slots=True)
class Contents:
    """What was read: the files to look into, the paths of all; `branch` is empty for a plain folder."""

    files: dict[str, bytes]
    paths: tuple[str, ...]
    branch: str = ""
    commit: str = ""
    too_large: tuple[str, ...] = ()


def source_of(text: str) -> RepositoryLocation:
    """What a person means by a path or URL. Raises `BadInput`."""
    path = Path(text).expanduser()
    if path.is_dir():
        real = path.resolve()
        folder = git_folder(real)
        if folder is None:
            _refuse_part_of_a_repository(real)
            return RepositoryLocation(str(real), real, git=False)
        return RepositoryLocation(_address(origin(folder)) or str(real), real)
    try:
        url = GitUrl.parse(text)
    except ValueError as error:
        raise BadInput(f"{error}") from None
    if url.scheme == "local":
        raise BadInput(f"{text}: there is no such folder")
    return RepositoryLocation(url.text)


@dataclass(frozen=True, slots=True)
class GitAccess:
    """What git needs to reach a repository that is not on this machine: who we are, and by which way."""

    credentials: TokenCredentials | SshKey | None = None
    way: WayOut = DIRECT


def read(source: RepositoryLocation, branch: str, access: GitAccess) -> Contents:
    """Everything that may hold an image, as it is committed; of a plain folder as it lies there.

    Without a `branch` it is the repository's own. Raises `ImagebotError`.
    """
    if source.path is not None and not source.git:
        return _of_folder(source.path)
    url = str(source.path) if source.path is not None else source.url
    with TemporaryDirectory(prefix="imagebot-") as scratch:
        asked = Remote(url) if source.path is not None else Remote(url, "main", access.credentials, access.way)
        name = branch or default_branch(Path(scratch, "ask.git"), asked)
        return _of_mirror(Mirror.open(Path(scratch, "mirror.git"), replace(asked, branch=name)))


def _of_mirror(mirror: Mirror) -> Contents:
    commit = mirror.fetch("imagebot-init/").base
    entries = mirror.files(commit).entries
    wanted = [entry for entry in entries if kind_of(entry.path)]
    found = dict(zip((entry.path for entry in wanted), mirror.blobs([entry.blob for entry in wanted]), strict=True))
    return Contents(
        files={path: data for path, data in found.items() if data is not None},
        paths=tuple(entry.path for entry in entries),
        branch=mirror.remote.branch,
        commit=commit,
        too_large=tuple(path for path, data in found.items() if data is None),
    )


def _of_folder(folder: Path) -> Contents:
    paths = {path.relative_to(folder).as_posix(): path for path in below(folder)}
    large = tuple(name for name, path in paths.items() if kind_of(name) and path.stat().st_size > MAX_BYTES)
    files = {name: read_file(path).data for name, path in paths.items() if kind_of(name) and name not in large}
    return Contents(files, tuple(paths), too_large=large)


def _refuse_part_of_a_repository(folder: Path) -> None:
    for parent in folder.parents:
        if (parent / ".git").exists():
            raise BadInput(f"{folder} is part of the repository {parent}: name that one, policies cover it as a whole")


def _address(url: str | None) -> str | None:
    """A clone's origin, if it is somewhere else and settings may name it."""
    if url is None:
        return None
    try:
        known = GitUrl.parse(url)
    except ValueError:
        return None
    return None if known.scheme == "local" else url


def by_https(url: str) -> str:
    """GitHub's short ssh URL as https, where a token is all that the bot needs; any other URL as it is."""
    _, short, path = url.partition("git@github.com:")
    return f"https://github.com/{path.lstrip('/')}" if short else url
