"""The way to GitLab's REST API, v4, through python-gitlab.

python-gitlab brings the API's URLs and encodings. Its objects are not used, nor its paging, retries and errors: it
follows redirects with the token (a `PRIVATE-TOKEN` header goes to any host), sleeps as long as a 429 tells it to, goes
to whatever page an answer links to, and its errors lose the headers, where GitLab says when to come again (read in
python-gitlab 8.6). Here every path is ours and every answer is checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import requests
from gitlab import Gitlab
from gitlab.exceptions import GitlabError

from imagebot.errors import BadInput
from imagebot.forge.manners import Manners
from imagebot.forge.session import USER_AGENT, session
from imagebot.forge.wire import Dialect, Parameters, Reply, Wire
from imagebot.settings import TokenCredentials

API = "/api/v4"
GRAPHQL = "/api/graphql"
_RIGHTS = "the scope `api` and the role Developer in the project"


def connect(api_url: str, credentials: TokenCredentials, ca_file: Path | None, manners: Manners) -> Wire:
    """The API at `api_url`; asks nothing of it yet. Raises `BadInput` if that is no URL of GitLab's API."""
    if not api_url.endswith(API):
        raise BadInput(f"the URL of GitLab's API ends with {API}; {api_url!r} does not")
    # As a bearer token GitLab takes all its kinds: personal, project, group and OAuth tokens.
    connections = session("Bearer", credentials.token, ca_file)
    root = api_url.removesuffix(API)
    client = Gitlab(
        root,
        session=connections,
        ssl_verify=True if ca_file is None else str(ca_file),
        timeout=manners.timeout_s,
        user_agent=USER_AGENT,
    )

    def ask(verb: str, path: str, parameters: Parameters, body: Mapping[str, object] | None) -> Reply:
        answers: list[requests.Response] = []
        connections.hooks["response"] = [lambda response, *_, **__: answers.append(response)]
        with suppress(GitlabError):
            client.http_request(
                verb,
                root + path if path == GRAPHQL else path,
                query_data=dict(parameters),
                post_data=None if body is None else dict(body),
                obey_rate_limit=False,
                retry_transient_errors=False,
            )
        response = answers[-1]
        return Reply(response.status_code, response.headers, response.content)

    return Wire(ask, Dialect(urlsplit(api_url).netloc, "per_page", 100, _RIGHTS), manners)
