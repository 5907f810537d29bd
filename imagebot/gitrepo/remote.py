"""Where an environment repository is, and how git proves there who it is."""

from __future__ import annotations

import re
import shlex
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never
from urllib.parse import quote

from imagebot.errors import BadInput
from imagebot.gitnames import GitUrl
from imagebot.gitrepo.git_env import sealed
from imagebot.gitrepo.names import branch_name
from imagebot.regular import hand_on
from imagebot.settings.resolve import SshKey, TokenCredentials

_CONTROL = re.compile(r"[\x00-\x1f\x7f]", re.ASCII)
_ESCAPED_CONTROL = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff])", re.ASCII)

_USERNAME = "IMAGEBOT_GIT_USERNAME"
_PASSWORD = "IMAGEBOT_GIT_PASSWORD"

# Not an askpass program: that would be a file with an execute bit, which a wheel, a `COPY` or a volume mounted noexec
# can lose. A helper in git's own settings needs only the shell that git needs anyway, and `printf` is built into every
# shell, so the token is in no argument list. Bound to one origin: git asks it for no other host.
_HELPER = (
    f'!answer() {{ if [ "$1" = get ]; then'
    f' printf "username=%s\\npassword=%s\\n" "${_USERNAME}" "${_PASSWORD}"; fi; }}; answer'
)
_SSH_OPTIONS = (
    "BatchMode=yes",
    "ClearAllForwardings=yes",
    "ConnectTimeout=30",
    "ControlPath=none",
    "GlobalKnownHostsFile=/dev/null",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "PermitLocalCommand=no",
    "ServerAliveInterval=15",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
)


@dataclass(frozen=True, slots=True)
class Remote:
    """An environment repository and its base branch. `ca_file` is trusted in place of public authorities.

    Raises `BadInput` for a URL that git must not see, and for credentials that do not go with it.
    """

    url: str
    branch: str = "main"
    credentials: TokenCredentials | SshKey | None = None
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        branch_name(self.branch)
        scheme = self._parsed().scheme
        if (scheme == "ssh") != isinstance(self.credentials, SshKey):
            raise BadInput(
                f"{self.url}: an ssh URL needs an ssh key and its known hosts, and no other URL can use them"
            )
        if scheme == "local" and self.credentials is not None:
            raise BadInput(f"{self.url}: a local path needs no credentials")

    def _parsed(self) -> GitUrl:
        try:
            url = GitUrl.parse(self.url)
        except ValueError as error:
            raise BadInput(f"git URL: {error}") from None
        if _ESCAPED_CONTROL.search(self.url) or url.host.startswith("-"):
            raise BadInput(f"{self.url}: this is no URL of a git repository")
        if url.scheme == "local" and not url.text.startswith("/"):
            raise BadInput(f"{self.url}: a local repository needs its absolute path")
        return url

    def environment(self) -> dict[str, str]:
        """Git's environment for this remote. The token is read now: a mounted secret may have been replaced."""
        scheme = self._parsed().scheme
        allowed: dict[str, str] = {"GIT_ALLOW_PROTOCOL": "file" if scheme == "local" else scheme}
        match self.credentials:
            case TokenCredentials() as token:
                return self._with_token(token, allowed)
            case SshKey() as key:
                return sealed(variables={"GIT_SSH_COMMAND": _ssh_command(key), "GIT_SSH_VARIANT": "ssh", **allowed})
            case None:
                return sealed(self._trust(), allowed)
            case _:
                assert_never(self.credentials)

    def _trust(self) -> list[tuple[str, str]]:
        return [("http.sslCAInfo", hand_on(self.ca_file, "caFile"))] if self.ca_file else []

    def _with_token(self, credentials: TokenCredentials, allowed: dict[str, str]) -> dict[str, str]:
        url = self._parsed()
        token = credentials.token.reveal()
        if _CONTROL.search(token + credentials.username):
            raise BadInput(f"the credentials for {self.url} hold a line break or another control character")
        config = [(f"credential.{url.scheme}://{url.host}.helper", _HELPER), *self._trust()]
        return sealed(config, {_USERNAME: credentials.username, _PASSWORD: token, **allowed})


def mask(text: str, environment: Mapping[str, str]) -> str:
    """`text` without the token that `environment` carries, in any of the spellings that a server might echo."""
    token = environment.get(_PASSWORD)
    if not token:
        return text
    pair = b64encode(f"{environment[_USERNAME]}:{token}".encode()).decode()
    for spelling in (pair, b64encode(token.encode()).decode(), quote(token, safe=""), quote(token), token):
        text = text.replace(spelling, "…")
    return text


def _ssh_command(key: SshKey) -> str:
    """The command line that git hands to a shell. Raises `BadInput`."""
    hand_on(key.key_file, "the ssh key")
    hand_on(key.known_hosts_file, "the known hosts")
    options = [*_SSH_OPTIONS, f'UserKnownHostsFile="{_plain(key.known_hosts_file)}"']
    words = ["ssh", "-F", "/dev/null", "-i", _plain(key.key_file)]
    return shlex.join([*words, *(word for option in options for word in ("-o", option))])


def _plain(path: Path) -> str:
    """`path` as ssh reads it, too: ssh expands `%`, `~` and `${}` in the names of files."""
    text = str(path)
    if not path.is_absolute() or _CONTROL.search(text) or any(char in text for char in '%$"\\'):
        raise BadInput(f'{text!r} cannot be given to ssh: use an absolute path without % $ " \\ and control characters')
    return text
