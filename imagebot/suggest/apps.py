"""From fields and their homes to policies: one for each app and environment, each with the images that it has there."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, takewhile

from imagebot.images.reference import ImageName
from imagebot.plan.claims import FileFields
from imagebot.suggest.layout import Home, Key
from imagebot.suggest.naming import DEFAULT, SHARED, label, rank
from imagebot.suggest.sort import Held, Placed
from imagebot.suggest.track import Track

_NAMELESS = "app"


@dataclass(frozen=True, slots=True)
class Unit:
    """One app in one environment: every field of its images there, each image on one track."""

    app: str
    environment: str
    images: Mapping[ImageName, tuple[Placed, ...]]
    homes: Mapping[str, Home]

    @property
    def held(self) -> frozenset[Held]:
        return frozenset((one.field.file, name) for name, fields in self.images.items() for one in fields)

    @property
    def tracks(self) -> tuple[tuple[ImageName, Track], ...]:
        return tuple((name, fields[0].track) for name, fields in self.images.items())


@dataclass(frozen=True, slots=True)
class Page:
    """Units of one app whose images are on the same tracks: one policy file."""

    file: str
    app: str
    units: tuple[Unit, ...]


Cell = dict[ImageName, list[Placed]]


def units(placed: Mapping[Held, list[Placed]], homes: Mapping[str, Home], repository: str) -> list[Unit]:
    """All fields as units. An image that one policy cannot follow as a whole gets one for each of its tracks."""
    keys = {held: _key(homes[held[0]], held[1], repository) for held in placed}
    named: dict[Key, set[str]] = defaultdict(set)
    for (file, _), key in ((held, keys[held]) for held in placed):
        named[key].add(label(homes[file].environment))
    cells: dict[tuple[Key, str], Cell] = defaultdict(lambda: defaultdict(list))
    for (file, name), fields in placed.items():
        key = keys[file, name]
        lone = SHARED if named[key] - {""} else DEFAULT
        cells[key, label(homes[file].environment) or lone][name] += fields
    apps = _app_names(set(named))
    found: list[Unit] = []
    for (key, environment), cell in sorted(cells.items()):
        found += _split(apps[key], environment, cell, homes)
    return found


def _key(home: Home, name: ImageName, repository: str) -> Key:
    """Where nothing in the path names an app: the image in an environment's own file, else the repository."""
    return home.key or ((name.repository.rpartition("/")[2],) if home.environment else (repository,))


def distinct(found: Iterable[Unit]) -> list[Unit]:
    """The same units with no two of one name in one environment."""
    used: Counter[tuple[str, str]] = Counter()
    named = []
    for unit in found:
        used[unit.app, unit.environment] += 1
        named.append(replace(unit, app=_numbered(unit.app, used[unit.app, unit.environment])))
    return named


class Holders:
    """By image the files that a policy for it must answer for: those with a field of it, those that may hide one."""

    def __init__(self, files: Mapping[str, FileFields], names: Collection[ImageName]) -> None:
        self._in_order: dict[ImageName, list[str]] = defaultdict(list)
        for file, known in sorted(files.items()):
            for name in {field.name for field in known.found.fields} | known.doubts.keys():
                if name in names:
                    self._in_order[name].append(file)
        self._all = {name: frozenset(some) for name, some in self._in_order.items()}

    def of(self, name: ImageName) -> frozenset[str]:
        """All files that hold an image."""
        return self._all.get(name, frozenset())

    def below(self, name: ImageName, folder: str) -> Iterator[str]:
        """Those of them in a folder, which is written with a slash at its end."""
        some = self._in_order.get(name, [])
        return takewhile(lambda file: file.startswith(folder), islice(some, bisect_left(some, folder), None))


def _split(app: str, environment: str, cell: Cell, homes: Mapping[str, Home]) -> list[Unit]:
    """One unit, and one more for each track of an image that has several: a watch can follow one."""
    tracks = {name: sorted({one.track for one in fields}) for name, fields in cell.items()}
    whole = {name: tuple(fields) for name, fields in sorted(cell.items()) if len(tracks[name]) == 1}
    found = [Unit(app, environment, whole, homes)] if whole else []
    for name, several in sorted(tracks.items()):
        for track in several if len(several) > 1 else ():
            fields = tuple(one for one in cell[name] if one.track == track)
            found.append(Unit(_own_name(app, name, track), environment, {name: fields}, homes))
    return found


def apart(unit: Unit, held_by: Holders) -> list[Unit]:
    """The unit without the images that its files hold for somebody else too; each of those as a unit of its own."""
    held = unit.held
    files = {file for file, _ in held}
    strange = {name for name in unit.images if any((file, name) not in held for file in files & held_by.of(name))}
    if not strange or len(unit.images) == 1:
        return [unit]
    rest = {name: fields for name, fields in unit.images.items() if name not in strange}
    own = [
        replace(unit, app=_own_name(unit.app, name, unit.images[name][0].track), images={name: unit.images[name]})
        for name in sorted(strange)
    ]
    return [*([replace(unit, images=rest)] if rest else []), *own]


def pages(found: Iterable[Unit]) -> list[Page]:
    """One page for each app, and one for each environment of it that has other images or other tracks."""
    grouped: dict[str, dict[tuple[tuple[ImageName, Track], ...], list[Unit]]] = defaultdict(lambda: defaultdict(list))
    for unit in found:
        grouped[unit.app][unit.tracks].append(unit)
    made: list[Page] = []
    used: Counter[str] = Counter()
    for app, alike in sorted(grouped.items()):
        for same in sorted(alike.values(), key=lambda some: min(rank(unit.environment) for unit in some)):
            ordered = tuple(sorted(same, key=lambda unit: rank(unit.environment)))
            name = app if _is_main(same, alike.values()) else "-".join([app, *(unit.environment for unit in ordered)])
            used[name] += 1
            file = f"{name}.yaml" if used[name] == 1 else f"{name}-{used[name]}.yaml"
            made.append(Page(file, app, ordered))
    return made


def _is_main(page: Sequence[Unit], pages: Collection[Sequence[Unit]]) -> bool:
    """Whether a page has more environments than any other of its app: then it needs no longer name."""
    return [len(other) >= len(page) for other in pages].count(True) == 1


def _own_name(app: str, name: ImageName, track: Track) -> str:
    image = label(name.repository.rpartition("/")[2])
    version = ".".join(map(str, track.line))
    form = label(f"{track.prefix.rstrip('v')}-{track.variant or track.prerelease}") or label(f"v{version}")
    return label("-".join(part for part in (app, image if image != app else "", form) if part))


def _app_names(keys: set[Key]) -> dict[Key, str]:
    """A label for each key: its last part, and as many before it as tell it from the others."""
    names: dict[Key, str] = {}
    length = 1
    open_keys = sorted(keys)
    while open_keys:
        tried = {key: label("-".join(filter(None, map(label, key[-length:])))) or _NAMELESS for key in open_keys}
        counts = Counter([*tried.values(), *names.values()])
        names |= {key: name for key, name in tried.items() if counts[name] == 1}
        open_keys = [key for key in open_keys if key not in names]
        length += 1
        if all(length > len(key) for key in open_keys):
            names |= {key: _numbered(tried[key], index) for index, key in enumerate(open_keys, start=1)}
            break
    return names


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name[:59]}-{number}"
