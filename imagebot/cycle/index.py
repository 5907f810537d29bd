"""Fields by blob: a file that has not changed is not parsed again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from imagebot.fields.field import Found
from imagebot.fields.find import find
from imagebot.fields.screen import Screen
from imagebot.gitrepo.mirror import Mirror, TreeEntry
from imagebot.images.reference import ImageName
from imagebot.policy.model import Policy

_FIELDLESS = Found()


@dataclass
class FieldIndex:
    """Remembers between passes what each blob holds, for one set of watched names and explicit paths.

    `parsed` counts the files parsed since the start: a pass over an unchanged repository adds none.
    """

    parsed: int = 0
    _watched: dict[str, object] = field(default_factory=dict)
    _found: dict[str, dict[tuple[str, str], Found]] = field(default_factory=dict)

    def look(self, repository: str, policies: Iterable[Policy], mirror: Mirror, entries: Iterable[TreeEntry]) -> Mapping[str, Found]:
        """The fields of every file of a commit that may hold a watched image, by path."""
        names, explicit = _watched(policies)
        if self._watched.get(repository) != (names, explicit):
            self._watched[repository] = (names, explicit)
            self._found[repository] = {}
        known = self._found[repository]
        files = {(entry.path, entry.blob): entry for entry in entries if _may_hold(entry.path, explicit)}
        self._read(known, files, mirror, Screen(names), explicit)
        for gone in known.keys() - files.keys():
            del known[gone]
        return {path: known[path, blob] for path, blob in files if known[path, blob] is not _FIELDLESS}

    def _read(
        self,
        known: dict[tuple[str, str], Found],
        files: Mapping[tuple[str, str], TreeEntry],
        mirror: Mirror,
        screen: Screen,
        explicit: Mapping[str, Mapping[str, ImageName]],
    ) -> None:
        missing = [key for key in files if key not in known]
        for (path, blob), data in zip(missing, mirror.blobs([blob for _, blob in missing]), strict=True):
            if path not in explicit and not screen.passes(data):
                known[path, blob] = _FIELDLESS
                continue
            self.parsed += 1
            known[path, blob] = find(path, data, explicit.get(path, {}))
