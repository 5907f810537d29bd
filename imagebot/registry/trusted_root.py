"""What keyless signatures are held against, from a repository that vouches for it: keys that change, without a person.

The repository is one of The Update Framework's: https://theupdateframework.github.io/specification/latest/. What was
believed is kept, and used as long as it says that it may be, whoever is down.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from imagebot import clock
from imagebot.errors import BadInput, ImagebotError, Unavailable
from imagebot.private import make_private
from imagebot.proxies import WayOut
from imagebot.registry.limits import MIB
from imagebot.regular import read_regular
from imagebot.settings.trust import TufRepository
from imagebot.trust.keyless import MISSING

_ASKED_AFTER = timedelta(hours=1)  # of the same root: keys are made known days before they sign
_PATIENCE = timedelta(minutes=5)  # before anybody is asked again who did not answer, or not well
_TARGET = "trusted_root.json"
_KEPT = "kept.json"


@dataclass(frozen=True, slots=True)
class TrustedRoot:
    """A `trusted_root.json` that may be used until then; `first` is a fingerprint of the root that belief began with.

    `trouble` is why no newer one could be asked for, in words.
    """

    document: bytes
    until: datetime
    asked: datetime
    first: str
    trouble: str = ""


class TrustedRoots:
    """The root of one repository, of which what must be remembered lies in `folder`; shared by all threads."""

    def __init__(
        self, settings: TufRepository, folder: Path, way: WayOut, now: Callable[[], datetime] = clock.now
    ) -> None:
        self.url = settings.url
        self._first = settings.initial_root_file
        self._folder = folder / quote(settings.url, safe="")
        self._way = way
        self._now = now
        self._lock = threading.Lock()
        self._known: TrustedRoot | ImagebotError | None = None
        self._looked = now()

    def root(self) -> TrustedRoot:
        """The root as it is now. Raises `BadInput` for the settings, and every `WorldError`."""
        with self._lock:
            now = self._now()
            if self._known is None or not timedelta() <= now - self._looked < _PATIENCE:
                self._known, self._looked = self._look(now), now
            if isinstance(self._known, ImagebotError):
                raise copy.copy(self._known)
            return self._known

    @property
    def known(self) -> TrustedRoot | None:
        """The root as it was last found, if there was one; nobody is asked."""
        return self._known if isinstance(self._known, TrustedRoot) else None

    @property
    def kept(self) -> TrustedRoot | None:
        """The root that was believed last, however long ago; nobody is asked, and nothing is written.

        Not one that came of another first root of the operator's: that may be in the wrong hands.
        """
        found = _kept(self._folder / _KEPT)
        return None if found is None or found.first != self._fingerprint() else found

    def _look(self, now: datetime) -> TrustedRoot | ImagebotError:
        kept = self.kept
        if kept is not None and now < kept.until and timedelta() <= now - kept.asked < _ASKED_AFTER:
            return kept
        try:
            return self._ask(now)
        except ImagebotError as error:
            said = f"the TUF repository {self.url} gives no {_TARGET}: {error}"
            if kept is not None and now < kept.until:
                return replace(kept, trouble=said)
            ended = f"; what was known of it ended on {kept.until:%Y-%m-%d %H:%M} UTC" if kept is not None else ""
            return type(error)(said + ended)

    def _ask(self, now: datetime) -> TrustedRoot:
        """Raises `BadInput` and every `WorldError`."""
        try:
            from imagebot.registry import tuf_updater

            first = self._first_root()
        except ImportError:
            raise BadInput(MISSING) from None
        try:
            make_private(self._folder)
            document, until = tuf_updater.believed(self.url, _TARGET, self._folder, first, self._way)
            root = TrustedRoot(document, until, now, self._fingerprint())
            _keep(self._folder / _KEPT, root)
        except OSError as error:
            raise Unavailable(f"{self._folder} cannot be written: {error.strerror}") from None
        return root

    def _first_root(self) -> bytes:
        """What is believed because the settings, or Sigstore's library, bring it. Raises `BadInput`."""
        if self._first is None:
            return (files("sigstore") / "_store" / quote(self.url, safe="") / "root.json").read_bytes()
        try:
            return read_regular(self._first, MIB)
        except OSError as error:
            raise BadInput(f"cannot read its initialRootFile {self._first}: {error.strerror}") from None

    def _fingerprint(self) -> str:
        """Of the operator's own first root: that of the library changes with the library."""
        with suppress(BadInput):
            return "" if self._first is None else hashlib.sha256(self._first_root()).hexdigest()
        return "none"


def _kept(file: Path) -> TrustedRoot | None:
    try:
        said = json.loads(read_regular(file, 2 * MIB))
        until, asked = (datetime.fromisoformat(said[key]) for key in ("until", "asked"))
        if until.tzinfo is None or asked.tzinfo is None:
            return None
        return TrustedRoot(said["document"].encode(), until, asked, said["first"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _keep(file: Path, root: TrustedRoot) -> None:
    """Raises `OSError`."""
    times = {"until": root.until.isoformat(), "asked": root.asked.isoformat()}
    said = {"document": root.document.decode(), "first": root.first, **times}
    new = file.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps(said))
    new.replace(file)
