"""Git over https by a proxy that alone knows where the server is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from imagebot.errors import BadInput, Refused, Unavailable, WorldError
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.push import Pushed, PushUpdate
from imagebot.gitrepo.remote import Remote
from imagebot.proxies import Certificates, ClientCertificate, NoProxy, Proxies, Proxy, WayOut
from imagebot.secret import Secret
from imagebot.settings.resolve import Author, TokenCredentials
from tests.support import tls
from tests.support.forward_proxy import ForwardProxy, forward_proxy
from tests.support.git_http import GitHttpServer, git_http_server
from tests.support.git_repos import BareRepository
from tests.support.sound import proved

HOST = "git.corp.test"
URL = f"https://{HOST}/environments.git"
TOKEN = TokenCredentials(Secret("a-t0ken-0f-git"), "bot")
CANARY = "c4n4ry^%/+=$(x)`x`\"'\\ word"


@dataclass
class Place:
    folder: Path
    server: GitHttpServer
    proxy: ForwardProxy
    certificates: Certificates

    def mirror(self, proxy: Proxy | None = None, without: NoProxy | None = None) -> Mirror:
        known = proxy or self.named(CANARY)
        way = WayOut(Proxies(known, known, without), self.certificates)
        return Mirror.open(self.folder / "state/m.git", Remote(URL, "main", TOKEN, way))

    def named(self, password: str) -> Proxy:
        return replace(Proxy.parse(self.proxy.url), username="a b@corp", password=Secret(password))


@pytest.fixture
def place(tmp_path: Path, environments: BareRepository) -> Iterator[Place]:
    """A server that lets in only who shows a certificate and a token, and a proxy that wants a password."""
    environments.git("config", "http.receivepack", "true")
    context, authority, client = tls.asking(tmp_path, HOST)
    with ExitStack() as stack:
        server = stack.enter_context(git_http_server(tmp_path, context))
        server.users["bot"] = TOKEN.token.reveal()
        known = ForwardProxy({f"{HOST}:443": ("127.0.0.1", server.port)}, {"a b@corp": CANARY})
        proxy = stack.enter_context(forward_proxy(known))
        yield Place(tmp_path, server, proxy, Certificates(authority, ClientCertificate(client, client)))


def test_a_pass_by_a_proxy_with_a_password(place: Place, environments: BareRepository) -> None:
    mirror = place.mirror()
    base = mirror.fetch("imagebot/").base
    commit = mirror.commit(base, {"README.md": proved(b"x" * 2_000_000)}, "large enough for chunks", Author())

    assert mirror.push([PushUpdate("imagebot/a", commit, None)]) == {"imagebot/a": Pushed()}
    assert environments.branches()["imagebot/a"] == commit
    assert place.proxy.hosts == {f"{HOST}:443"}


def test_no_password_is_in_a_setting_of_git(place: Place) -> None:
    """Each is handed over by a variable, to whom it is for alone: settings are shown by errors and by tracing."""
    environment = place.mirror().remote.environment()
    holders = {name for name, value in environment.items() if CANARY in value or TOKEN.token.reveal() in value}
    assert holders == {"IMAGEBOT_GIT_PASSWORD", "IMAGEBOT_PROXY_PASSWORD"}


def test_a_proxy_that_speaks_tls_itself_has_certificates_of_its_own(place: Place) -> None:
    """Only what git is told: with GnuTLS, as Debian builds it, it gets stuck in the tunnel (git 2.39, curl 7.88)."""
    theirs = Certificates(place.certificates.ca_file, place.certificates.client)
    proxy = replace(place.named(CANARY), scheme="https", certificates=theirs)
    environment = place.mirror(proxy).remote.environment()
    config = {
        environment[f"GIT_CONFIG_KEY_{number}"]: environment[f"GIT_CONFIG_VALUE_{number}"]
        for number in range(int(environment["GIT_CONFIG_COUNT"]))
    }
    client = str(place.folder / "client.pem")
    assert {key: value for key, value in config.items() if key.startswith("http.prox")} == {
        "http.proxy": f"https://a%20b%40corp@127.0.0.1:{place.proxy.port}",
        "http.proxyAuthMethod": "basic",
        "http.proxySSLCAInfo": str(place.folder / "authority.pem"),
        "http.proxySSLCert": client,
        "http.proxySSLKey": client,
    }


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (None, Refused, "the proxy wants another user name and password: see `proxy` in imagebot.yaml, or HTTPS_PROXY"),
        ([b"HTTP/1.1 403 No\r\n\r\n"], Refused, "the proxy does not let it be asked"),
        ([b"HTTP/1.1 502 No\r\n\r\n"], Unavailable, "the proxy cannot reach it now"),
    ],
)
def test_a_proxy_that_makes_no_tunnel_is_told_by_what_it_said(
    place: Place, answer: list[bytes] | None, kind: type[WorldError], says: str
) -> None:
    place.proxy.answers = {} if answer is None else {f"{HOST}:443": answer}
    with pytest.raises(kind, match=says) as refused:
        place.mirror(place.named("wrong-password" if answer is None else CANARY)).fetch("imagebot/")
    assert "wrong-password" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://nobody.invalid:3128", "http://127.0.0.1:9"])
def test_a_proxy_that_is_not_there(place: Place, url: str) -> None:
    with pytest.raises(Unavailable):
        place.mirror(Proxy.parse(url)).fetch("imagebot/")


def test_who_needs_no_proxy_is_asked_without(place: Place) -> None:
    with pytest.raises(Unavailable, match="host is not found"):
        place.mirror(without=NoProxy.parse(["corp.test"])).fetch("imagebot/")
    assert place.proxy.asked == []


def test_a_password_that_cannot_be_sent_is_bad_input(place: Place) -> None:
    with pytest.raises(BadInput, match="the credentials for the proxy"):
        place.mirror(place.named("two\nlines")).remote.environment()
