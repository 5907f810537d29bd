"""What imagebot.yaml names on this machine, and for policies, held against both: for `lint`.

A pass meets each of these where it needs it, and goes on with all else. A file whose very folder is missing is another
machine's, such as a pod's secret: nobody can tell here, which is a hint.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from imagebot.documents.model import Path as Place
from imagebot.documents.tree import ParsedFile
from imagebot.errors import Problem
from imagebot.gitnames import GitUrl, is_loopback
from imagebot.links import is_folder
from imagebot.regular import open_regular
from imagebot.secret import known
from imagebot.settings.file import SettingsFile
from imagebot.settings.grammar import registry_host
from imagebot.settings.paths import placed
from imagebot.settings.registry_logins import pull_secret
from imagebot.settings.resolve import find, read_document

_HOST_AND_PATH = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/[^/]+/.+", re.ASCII | re.IGNORECASE)

_Said = Iterator[tuple[Place, str]]
_Files = Sequence[tuple[Place, Path]]


@dataclass(frozen=True, slots=True)
class Checked:
    """What cannot work, and what works and may not be meant."""

    problems: tuple[Problem, ...]
    hints: tuple[Problem, ...]


def checked(path: Path | None, registries: Collection[str] | None) -> Checked:
    """What is wrong with what the settings name. `registries` are those of all policies, None if not all are known.

    Raises `BadInput` for what are no settings.
    """
    file = find(path)
    document, written = read_document(file)
    folder = file.parent.absolute()
    files = tuple(_files(document))
    hints = [document.problem(*said) for said in _elsewhere(files, folder)]
    for place, words in (*_unused(written, registries), *_in_the_clear(written)):
        hints.append((document.key(place) or document.node(place)).problem(words))
    problems = [document.problem(*said) for said in _wrong(written, files, folder)]
    return Checked(tuple(sorted(problems)), tuple(sorted(hints)))


def know_secrets(path: Path | None) -> None:
    """Have the secrets masked that settings name by file, for who does not load these. Raises `BadInput`."""
    file = find(path)
    for place, named in _files(read_document(file)[0]):
        with suppress(ValueError):  # nobody has such a home; whoever loads the settings says so
            known(_meant(place, named, file.parent.absolute()))


def _wrong(written: SettingsFile, files: _Files, folder: Path) -> _Said:
    for place, file in files:
        if words := _unreadable(_meant(place, file, folder)):
            yield place, f"cannot read the file {file}: {words}"
    state = placed(written.state, folder)
    if os.path.lexists(state) and not is_folder(state):
        yield ("state",), f"{written.state} is no folder: name one of the bot's own"
    for kind, repositories in (("repositories", written.repositories), ("sources", written.sources)):
        for name, one in repositories.items():
            if words := _no_repository(one.address, folder):
                yield (kind, name, "url"), words


def _elsewhere(files: _Files, folder: Path) -> _Said:
    for place, file in files:
        if not os.path.lexists(placed(file, folder).parent):
            yield (
                place,
                f"there is no folder {file.parent} here, so only where the bot runs it can be told what is in it",
            )


def _unused(written: SettingsFile, registries: Collection[str] | None) -> _Said:
    used = None if registries is None else _asked(written, registries)
    for host in written.registries if used is not None else ():
        if registry_host(host) not in (used or ()):
            near = sorted(name for name in used or () if name.partition(":")[0] == host.partition(":")[0])
            hint = f"; did you mean {near[0]}?" if near else ""
            yield ("registries", host), f"no policy has an image from {host}{hint}"


def _in_the_clear(written: SettingsFile) -> _Said:
    """Registries and mirrors at other machines that are asked without TLS."""
    keys = {registry_host(host): one for host, one in written.registries.items()}
    mirrored = {one.mirrored.url.registry: host for host, one in keys.items() if one.mirrored is not None}
    for host, one in written.registries.items():
        if one.plain_http and not is_loopback(urlsplit(f"//{host}").hostname or ""):
            of = f", the mirror of {mirrored[registry_host(host)]}," if registry_host(host) in mirrored else ""
            login = ", and reads its password" if one.credentials else ""
            yield (
                ("registries", host, "plainHttp"),
                f"{host}{of} is asked without TLS: who is on the way chooses tags and digests{login}",
            )


def _asked(written: SettingsFile, registries: Collection[str]) -> frozenset[str]:
    """Those that images are named after, those that their copies are of, and the mirrors of all of these."""
    keys = {registry_host(host): one for host, one in written.registries.items()}
    known = frozenset(registries)
    known |= {prefix.registry for host in known & keys.keys() for prefix in keys[host].upstreams.values()}
    return known | {mirror.url.registry for host in known & keys.keys() if (mirror := keys[host].mirrored)}


def _files(document: ParsedFile) -> Iterator[tuple[Place, Path]]:
    """Every file that is named besides those of policies, and where."""
    yield from (found for found in _files_at(document.root.plain(), ()) if found[0][0] not in ("policies", "defaults"))


def _files_at(value: object, place: Place) -> Iterator[tuple[Place, Path]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _files_at(inner, (*place, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _files_at(inner, (*place, index))
    elif isinstance(value, str) and (
        str(place[-1]).endswith("File") or place[0] == "dockerConfig" or place[:2] == ("trust", "keys")
    ):
        yield place, Path(value)


def _meant(place: Place, file: Path, folder: Path) -> Path:
    """The file itself: `dockerConfig` may name the folder that it is in."""
    there = placed(file, folder)
    return pull_secret(there) if place[0] == "dockerConfig" else there


def _unreadable(file: Path) -> str:
    """Why nobody could read this here; empty if somebody can, or if it is another machine's."""
    if not os.path.lexists(file.parent):
        return ""
    try:
        with open_regular(file) as opened:
            return "" if opened.read(1) else "it is empty"
    except OSError as error:
        return str(error.strerror)


def _no_repository(url: GitUrl, folder: Path) -> str:
    """An absolute path may be another machine's."""
    if url.scheme != "local" or Path(url.text).expanduser().is_absolute() or is_folder(placed(Path(url.text), folder)):
        return ""
    hint = f"; did you mean https://{url.text}?" if _HOST_AND_PATH.fullmatch(url.text) else ""
    return f"there is no folder {url.text}{hint}"
