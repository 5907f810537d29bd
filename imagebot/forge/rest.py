"""The way to the REST APIs of GitLab (v4), of Gitea and Forgejo (v1), of Bitbucket and of Azure DevOps.

There is no library between. Gitea's clients were made by a generator for one version, or by one person for themselves.
python-gitlab follows redirects with the token, sleeps as long as a 429 tells it to, goes to whatever page an answer
links to, and its errors lose the headers, where GitLab says when to come again (read in python-gitlab 8.6); without its
objects there is nothing left in it but URLs.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from imagebot.errors import BadInput
from imagebot.forge.credentials import account, sendable
from imagebot.forge.manners import Manners
from imagebot.forge.transport import Reply, Transport
from imagebot.forge.wire import Body, Dialect, Parameters, Wire
from imagebot.knownforges import FACTS
from imagebot.settings.resolve import RepositorySettings, TokenCredentials

_PATCH = "application/json-patch+json"

Authorization = Callable[[str], str]
"""What stands in the header of that name, for a token."""


def bearer(token: str) -> str:
    """RFC 6750."""
    return f"Bearer {token}"


def basic(user: str) -> Authorization:
    """The token as the password of this user (RFC 7617), who may be nobody."""
    return lambda token: f"Basic {base64.b64encode(f'{user}:{token}'.encode()).decode()}"


def token_of(settings: RepositorySettings) -> TokenCredentials:
    """What the API of this repository's forge is asked with. Raises `BadInput` without a token, or an API."""
    wants = f"repository {settings.name}: forge: {settings.forge} needs"
    credentials = settings.forge_credentials
    if not isinstance(credentials, TokenCredentials):
        raise BadInput(f"{wants} a token to open {FACTS[settings.forge].noun}s with")
    if not settings.api_url:
        raise BadInput(f"{wants} the URL of its API")
    return credentials


def connect(
    settings: RepositorySettings,
    credentials: TokenCredentials | None,
    authorization: Authorization,
    dialect: Dialect,
    manners: Manners,
) -> Wire:
    """The API at `settings.api_url`; asks nothing of it yet. Without credentials it may only be read."""
    transport = Transport(settings.api_way, manners.timeout_s)

    def ask(verb: str, path: str, parameters: Parameters, body: Body) -> Reply:
        # Read for each request: mounted secrets rotate.
        headers = {}
        if credentials is not None:
            headers["Authorization"] = authorization(sendable(credentials.token.reveal(), "the forge"))
        if body is not None:
            headers["Content-Type"] = "application/json" if isinstance(body, Mapping) else _PATCH
        url = path if path == dialect.graphql else settings.api_url + path
        url += f"?{urlencode(parameters)}" if parameters else ""
        return transport.send(verb, url, headers, None if body is None else json.dumps(body).encode())

    return Wire(ask, dialect, manners, lambda: account(dialect.host, credentials))
