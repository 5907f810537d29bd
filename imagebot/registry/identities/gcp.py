"""Google Artifact Registry and gcr.io: a token for an hour, which google-auth asks for.

By the file that `GOOGLE_APPLICATION_CREDENTIALS` names (workload identity federation, a service account's key), else by
the metadata service of the machine, which is also where GKE keeps its workload identities.
https://cloud.google.com/artifact-registry/docs/docker/authentication#token
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from google.auth import aws, compute_engine, identity_pool
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.auth.transport import Request
from google.oauth2 import credentials, service_account

from imagebot.clock import wall
from imagebot.errors import BadInput, BadResponse, Refused, Unavailable, WorldError
from imagebot.proxies import WayOut
from imagebot.registry.identities.library import asking, said
from imagebot.registry.identities.network import CloudNetwork
from imagebot.registry.limits import IDENTITY_LIFE, IDENTITY_TIMES, MIB
from imagebot.registry.logins import Basic
from imagebot.registry.renewal import Issued
from imagebot.regular import read_regular
from imagebot.secret import Secret

_USERNAME = "oauth2accesstoken"
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError)


def _federated(info: dict[str, Any]) -> Any:
    """Workload identity federation. A program that would be run for it is not."""
    source = info["credential_source"]
    if "executable" in source:
        raise BadInput("credentials of Google's that a program makes are not used: imagebot runs none for them")
    kind: Any = aws.Credentials if "environment_id" in source else identity_pool.Credentials
    return kind.from_info(info, scopes=_SCOPES)


# They have types that their own checker does not know.
_User: Any = credentials.Credentials
_Account: Any = service_account.Credentials
_Machine: Any = compute_engine.Credentials
_NotThere: Any = TransportError
_KINDS: Mapping[str, Callable[[dict[str, Any]], Any]] = {
    "authorized_user": lambda info: _User.from_authorized_user_info(info, _SCOPES),
    "external_account": _federated,
    "service_account": lambda info: _Account.from_service_account_info(info, scopes=_SCOPES),
}


def issue(registry: str, way: WayOut, file: Path | None) -> Issued:
    """A user name and token for `registry`. Raises `BadInput` for the file, `Refused`, `Unavailable`, `BadResponse`."""
    found = _Machine(scopes=_SCOPES) if file is None else _of_file(file)
    what = f"Google hands out no token for {registry}"
    with asking(what, way, (GoogleAuthError, OSError), lambda error: _explained(error, what, file)) as network:
        found.refresh(_Sender(network))
    return _read(found.token, found.expiry, registry)


class _Sender(Request):
    """In the place of google-auth's own, which follows redirects and has a second network for some hosts."""

    def __init__(self, network: CloudNetwork) -> None:
        self._network = network

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = IDENTITY_TIMES.read,
        **_: Any,
    ) -> Any:
        try:
            return self._network.send(method, url, headers or {}, body, timeout or IDENTITY_TIMES.read)
        except Unavailable as error:
            raise _NotThere(str(error)) from None


def _of_file(file: Path) -> Any:
    """Raises `BadInput` that repeats nothing of it."""
    where = f"{file}, which GOOGLE_APPLICATION_CREDENTIALS names,"
    try:
        info = json.loads(read_regular(file, MIB))
        make = _KINDS.get(info.get("type", ""))
        if make is None:
            raise BadInput(f"{where} is none of {', '.join(_KINDS)}")
        return make(info)
    except OSError as error:
        raise BadInput(f"cannot read {file}, which GOOGLE_APPLICATION_CREDENTIALS names: {error.strerror}") from None
    except (GoogleAuthError, RecursionError, *_MALFORMED):
        raise BadInput(f"{where} is no file of credentials as Google writes them") from None


def _read(token: object, expiry: object, registry: str) -> Issued:
    if not isinstance(token, str) or not token:
        raise BadResponse(f"Google was asked for a token for {registry} and hands out something that is none")
    try:
        credential = Basic(_USERNAME, Secret(token))
    except ValueError as error:
        raise BadResponse(f"Google's token for {registry} cannot be sent: {error}") from None
    # google-auth keeps times in UTC that do not say so.
    ends = expiry.replace(tzinfo=UTC).timestamp() if isinstance(expiry, datetime) else wall() + IDENTITY_LIFE
    return Issued(credential, ends - wall())


def _explained(error: GoogleAuthError | OSError, what: str, file: Path | None) -> WorldError:
    """The one clear line for what google-auth raises."""
    transport = isinstance(error, TransportError) or isinstance(error.__cause__, TransportError)
    if transport and file is None:
        return Unavailable(
            f"{what}: GOOGLE_APPLICATION_CREDENTIALS names no file, and the metadata service says: {said(error)}"
        )
    if transport or (isinstance(error, RefreshError) and error.retryable):
        return Unavailable(f"{what} now: {said(error)}")
    return Refused(f"{what}: {said(error)}")
