"""Azure Container Registry: a token of Microsoft Entra's, which azure-identity asks for and the registry exchanges.

azure-identity finds the identity itself: a service principal in variables, workload identity, a managed identity. What
comes of the exchange is a refresh token of the registry's, with which its token server is asked as by anybody.
https://azure.github.io/acr/AAD-OAuth.html
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import CredentialUnavailableError, DefaultAzureCredential

from imagebot.clock import wall
from imagebot.errors import BadResponse, Refused, Unavailable, WorldError
from imagebot.proxies import WayOut
from imagebot.registry.body import Request, Response
from imagebot.registry.endpoint import Endpoint
from imagebot.registry.identities.library import TRIES, asking, said
from imagebot.registry.identities.network import CloudNetwork, session
from imagebot.registry.json_reader import may_be_deep
from imagebot.registry.limits import IDENTITY_LIFE, IDENTITY_SECONDS, PATIENCE, TOKEN_BYTES, Deadline
from imagebot.registry.logins import RefreshToken
from imagebot.registry.renewal import Issued
from imagebot.registry.responses import failure, json_object
from imagebot.secret import Secret

# For whom the token is: the registries' own name where there is one, else the cloud's management.
_AUDIENCES = {
    "io": "https://containerregistry.azure.net/.default",
    "cn": "https://management.chinacloudapi.cn/.default",
    "us": "https://management.usgovcloudapi.net/.default",
}
# Those that start programs or want a person.
_NOT_HERE = (
    "shared_token_cache",
    "visual_studio_code",
    "cli",
    "developer_cli",
    "powershell",
    "interactive_browser",
    "broker",
)
_HERE = ("environment", "workload_identity", "managed_identity")


def issue(registry: str, way: WayOut, endpoint: Endpoint) -> Issued:
    """A refresh token of `registry`. Raises every `WorldError`."""
    what = f"Azure hands out no token for {registry}"
    with asking(what, way, (AzureError, OSError), lambda error: _explained(error, what)) as network:
        token = Secret(_token(registry, network))
    deadline = Deadline(replace(PATIENCE, total=IDENTITY_SECONDS))
    return _read(endpoint.wire.send(_exchange(registry, endpoint, token), deadline), registry)


def _token(registry: str, network: CloudNetwork) -> str:
    excluded = {f"exclude_{name}_credential": True for name in _NOT_HERE}
    included = {f"exclude_{name}_credential": False for name in _HERE}
    transport = RequestsTransport(session=session(network), session_owner=False)
    identity = DefaultAzureCredential(**excluded, **included, transport=transport, retry_total=TRIES - 1)
    return identity.get_token(_AUDIENCES[registry.rpartition(".")[2]]).token


def _exchange(registry: str, endpoint: Endpoint, token: Secret) -> Request:
    tenant = _claims(token.reveal()).get("tid")
    form = {"grant_type": "access_token", "service": registry, "access_token": token.reveal()}
    url = replace(endpoint.base, rest="/oauth2/exchange")
    return Request("POST", url, TOKEN_BYTES, form=form | ({"tenant": tenant} if isinstance(tenant, str) else {}))


def _read(answer: Response, registry: str) -> Issued:
    if answer.status == HTTPStatus.NOT_FOUND:  # of no image, so nobody shall take it for one that is gone
        raise BadResponse(f"{registry} exchanges no token of Azure's: there is nobody to ask (404)")
    if answer.status != HTTPStatus.OK:
        raise failure(answer, registry, "exchange Azure's token", "give the bot's identity the role AcrPull")
    token = json_object(answer, registry).get("refresh_token")
    try:
        credential = RefreshToken(Secret(token if isinstance(token, str) else ""))
    except ValueError:
        raise BadResponse(f"{registry} exchanges Azure's token for something that is none") from None
    match _claims(credential.token.reveal()):
        case {"exp": int(ends) | float(ends)}:
            return Issued(credential, ends - wall())
    return Issued(credential, IDENTITY_LIFE)


def _claims(token: str) -> dict[str, Any]:
    """What a JSON web token says, unchecked: it is for others to believe. Nothing where it is none."""
    try:
        payload = token.split(".")[1]
        claims = urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        found = {} if may_be_deep(claims) else json.loads(claims)
    except (ValueError, IndexError):
        return {}
    return found if isinstance(found, dict) else {}


def _explained(error: Exception, what: str) -> WorldError:
    """The one clear line for what azure-identity raises."""
    match error:
        case CredentialUnavailableError() | ClientAuthenticationError():
            return Refused(f"{what}: {said(error)}")
        case HttpResponseError(status_code=int(status)) if status < 500 and status not in (408, 429):
            return Refused(f"{what}: {said(error)}")
        case AzureError():
            return Unavailable(f"{what} now: {said(error)}")
    return Refused(f"{what}: {said(error)}")
