"""The way to the REST APIs of GitLab (v4) and of Gitea and Forgejo (v1).

There is no library between. Gitea's clients were made by a generator for one version, or by one person for themselves.
python-gitlab follows redirects with the token, sleeps as long as a 429 tells it to, goes to whatever page an answer
links to, and its errors lose the headers, where GitLab says when to come again (read in python-gitlab 8.6); without its
objects there is nothing left in it but URLs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from imagebot.forge.credentials import account, sendable
from imagebot.forge.manners import Manners
from imagebot.forge.transport import Reply, Transport
from imagebot.forge.wire import Dialect, Parameters, Wire
from imagebot.settings.resolve import RepositorySettings, TokenCredentials


def connect(
    settings: RepositorySettings, credentials: TokenCredentials, scheme: str, dialect: Dialect, manners: Manners
) -> Wire:
    """The API at `settings.api_url`; asks nothing of it yet. Each request has `Authorization: SCHEME TOKEN`."""
    transport = Transport(settings.ca_file, manners.timeout_s)

    def ask(verb: str, path: str, parameters: Parameters, body: Mapping[str, object] | None) -> Reply:
        # Read for each request: mounted secrets rotate.
        headers = {"Authorization": f"{scheme} {sendable(credentials.token.reveal(), 'the forge')}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        url = path if path == dialect.graphql else settings.api_url + path
        url += f"?{urlencode(parameters)}" if parameters else ""
        return transport.send(verb, url, headers, None if body is None else json.dumps(body).encode())

    return Wire(ask, dialect, manners, lambda: account(dialect.host, credentials))
