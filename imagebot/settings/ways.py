"""How hosts are reached: the keys for proxies, and what the environment says of proxies and certificates without them.

Of the variables the one in small letters counts where both are set, as curl and Python have it. `HTTP_PROXY` does not
count where `REQUEST_METHOD` is set: whoever asks a CGI program makes that one by a header (https://httpoxy.org).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Discriminator, Tag, WithJsonSchema, model_validator

from imagebot.documents.model import STRING, TEXT_SCHEMA, FilledBy, Misplaced, Model, reads
from imagebot.errors import BadInput, HoldsSecret
from imagebot.proxies import NO_PROXY, NO_URL, Certificates, ClientCertificate, NoProxy, Proxies, Proxy, WayOut
from imagebot.settings.credentials import FROM_ELSEWHERE, InFile, InVariable, OneLine
from imagebot.settings.paths import FilePath

_NONE = "none"
_SEPARATORS = re.compile(r"[\s,]+")


def _no_proxy_entry(text: str) -> str:
    NoProxy.parse([text])
    return text


def _proxy_url(text: str) -> str:
    if Proxy.parse(text).username or "@" in text:
        raise HoldsSecret("leave user and password out of the URL; write username, and passwordFile or passwordEnv")
    return text


class ProxyKeys(Model):
    """A forward proxy."""

    confidential: ClassVar[bool] = True
    hints: ClassVar[dict[str, str]] = {"password": FROM_ELSEWHERE.format("password")}

    url: Annotated[str, AfterValidator(_proxy_url), WithJsonSchema(TEXT_SCHEMA)]
    """Where it is: `http://HOST:PORT`, or `https://HOST:PORT` for one that speaks TLS itself."""
    username: OneLine | None = None
    """The user name that it wants. Only basic authentication is spoken."""
    password_env: InVariable | None = None
    """The environment variable with the password."""
    password_file: InFile | None = None
    """The file with the password; read again at each use."""
    no_proxy: tuple[Annotated[str, AfterValidator(_no_proxy_entry), WithJsonSchema(TEXT_SCHEMA)], ...] | None = None
    """What is reached without it: hosts with all below them, `.suffixes`, networks as `10.0.0.0/8` (of hosts that are
    written as addresses), each with `:PORT` if only that one is meant; `*` for all. This machine always is. Default:
    for the whole file, what `NO_PROXY` says."""
    ca_file: FilePath | None = None
    """The file with the certificates (PEM) that an https proxy's own must be signed by. Default: as for all hosts."""
    client_cert_file: FilePath | None = None
    """The file with the certificate (PEM) that an https proxy is shown if it asks for one."""
    client_key_file: FilePath | None = None
    """The file with its key, without a passphrase. Default: the same file."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        password = self.password_file or self.password_env
        if self.password_file is not None and self.password_env is not None:
            raise Misplaced(("passwordEnv",), "write one of passwordFile and passwordEnv")
        if password is not None and self.username is None:
            raise ValueError("a password goes with a username")
        return self

    @property
    def meaning(self) -> Proxies:
        """Both kinds of hosts by this proxy."""
        proxy = replace(
            Proxy.parse(self.url),
            username=self.username or "",
            password=self.password_file or self.password_env,
            certificates=Certificates(self.ca_file, _client_certificate(self.client_cert_file, self.client_key_file)),
        )
        return Proxies(proxy, proxy, None if self.no_proxy is None else NoProxy.parse(self.no_proxy))


def _by_url(text: str) -> Proxies:
    if text == _NONE:
        return NO_PROXY
    if ":" not in text:
        raise HoldsSecret(NO_URL)
    proxy = Proxy.parse(_proxy_url(text))
    return Proxies(proxy, proxy)


def _way_to_write(value: object) -> str:
    return "{url}" if isinstance(value, str | Proxies) else "{proxy}"


AnyProxy = Annotated[
    Annotated[Proxies, reads(Proxies, _by_url), STRING, Tag("{url}")]
    | Annotated[Proxies, FilledBy(ProxyKeys), Tag("{proxy}")],
    Discriminator(_way_to_write),
]


class Reached(Model):
    """What is special about the way to somebody's servers."""

    ca_file: FilePath | None = None
    """The file with the certificates (PEM) that the server's must be signed by. Default: as for all hosts."""
    client_cert_file: FilePath | None = None
    """The file with the certificate (PEM) that the server is shown if it asks for one."""
    client_key_file: FilePath | None = None
    """The file with its key, without a passphrase. Default: the same file."""
    proxy: AnyProxy | None = None
    """The proxy on the way; `none` for no proxy. Git over ssh goes by none. Default: as for all hosts."""

    @model_validator(mode="after")
    def _certificate_with_key(self) -> Self:
        _client_certificate(self.client_cert_file, self.client_key_file)
        return self

    @classmethod
    def shown_keys(cls) -> list[str]:
        """Last what is seldom said."""
        seldom = Reached.known_keys()
        return [*(key for key in cls.known_keys() if key not in seldom), *seldom]

    @property
    def way(self) -> WayOut:
        """How its servers are reached."""
        client = _client_certificate(self.client_cert_file, self.client_key_file)
        return WayOut(self.proxy or NO_PROXY, Certificates(self.ca_file, client))


def _client_certificate(file: Path | None, key_file: Path | None) -> ClientCertificate | None:
    if file is not None:
        return ClientCertificate(file, key_file or file)
    if key_file is not None:
        raise Misplaced(("client_key_file",), "a key goes with its certificate; write clientCertFile as well")
    return None


def way_for_all(proxies: Proxies | None, ca_file: Path | None, environ: Mapping[str, str]) -> WayOut:
    """How hosts are reached that no key says more about. Raises `BadInput` for a variable that is no proxy."""
    if proxies is None:
        proxies = Proxies(_of_variable(environ, "HTTP_PROXY"), _of_variable(environ, "HTTPS_PROXY"))
    without = environ.get("no_proxy") or environ.get("NO_PROXY")
    if without and proxies != NO_PROXY and proxies.without is None:
        proxies = replace(proxies, without=_no_proxy(without))
    authority = environ.get("SSL_CERT_FILE")
    ca_file = ca_file or (Path(authority).absolute() if authority else None)
    return WayOut(signed_by(proxies, ca_file), Certificates(ca_file))


def signed_by(proxies: Proxies, ca_file: Path | None) -> Proxies:
    """The same, with these certificates believed where a proxy has none of its own."""
    http, https = (_signed_by(proxy, ca_file) for proxy in (proxies.http, proxies.https))
    return replace(proxies, http=http, https=https)


def _signed_by(proxy: Proxy | None, ca_file: Path | None) -> Proxy | None:
    if proxy is None or proxy.certificates.ca_file is not None:
        return proxy
    return replace(proxy, certificates=replace(proxy.certificates, ca_file=ca_file))


def _of_variable(environ: Mapping[str, str], name: str) -> Proxy | None:
    capitals = "" if name == "HTTP_PROXY" and "REQUEST_METHOD" in environ else environ.get(name)
    small = environ.get(name.lower())
    text = small or capitals
    try:
        return Proxy.parse(text) if text else None
    except ValueError as error:
        raise BadInput(f"the variable {name.lower() if small else name}: {error}") from None


def _no_proxy(text: str) -> NoProxy:
    """What other programs cannot read there they pass over, and so does this one."""
    return NoProxy.parse(entry for entry in _SEPARATORS.split(text) if _is_entry(entry))


def _is_entry(text: str) -> bool:
    try:
        NoProxy.parse([text])
    except ValueError:
        return False
    return bool(text)
