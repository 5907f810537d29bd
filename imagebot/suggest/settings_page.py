"""A first imagebot.yaml: where the repository is, and how the bot is let in."""

from __future__ import annotations

from collections.abc import Mapping

from imagebot.documents.write import Noted, Plain, write

_LET_IN = """Before it can open pull requests the bot must be let in, by a variable or a file:
credentials: {tokenEnv: GITHUB_TOKEN}
credentials: {tokenFile: /run/secrets/github/token}"""
_LET_IN_BY_SSH = """Before it can open pull requests the bot must be let in: git by a key, the forge's API by a token:
credentials: {sshKeyFile: /run/secrets/ssh/key, knownHostsFile: /run/secrets/ssh/known_hosts}
apiCredentials: {tokenEnv: GITHUB_TOKEN}"""
_LOCAL = "A path: pull requests are files beside it, see `imagebot pr`. With the URL of a forge they are there."


def settings_page(name: str, url: str, branch: str, credentials: Mapping[str, str], schema: str) -> bytes:
    """The settings for one repository; `credentials` are keys as the settings have them, none where nobody gave any.

    Beside an ssh key a token is for the forge's API, which takes no ssh key.
    """
    is_path = url.startswith("/")
    repository: dict[str, Plain | Noted] = {"url": url, "branch": branch}
    if is_path:
        repository["url"] = Noted(url, above=_LOCAL)
    elif "sshKeyFile" in credentials:
        ssh = ("sshKeyFile", "knownHostsFile")
        repository["credentials"] = {key: value for key, value in credentials.items() if key in ssh}
        repository["apiCredentials"] = {key: value for key, value in credentials.items() if key not in ssh}
    elif credentials:
        repository["credentials"] = credentials
    else:
        repository["url"] = Noted(url, above=_LET_IN if url.startswith("https://") else _LET_IN_BY_SSH)
    page: dict[str, Plain | Noted] = {
        "policies": ["policies/"],
        "repositories": {name: repository},
    }
    return write(page, [f"yaml-language-server: $schema={schema}"])
