"""Certificates of a way out, as Python's TLS takes them; what is wrong with them is said in words."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from imagebot.errors import BadInput
from imagebot.proxies import Certificates, ClientCertificate, Proxy
from imagebot.regular import hand_on


def context_of(certificates: Certificates, whose: str) -> ssl.SSLContext:
    """What a connection to `whose` server trusts and shows. Raises `BadInput` for files that do not serve."""
    context = _trusting(certificates, whose)
    if certificates.client is not None:
        _show(context, certificates.client, whose)
    return context


def checked(client: ClientCertificate, whose: str) -> tuple[str, str]:
    """The files of a certificate and its key, once they serve. Raises `BadInput`."""
    _show(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), client, whose)
    return str(client.file), str(client.key_file)


def for_proxy(proxy: Proxy, patience: Callable[[], float] | None = None) -> ssl.SSLContext | None:
    """The same for a proxy, None where it speaks no TLS itself. Raises `BadInput`.

    Each read of what runs in it waits `patience()` seconds at most: urllib3 reads it piece by piece and without end.
    """
    if proxy.scheme != "https":
        return None
    context = context_of(proxy.certificates, f"the proxy {proxy}")
    if patience is not None:
        context.sslsocket_class = _paced_by(patience)
    return context


def files_of(certificates: Certificates) -> dict[str, str | None]:
    """The same as arguments of urllib3's pools, which read the files for each connection: they are renewed in place."""
    client = certificates.client
    return {
        "ca_certs": DEFAULT_CA_BUNDLE_PATH if certificates.ca_file is None else str(certificates.ca_file),
        "cert_file": None if client is None else str(client.file),
        "key_file": None if client is None else str(client.key_file),
    }


def _paced_by(patience: Callable[[], float]) -> type[ssl.SSLSocket]:
    class PacedSocket(ssl.SSLSocket):
        def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
            self.settimeout(patience())
            return super().recv(buflen, flags)

    return PacedSocket


def _trusting(certificates: Certificates, whose: str) -> ssl.SSLContext:
    file = certificates.ca_file
    try:
        return ssl.create_default_context(
            cafile=DEFAULT_CA_BUNDLE_PATH if file is None else hand_on(file, f"caFile of {whose}")
        )
    except OSError as error:
        reason = error.strerror if type(error) is not ssl.SSLError else None
        why = reason or "it holds no certificate"
        raise BadInput(f"cannot read {file}, caFile (or SSL_CERT_FILE) of {whose}: {why}") from None


def _show(context: ssl.SSLContext, client: ClientCertificate, whose: str) -> None:
    file, key_file = (
        hand_on(path, f"{key} of {whose}")
        for path, key in ((client.file, "clientCertFile"), (client.key_file, "clientKeyFile"))
    )
    what = f"{file}, clientCertFile of {whose}" + ("" if key_file == file else f", with its key in {key_file}")
    try:
        context.load_cert_chain(file, key_file, password=_no_passphrase)
    except _Locked:
        raise BadInput(f"cannot use {what}: the key has a passphrase; give one without") from None
    except ssl.SSLError:
        raise BadInput(f"cannot use {what}: they are no certificate and key (PEM) that belong together") from None
    except OSError as error:
        raise BadInput(f"cannot read {what}: {error.strerror}") from None


class _Locked(Exception):
    """The key asks for a passphrase, which OpenSSL would wait for at a terminal."""


def _no_passphrase() -> str:
    raise _Locked
