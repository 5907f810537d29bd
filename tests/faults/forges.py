"""The fake forges beside the repository whose pull requests they keep."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.faults.schedule import ForgeName
from tests.support import (
    api_descriptions,
    azure_server,
    bitbucket_cloud_server,
    bitbucket_dc_server,
    gitea_server,
    github_server,
    gitlab_server,
)
from tests.support.forge_server import Answer, ForgeServer
from tests.support.github_server import GitHubServer
from tests.support.openapi import Call


class GitHubOverGit(GitHubServer):
    """Opens nothing for a branch that is not there or brings nothing, as GitHub does not."""

    def __init__(self, bare: Path) -> None:
        super().__init__(github_server.described())
        self._bare = bare

    def decide(self, call: Call, authorization: str) -> Answer:
        if call.verb == "POST" and call.path.endswith("/pulls") and (wrong := self._wrong(call.data)):
            error = {"resource": "PullRequest", **wrong}
            return 422, {"message": "Validation Failed", "errors": [error], "documentation_url": "https://docs.test"}
        return super().decide(call, authorization)

    def _wrong(self, data: Mapping[str, Any]) -> dict[str, str]:
        head, base = data["head"], data["base"]
        span = ["git", "-C", str(self._bare), "rev-list", "--count", f"refs/heads/{base}..refs/heads/{head}"]
        done = subprocess.run(span, capture_output=True, text=True, check=False)
        if done.returncode:
            return {"code": "invalid", "field": "head"}
        return {"code": "custom", "message": f"No commits between {base} and {head}"} if done.stdout == "0\n" else {}


SERVERS: Mapping[ForgeName, Callable[[Path], ForgeServer]] = {
    "github": GitHubOverGit,
    "gitlab": lambda _: gitlab_server.GitLabServer(gitlab_server.described()),
    "gitea": lambda _: gitea_server.GiteaServer(gitea_server.described(api_descriptions.FORGEJO)),
    "azure": lambda _: azure_server.AzureServer(azure_server.described()),
    "bitbucket cloud": lambda _: bitbucket_cloud_server.BitbucketCloudServer(bitbucket_cloud_server.described()),
    "bitbucket data center": lambda _: bitbucket_dc_server.BitbucketDataCenterServer(bitbucket_dc_server.described()),
}
