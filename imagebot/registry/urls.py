"""URLs that a registry hands us, read so strictly that no two libraries can differ about them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urljoin

from imagebot.registry.limits import URL_CHARACTERS

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<rest>(?:/[!\x22$-\[\]-~]*)?(?:\?[!\x22$-\[\]-~]*)?)",
    re.ASCII | re.IGNORECASE,
)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Url:
    """An http or https URL without user, password and fragment; `rest` is path and query."""

    scheme: str
    host: str
    port: int
    rest: str

    def __str__(self) -> str:
        return f"{self.origin}{self.rest or '/'}"

    @property
    def netloc(self) -> str:
        """Host and port, the port only if it is not the scheme's own."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port: what a credential is bound to."""
        return f"{self.scheme}://{self.netloc}"

    @classmethod
    def parse(cls, text: str) -> Url:
        """Read an absolute URL. Raises `ValueError`."""
        match = _URL.fullmatch(text) if len(text) <= URL_CHARACTERS else None
        if match is None:
            raise ValueError("it is no plain http or https URL")
        scheme = match["scheme"].lower()
        port = int(match["port"] or _PORTS[scheme])
        if not 0 < port < 65536:
            raise ValueError("its port does not exist")
        return cls(scheme, match["host"].lower(), port, match["rest"])

    def join(self, location: str) -> Url:
        """Where `location`, absolute or relative, leads from here; a fragment is for browsers. Raises `ValueError`."""
        return Url.parse(urljoin(str(self), location.partition("#")[0]))
