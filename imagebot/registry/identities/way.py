"""How a cloud's library reaches its cloud: as the registry is reached, and never as the environment says.

What speaks http without TLS is the metadata service of the machine, which no proxy is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter

from imagebot import tls
from imagebot.errors import BadResponse, ImagebotError, WorldError
from imagebot.outgoing import shortened
from imagebot.proxies import Proxies, Proxy, WayOut
from imagebot.regular import hand_on
from imagebot.secret import Secret

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
TRIES = 2
_WORDS = 400  # characters of what a library says


def session(way: WayOut, whose: str) -> requests.Session:
    """For libraries that are over `requests`: without `.netrc` and the environment's proxies. Raises `BadInput`."""
    made = requests.Session()
    made.trust_env = False
    made.verify = authority(way, whose) or True
    made.mount("https://", _ByProxy(way.proxies))
    return made


def authority(way: WayOut, whose: str) -> str | None:
    """The file of those who must have signed certificates; None for the public ones. Raises `BadInput`."""
    file = way.certificates.ca_file
    return None if file is None else hand_on(file, f"caFile of {whose}")


def with_password(proxy: Proxy) -> str:
    """The proxy's URL, for a library that takes the password nowhere else. Raises `BadInput`."""
    if not proxy.authorization():
        return str(proxy)
    password = "" if proxy.password is None else proxy.password.reveal()
    pair = Secret(f"{quote(proxy.username, safe='')}:{quote(password, safe='')}").reveal()
    return f"{proxy.scheme}://{pair}@{proxy.host}:{proxy.port}"


@contextmanager
def asking(what: str, known: tuple[type[Exception], ...], explained: Callable[[Any], WorldError]) -> Iterator[None]:
    """A cloud's library runs in this block. What it raises on purpose (`known`) is `explained`.

    All else that it raises says that it did not expect what it heard, which is no bug of ours: `BadResponse`.
    """
    try:
        yield
    except known as error:
        raise explained(error) from None
    except (ImagebotError, ImportError):
        raise
    except Exception as error:  # noqa: BLE001 a library reads anybody's answer, and stumbles as it likes
        raise BadResponse(
            f"{what}: its library does not understand it: {type(error).__name__}: {said(error)}"
        ) from None


def said(error: Exception) -> str:
    """What a library says is wrong, on one line."""
    return shortened(" ".join(str(error).split()), _WORDS)


class _ByProxy(HTTPAdapter):
    """Sends by the proxy that stands between us and a host, with its password of this moment."""

    def __init__(self, proxies: Proxies) -> None:
        self._proxies = proxies
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        proxy = self._proxies.towards(parts.scheme, parts.hostname or "", parts.port)
        return super().send(request, *args, **{**kwargs, "proxies": {"https": str(proxy)} if proxy else {}})

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        authorization = self._of(proxy).authorization()
        return {"Proxy-Authorization": authorization} if authorization else {}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        context = tls.for_proxy(self._of(proxy))
        return super().proxy_manager_for(proxy, **kwargs, **({"proxy_ssl_context": context} if context else {}))

    def _of(self, written: str) -> Proxy:
        assert self._proxies.https is not None, "nobody else is asked for https"
        assert str(self._proxies.https) == written
        return self._proxies.https
