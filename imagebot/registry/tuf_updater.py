"""`tuf`, over our own connections: it checks what they bring, and they bound what it is handed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from securesystemslib.exceptions import StorageError
from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.api.metadata import Metadata
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from imagebot.errors import BadResponse, ImagebotError, Unavailable
from imagebot.proxies import WayOut
from imagebot.registry.body import Request
from imagebot.registry.connections import Connections, Leash
from imagebot.registry.failures import CutShort
from imagebot.registry.json_reader import DocumentReader
from imagebot.registry.limits import MIB, PIECE_BYTES, Deadline, Timeouts
from imagebot.registry.urls import Url
from imagebot.registry.whole import whole_answer
from imagebot.registry.wire import USER_AGENT

_TIMES = Timeouts(read=10.0, total=20.0)
_METADATA_BYTES = 5 * MIB  # what `tuf` takes at the most
_TARGET_BYTES = MIB  # Sigstore's has 7 KiB
_ROLES = ("root", "timestamp", "snapshot", "targets")


def believed(url: str, target: str, folder: Path, first_root: bytes, way: WayOut) -> tuple[bytes, datetime]:
    """What the repository has as `target` now, and how long that may be used. `folder` is where `tuf` remembers.

    Raises `BadInput` for certificates and passwords, every `WorldError`, and `OSError` for the folder.
    """
    fetcher = _Fetcher(way)
    try:
        updater = Updater(str(folder), url, str(folder), f"{url}/targets", fetcher=fetcher, bootstrap=first_root)
        return _target(updater, target), min(_end(folder / f"{role}.json") for role in _ROLES)
    except DownloadError as error:
        if isinstance(error.__cause__, ImagebotError):
            raise error.__cause__ from None
        raise Unavailable(f"it does not answer: {error}") from None
    except StorageError as error:  # another process writes there as well: its turn was first
        raise Unavailable(f"what is kept of it cannot be read now: {error}") from None
    except RepositoryError as error:
        raise BadResponse(f"it is not believed: {error}") from None
    finally:
        fetcher.close()


def _target(updater: Updater, target: str) -> bytes:
    found = updater.get_targetinfo(target)
    if found is None:
        raise BadResponse(f"it has no {target}")
    if found.length > _TARGET_BYTES:
        raise BadResponse(f"its {target} is larger than anything of its kind")
    return Path(updater.find_cached_target(found) or updater.download_target(found)).read_bytes()


def _end(file: Path) -> datetime:
    metadata: Metadata[Any] = Metadata.from_file(str(file))
    ends: datetime = metadata.signed.expires
    return ends


class _Fetcher(FetcherInterface):
    """One time for all that is fetched; what is no JSON, or deeper than any, is not handed on."""

    def __init__(self, way: WayOut) -> None:
        self._proxies = way.proxies
        self._connections = Connections(way.certificates)
        self._deadline = Deadline(_TIMES)

    def close(self) -> None:
        self._connections.clear()

    def _fetch(self, url: str) -> Iterator[bytes]:
        there = Url.parse(url)
        proxy = self._proxies.towards(there.scheme, there.host, there.port)
        leash = Leash(self._deadline, private=True, listing="", proxy=proxy)
        ask = Request("GET", there, _METADATA_BYTES, {"User-Agent": USER_AGENT})
        try:
            answer = whole_answer(self._connections, ask, leash)
        except CutShort:  # mostly a kept connection that had grown old
            answer = whole_answer(self._connections, ask, leash)
        if answer.status != HTTPStatus.OK:
            raise DownloadHTTPError(f"{there.netloc} answers {answer.status} for {there.rest}", answer.status)
        reader = DocumentReader(there.netloc)
        for start in range(0, len(answer.document), PIECE_BYTES):
            reader.feed(answer.document[start : start + PIECE_BYTES])
        reader.end()
        return iter([answer.document])
