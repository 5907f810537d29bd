"""Where an environment repository is, and how git proves there who it is."""

from __future__ import annotations

import re
import shlex
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never
from urllib.parse import quote

from imagebot import tls
from imagebot.errors import BadInput
from imagebot.gitnames import GitUrl
from imagebot.gitrepo.git_env import sealed
from imagebot.gitrepo.names import branch_name
from imagebot.proxies import DIRECT, Certificates, Proxy, WayOut
from imagebot.regular import hand_on
from imagebot.settings.resolve import SshKey, TokenCredentials

Config = Sequence[tuple[str, str]]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]", re.ASCII)
_ESCAPED_CONTROL = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff])", re.ASCII)

_USERNAME = "IMAGEBOT_GIT_USERNAME"
_PASSWORD = "IMAGEBOT_GIT_PASSWORD"

_PROXY_USERNAME = "IMAGEBOT_PROXY_USERNAME"
_PROXY_PASSWORD = "IMAGEBOT_PROXY_PASSWORD"

# Not an askpass program: that would be a file with an execute bit, which a wheel, a `COPY` or a volume mounted noexec
# can lose. A helper in git's own settings needs only the shell that git needs anyway, and `printf` is built into every
# shell, so the token is in no argument list. Bound to one origin: git asks it for no other host.
_HELPER = (
    '!answer() {{ if [ "$1" = get ]; then'
    ' printf "username=%s\\npassword=%s\\n" "${username}" "${password}"; fi; }}; answer'
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
    """An environment repository and its base branch, reached by `way`.

    Raises `BadInput` for a URL that git must not see, and for credentials that do not go with it.
    """

    url: str
    branch: str = "main"
    credentials: TokenCredentials | SshKey | None = None
    way: WayOut = DIRECT

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
                return self._sealed([], allowed)
            case _:
                assert_never(self.credentials)

    def _sealed(self, config: Config, variables: Mapping[str, str]) -> dict[str, str]:
        """Git's environment over http: no password is in an argument or a URL, and each is bound to one origin."""
        url = self._parsed()
        host, _, port = url.host.rpartition(":") if re.search(r":[0-9]+$", url.host) else (url.host, "", "")
        proxy = self.way.proxies.towards(url.scheme, host, int(port) if port else None) if host else None
        config = [*config, *_certificates(self.way.certificates, "http.ssl", "")]
        return sealed(config, variables) if proxy is None else _by_proxy(proxy, config, variables)

    def _with_token(self, credentials: TokenCredentials, allowed: dict[str, str]) -> dict[str, str]:
        url = self._parsed()
        token = credentials.token.reveal()
        if _CONTROL.search(token + credentials.username):
            raise BadInput(f"the credentials for {self.url} hold a line break or another control character")
        config = [(f"credential.{url.scheme}://{url.host}.helper", _helper(_USERNAME, _PASSWORD))]
        return self._sealed(config, {_USERNAME: credentials.username, _PASSWORD: token, **allowed})


def _by_proxy(proxy: Proxy, config: Config, variables: Mapping[str, str]) -> dict[str, str]:
    proxy.authorization()  # what cannot be sent is refused
    user = f"{quote(proxy.username, safe='')}@" if proxy.username else ""
    origin = f"{proxy.host}:{proxy.port}"
    config = [
        *config,
        ("http.proxy", f"{proxy.scheme}://{user}{origin}"),
        ("http.proxyAuthMethod", "basic"),
        *_certificates(proxy.certificates, "http.proxySSL", f"the proxy {proxy}"),
    ]
    if proxy.username:
        config.append((f"credential.{proxy.scheme}://{origin}.helper", _helper(_PROXY_USERNAME, _PROXY_PASSWORD)))
        password = "" if proxy.password is None else proxy.password.reveal()
        variables = {**variables, _PROXY_USERNAME: proxy.username, _PROXY_PASSWORD: password}
    return sealed(config, variables)


def _certificates(certificates: Certificates, prefix: str, whose: str) -> Config:
    """Git's settings for them. Raises `BadInput` for files that do not serve."""
    found: list[tuple[str, str]] = []
    if certificates.ca_file is not None:
        found.append((f"{prefix}CAInfo", hand_on(certificates.ca_file, "caFile")))
    if certificates.client is not None:
        file, key_file = tls.checked(certificates.client, whose or "git")
        found += [(f"{prefix}Cert", file), (f"{prefix}Key", key_file)]
    return found


def _helper(username: str, password: str) -> str:
    return _HELPER.format(username=username, password=password)


def mask(text: str, environment: Mapping[str, str]) -> str:
    """`text` without the secrets that `environment` carries, in any of the spellings that a server might echo."""
    for username, secret in ((_USERNAME, _PASSWORD), (_PROXY_USERNAME, _PROXY_PASSWORD)):
        if token := environment.get(secret):
            pair = b64encode(f"{environment[username]}:{token}".encode()).decode()
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
