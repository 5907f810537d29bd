"""Amazon ECR, and ECR Public: a password for twelve hours, which botocore asks for.

botocore finds the identity itself: variables, a web identity (IRSA), pod identity, a profile, the machine's role.
https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
"""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import datetime
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    MetadataRetrievalError,
    NoCredentialsError,
)
from botocore.exceptions import (
    ConnectionError as NotConnected,
)
from botocore.session import Session

from imagebot.clock import wall
from imagebot.errors import BadResponse, Refused, Unavailable, WorldError
from imagebot.proxies import WayOut
from imagebot.registry.identities.library import TRIES, asking, said
from imagebot.registry.identities.network import CloudNetwork
from imagebot.registry.limits import IDENTITY_LIFE, IDENTITY_TIMES
from imagebot.registry.logins import Basic
from imagebot.registry.renewal import Issued
from imagebot.secret import Secret

_PRIVATE = re.compile(r"[0-9]+\.dkr[.-]ecr(?P<fips>-fips)?\.(?P<region>[a-z0-9-]+)\.(?P<rest>.+)", re.ASCII)
_PUBLIC_REGION = "us-east-1"  # the only one that hands out passwords for ECR Public
_LATER = (NotConnected, HTTPClientError, MetadataRetrievalError, CredentialRetrievalError)
_FAILURES = (BotoCoreError, ClientError, OSError)


def issue(registry: str, way: WayOut) -> Issued:
    """A user name and password for `registry`. Raises `Refused`, `Unavailable`, `BadResponse`."""
    what = f"AWS hands out no password for {registry}"
    with asking(what, way, _FAILURES, lambda error: _explained(error, what)) as network:
        answer = _ask(registry, network)
    return _read(answer, registry)


def _ask(registry: str, network: CloudNetwork) -> Any:
    private = _PRIVATE.fullmatch(registry)
    session = Session()
    session.set_config_variable("region", private["region"] if private else _PUBLIC_REGION)
    _send_by(session, network)
    session.set_default_client_config(Config(retries={"total_max_attempts": TRIES, "mode": "standard"}))
    if private is None:
        return session.create_client("ecr-public").get_authorization_token()
    kind = Config(use_fips_endpoint=bool(private["fips"]), use_dualstack_endpoint=private["rest"].startswith("on."))
    return session.create_client("ecr", config=kind).get_authorization_token()


def _send_by(session: Session, network: CloudNetwork) -> None:
    """Its clients ask whoever listens to send for them; the two that ask the machine have a network of their own."""
    session.register("before-send", _Sender(network, IDENTITY_TIMES.read).send)
    at_once = _Sender(network, float(session.get_config_variable("metadata_service_timeout")))
    providers = session.get_component("credential_provider")
    providers.get_provider("container-role")._fetcher._session = at_once  # noqa: SLF001 profiles have the same ones
    providers.get_provider("iam-role")._role_fetcher._session = at_once  # noqa: SLF001


class _Sender:
    """In the place of botocore's `URLLib3Session`, which reads without end."""

    def __init__(self, network: CloudNetwork, patience: float) -> None:
        self._network = network
        self._patience = patience

    def send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """Raises what botocore raises for nobody there, else a `WorldError`."""
        asked = (request.method, request.url, dict(request.headers.items()), request.body)
        try:
            found = self._network.send(*asked, self._patience)
        except Unavailable as error:
            raise _NotThere(endpoint_url=request.url, error=error) from None
        return AWSResponse(request.url, found.status, found.headers, found)


class _NotThere(EndpointConnectionError):  # type: ignore[misc]
    fmt = "{error}"


def _read(answer: dict[str, Any], registry: str) -> Issued:
    """Raises `BadResponse` that repeats nothing of it. ECR has a list of one, ECR Public the one itself."""
    try:
        found = answer["authorizationData"]
        data = found[0] if isinstance(found, list) else found
        username, _, password = b64decode(data["authorizationToken"], validate=True).decode().partition(":")
        credential = Basic(username, Secret(password))
        ends = data.get("expiresAt")
        seconds = ends.timestamp() - wall() if isinstance(ends, datetime) else IDENTITY_LIFE
    except (ValueError, LookupError, TypeError):
        raise BadResponse(f"AWS was asked for a password for {registry} and hands out something that is none") from None
    return Issued(credential, seconds)


def _explained(error: Exception, what: str) -> WorldError:
    """The one clear line for what botocore raises."""
    if isinstance(error, NoCredentialsError):
        return Refused(
            f"{what}: it knows nobody here, by a web identity (IRSA), pod identity, a profile, variables or the "
            "machine's role"
        )
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = str(error.response.get("Error", {}).get("Code", ""))
        if status >= 500 or status == 429 or "Throttl" in code or "RequestLimit" in code:
            return Unavailable(f"{what} now: {said(error)}")
        return Refused(f"{what}: {said(error)}")
    return Unavailable(f"{what} now: {said(error)}") if isinstance(error, _LATER) else Refused(f"{what}: {said(error)}")
