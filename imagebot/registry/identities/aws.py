"""Amazon ECR, and ECR Public: a password for twelve hours, which botocore asks for.

botocore finds the identity itself: variables, a web identity (IRSA), pod identity, a profile, the machine's role.
https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
"""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import datetime
from typing import Any

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
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
from imagebot.registry.identities.way import (
    CONNECT_SECONDS,
    READ_SECONDS,
    TRIES,
    asking,
    authority,
    said,
    with_password,
)
from imagebot.registry.limits import IDENTITY_LIFE
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
    with asking(what, _FAILURES, lambda error: _explained(error, what)):
        answer = _ask(registry, way)
    return _read(answer, registry)


def _ask(registry: str, way: WayOut) -> Any:
    private = _PRIVATE.fullmatch(registry)
    region = private["region"] if private else _PUBLIC_REGION
    session = Session()
    if (file := authority(way, registry)) is not None:
        session.set_config_variable("ca_bundle", file)
    suffix = "amazonaws.com.cn" if registry.endswith(".cn") else "amazonaws.com"
    session.set_default_client_config(
        Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": TRIES, "mode": "standard"},
            **_by_proxy(way, f"sts.{region}.{suffix}"),
        )
    )
    if private is None:
        config = Config(**_by_proxy(way, f"api.ecr-public.{region}.{suffix}"))
        client = session.create_client("ecr-public", region, config=config)
        return client.get_authorization_token()
    kind = Config(
        use_fips_endpoint=bool(private["fips"]),
        use_dualstack_endpoint=private["rest"].startswith("on."),
        **_by_proxy(way, f"api.ecr.{region}.{suffix}"),
    )
    return session.create_client("ecr", region, config=kind).get_authorization_token()


def _by_proxy(way: WayOut, host: str) -> dict[str, Any]:
    """As botocore takes it. Without one it would look into the environment: no proxies are some, too."""
    proxy = way.proxies.towards("https", host)
    if proxy is None:
        return {"proxies": {}}
    file, client = proxy.certificates.ca_file, proxy.certificates.client
    config = {
        "proxy_ca_bundle": str(file) if file else None,
        "proxy_client_cert": (str(client.file), str(client.key_file)) if client else None,
    }
    return {
        "proxies": {"https": with_password(proxy)},
        "proxies_config": {key: value for key, value in config.items() if value is not None},
    }


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
