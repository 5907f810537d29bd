"""A certificate for the loopback address, made for one test, and the authority that vouches for it: itself."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.relay import relay


def loopback(folder: Path, *names: str) -> tuple[ssl.SSLContext, Path]:
    """What a server at 127.0.0.1 needs, by these `names` as well, and the file for clients that shall believe it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    alternatives: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    alternatives += [x509.DNSName(each) for each in names]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2120, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    authority = folder / "authority.pem"
    authority.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, private)
    return context, authority


def asking(folder: Path, *names: str, passphrase: str = "") -> tuple[ssl.SSLContext, Path, Path]:
    """The same for a server that lets in only who shows a certificate; and that, which has its key beside it."""
    context, authority = loopback(folder, *names)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority)
    client = folder / "client.pem"
    key = (folder / "key.pem").read_bytes()
    if passphrase:
        plain = serialization.load_pem_private_key(key, None)
        way = serialization.BestAvailableEncryption(passphrase.encode())
        key = plain.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, way)
    client.write_bytes(key + authority.read_bytes())
    return context, authority, client


@contextmanager
def front(context: ssl.SSLContext, port: int) -> Iterator[int]:
    """A port that speaks TLS for a server of this machine that does not."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with (
                suppress(OSError),
                context.wrap_socket(self.request, server_side=True) as here,
                socket.create_connection(("127.0.0.1", port)) as there,
            ):
                relay(here, there)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
