"""A cloud's library at work: what it raises, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from imagebot.errors import BadResponse, ImagebotError, WorldError
from imagebot.outgoing import shortened
from imagebot.proxies import WayOut
from imagebot.registry.identities.network import CloudNetwork

TRIES = 2
_WORDS = 400  # characters of what a library says


@contextmanager
def asking(
    what: str, way: WayOut, known: tuple[type[Exception], ...], explained: Callable[[Any], WorldError]
) -> Iterator[CloudNetwork]:
    """A cloud's library runs in this block, over the network. What it raises on purpose (`known`) is `explained`.

    All else that it raises says that it did not expect what it heard, which is no bug of ours: `BadResponse`. An answer
    that it was not handed goes before what it makes of that.
    """
    with closing(CloudNetwork(way)) as network:
        try:
            yield network
        except (ImagebotError, ImportError):
            raise
        except Exception as error:  # noqa: BLE001 a library reads anybody's answer, and stumbles as it likes
            if network.refused is not None:
                raise type(network.refused)(f"{what}: {network.refused}") from None
            if isinstance(error, known):
                raise explained(error) from None
            raise BadResponse(
                f"{what}: its library does not understand it: {type(error).__name__}: {said(error)}"
            ) from None


def said(error: Exception) -> str:
    """What a library says is wrong, on one line."""
    return shortened(" ".join(str(error).split()), _WORDS)
