"""The way to the REST API of Gitea and Forgejo, v1.

There is no library between: the clients that there are were made by a generator for one version of one of the two, or
by one person for themselves. What we use is the same in both since Gitea 1.20.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from imagebot.forge.manners import Manners
from imagebot.forge.session import session
from imagebot.forge.wire import Dialect, Parameters, Reply, Wire
from imagebot.settings import TokenCredentials

API = "/api/v1"
_RIGHTS = "the scopes `write:repository` and `write:issue`, and its owner the right to write to the repository"


def connect(api_url: str, credentials: TokenCredentials, ca_file: Path | None, manners: Manners) -> Wire:
    """The API at `api_url`; asks nothing of it yet."""
    connections = session("token", credentials.token, ca_file)

    def ask(verb: str, path: str, parameters: Parameters, body: Mapping[str, object] | None) -> Reply:
        response = connections.request(verb, api_url + path, params=parameters, json=body, timeout=manners.timeout_s)
        return Reply(response.status_code, response.headers, response.content)

    # Servers give out 50 at a time unless they were told otherwise.
    return Wire(ask, Dialect(urlsplit(api_url).netloc, "limit", 50, _RIGHTS), manners)
