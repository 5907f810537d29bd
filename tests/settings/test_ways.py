"""Proxies and certificates: the keys, the environment without them, and what is written for one party alone."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from imagebot.errors import BadInput
from imagebot.proxies import DIRECT, Certificates, ClientCertificate, NoProxy, Proxies, Proxy
from imagebot.secret import Secret, SecretFile
from imagebot.settings.resolve import Settings, read_settings

HERE = Path("/etc/imagebot")
FILE = """\
policies: [p]
repositories: {env: {url: "https://git.corp/a/b", forge: gitea, KEYS}}
sources: {api: {url: "https://git.corp/a/api"}}
registries: {r.corp: {KEYS}}
"""


def settings(more: str = "", keys: str = "", **environ: str) -> Settings:
    text = FILE.replace("KEYS", keys) + more
    return read_settings("imagebot.yaml", text.encode(), HERE, environ)


def towards(given: Settings, host: str = "ghcr.io", scheme: str = "https") -> str:
    return str(given.way.proxies.towards(scheme, host))


@pytest.mark.parametrize(
    ("environ", "http", "https"),
    [
        ({}, "None", "None"),
        ({"HTTPS_PROXY": "http://p:3128"}, "None", "http://p:3128"),
        ({"https_proxy": "http://p:3128"}, "None", "http://p:3128"),
        ({"HTTPS_PROXY": "http://large:1", "https_proxy": "http://small:1"}, "None", "http://small:1"),
        ({"HTTP_PROXY": "http://p:3128"}, "http://p:3128", "None"),
        ({"HTTP_PROXY": "http://p:3128", "REQUEST_METHOD": "GET"}, "None", "None"),
        ({"http_proxy": "http://p:3128", "REQUEST_METHOD": "GET"}, "http://p:3128", "None"),
        ({"HTTPS_PROXY": "p:3128"}, "None", "http://p:3128"),
        ({"HTTPS_PROXY": "https://P.corp/"}, "None", "https://p.corp:443"),
        ({"HTTPS_PROXY": ""}, "None", "None"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "ghcr.io"}, "None", "None"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, "None", "None"),
        (
            {"HTTPS_PROXY": "http://p:1", "no_proxy": "", "NO_PROXY": "quay.io http://odd/, ,ghcr.io:443"},
            "None",
            "None",
        ),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "quay.io", "NO_PROXY": "ghcr.io"}, "None", "http://p:1"),
    ],
)
def test_the_usual_variables_count_where_no_key_does(environ: dict[str, str], http: str, https: str) -> None:
    given = settings(**environ)
    assert (towards(given, scheme="http"), towards(given)) == (http, https)
    assert given.repositories["env"].way == given.sources["api"].way == given.registries["r.corp"].way == given.way
    assert towards(settings("proxy: none\n", **environ)) == "None"


def test_a_password_in_a_variable_is_kept_apart_from_the_url() -> None:
    proxy = settings(HTTPS_PROXY="http://a%40b:p%2Fw%3Aord@p:3128").way.proxies.https
    assert proxy == Proxy("http", "p", 3128, "a@b", Secret("p/w:ord"))
    assert "ord" not in f"{proxy}{proxy!r}"


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("HTTPS_PROXY", "socks5://user:hunter2@p:1080", "the variable HTTPS_PROXY: a proxy that speaks socks5"),
        ("HTTP_PROXY", "http://user:hunter2@p:0", "the variable HTTP_PROXY: the port of this proxy does not exist"),
        ("HTTPS_PROXY", "http://user:hunter2@/p", "the variable HTTPS_PROXY: this is no URL of a proxy"),
        ("https_proxy", "http://user:hunter2@/p", "the variable https_proxy: this is no URL of a proxy"),
    ],
)
def test_a_variable_that_is_no_proxy_is_named_and_not_shown(variable: str, value: str, says: str) -> None:
    with pytest.raises(BadInput, match=says) as refused:
        settings(**{variable: value})
    assert "hunter2" not in str(refused.value)


def test_a_key_goes_before_the_variables_and_one_partys_before_that_of_all() -> None:
    own = "proxy: {url: 'https://own:8443', username: bot, passwordFile: pw, noProxy: [.corp], caFile: p.pem}"
    given = settings("proxy: http://all:3128\ncaFile: all.pem\n", own, HTTPS_PROXY="http://env:1", NO_PROXY="ghcr.io")

    assert towards(given) == "None", "NO_PROXY stands where noProxy does not"
    assert towards(given, "quay.io") == "http://all:3128"
    mine = Proxy("https", "own", 8443, "bot", SecretFile(HERE / "pw"), Certificates(HERE / "p.pem"))
    expected = Proxies(mine, mine, NoProxy.parse([".corp"]))
    assert given.registries["r.corp"].way.proxies == given.repositories["env"].way.proxies == expected
    assert given.sources["api"].way.proxies == given.way.proxies
    assert towards(settings("proxy: http://all:3128\n", "proxy: none"), "quay.io") == "http://all:3128"
    assert settings("proxy: http://all:3128\n", "proxy: none").registries["r.corp"].way == DIRECT


def test_the_forge_may_have_another_proxy_than_git() -> None:
    text = FILE.replace("forge: gitea, KEYS", "forge: gitea, apiProxy: http://api:1").replace("KEYS", "")
    found = read_settings("imagebot.yaml", (text + "proxy: http://all:1\n").encode(), HERE, {}).repositories["env"]
    assert [str(way.proxies.https) for way in (found.way, found.api_way)] == ["http://all:1", "http://api:1"]


@pytest.mark.parametrize(
    ("more", "environ", "file"),
    [
        ("", {}, None),
        ("", {"SSL_CERT_FILE": "/etc/bundle.pem"}, Path("/etc/bundle.pem")),
        ("caFile: company.pem\n", {"SSL_CERT_FILE": "/etc/bundle.pem"}, HERE / "company.pem"),
    ],
)
def test_one_authority_for_all_is_everybodys_who_has_none_of_his_own(
    more: str, environ: dict[str, str], file: Path | None
) -> None:
    given = settings(more + "proxy: https://p:1\n", "clientCertFile: c.pem", **environ)
    shown = ClientCertificate(HERE / "c.pem", HERE / "c.pem")
    assert given.way.certificates == given.sources["api"].way.certificates == Certificates(file)
    assert given.registries["r.corp"].way.certificates == Certificates(file, shown)
    assert given.repositories["env"].api_way.certificates == Certificates(file, shown)
    assert given.way.proxies.https == replace(Proxy.parse("https://p:1"), certificates=Certificates(file))
    own = settings(more, "caFile: own.pem, clientCertFile: c.pem, clientKeyFile: k.pem", **environ)
    shown = ClientCertificate(HERE / "c.pem", HERE / "k.pem")
    assert own.registries["r.corp"].way.certificates == Certificates(HERE / "own.pem", shown)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("proxy: http://bot:hunter2@p:1", "leave user and password out of the URL; write username, and passwordFile"),
        ("proxy: http://bot@p:1", "leave user and password out of the URL"),
        ("proxy: false", "this is no URL of a proxy; write http://HOST:PORT"),
        ("proxy: {url: 'socks5://p:1'}", "a proxy that speaks socks5 is not known here"),
        ("proxy: {url: 'p:1', password: hunter2}", "unknown key 'password'; secrets come from files"),
        ("proxy: {url: 'p:1', passwordEnv: P}", "a password goes with a username"),
        ("proxy: {url: 'p:1', username: u, passwordEnv: P, passwordFile: f}", "write one of passwordFile and"),
        ("proxy: {url: 'p:1', noProxy: ['http://a']}", "'http://a' is no host, .suffix, network or host:port"),
        ("proxy: {url: 'p:1', noProxy: ['192.168.*']}", "'192.168.*' is no host, .suffix, network or host:port"),
        ("proxy: {username: u}", "the key 'url' is missing"),
    ],
)
def test_what_is_no_proxy_is_told_where_it_stands_and_shows_no_password(more: str, says: str) -> None:
    with pytest.raises(BadInput, match=re.escape(says)) as refused:
        settings(more + "\n", P="hunter2")
    assert "hunter2" not in str(refused.value)


def test_a_key_without_its_certificate_is_refused() -> None:
    with pytest.raises(BadInput, match="a key goes with its certificate; write clientCertFile as well"):
        settings(keys="clientKeyFile: k.pem")


@pytest.mark.parametrize(
    ("entry", "covered", "not_covered"),
    [
        ("corp.test", ["corp.test", "a.corp.test", "CORP.test", "corp.test."], ["corp.tes", "xcorp.test"]),
        (".corp.test", ["a.corp.test", "a.b.corp.test"], ["corp.test", "xcorp.test"]),
        ("*.corp.test", ["a.corp.test"], ["corp.test"]),
        ("corp.test:8443", ["corp.test:8443"], ["corp.test", "corp.test:80"]),
        ("10.0.0.0/8", ["10.1.2.3", "10.1.2.3:5000"], ["11.1.2.3", "10.corp.test"]),
        ("10.1.2.3", ["10.1.2.3"], ["10.1.2.4"]),
        ("10.1.2.3:5000", ["10.1.2.3:5000"], ["10.1.2.3"]),
        ("fd00::/8", ["[fd12::1]", "[fd12::1]:5000"], ["[fe80::1]", "10.1.2.3"]),
        ("[fd12::1]:5000", ["[fd12::1]:5000"], ["[fd12::1]"]),
        ("*", ["anything.test", "10.1.2.3:5000"], []),
        ("quay.io", ["localhost", "127.0.0.1:5000", "[::1]:5000", "127.1.2.3", "quay.io"], ["localhost.corp.test"]),
    ],
)
def test_who_is_asked_without_the_proxy(entry: str, covered: list[str], not_covered: list[str]) -> None:
    proxy = Proxy.parse("http://p:1")
    proxies = Proxies(proxy, proxy, NoProxy.parse([entry]))

    def asked(netloc: str) -> Proxy | None:
        found = re.fullmatch(r"(.*?\]?)(?::([0-9]+))?", netloc)
        assert found is not None
        return proxies.towards("https", found[1], int(found[2]) if found[2] else None)

    assert [netloc for netloc in covered if asked(netloc)] == []
    assert [netloc for netloc in not_covered if not asked(netloc)] == []


def test_who_is_reached_by_which_proxy_is_told_without_a_password() -> None:
    assert settings().proxies_told == {}
    given = settings(
        "proxy: {url: 'http://all:3128', username: bot, passwordEnv: P, noProxy: [.corp, 10.0.0.0/8, 'a:80', '*']}\n",
        "proxy: none",
        P="hunter2-hunter2",
    )
    assert given.proxies_told == {
        "all hosts": "http://all:3128, without it .corp, a:80, 10.0.0.0/8, *",
        "registry r.corp": "none",
        "git of env": "none",
        "forge of env": "none",
    }
    assert settings(HTTPS_PROXY="http://u:hunter2@p:1").proxies_told == {
        "all hosts": "http by none, https by http://p:1"
    }


def test_a_mirror_that_a_setting_names_is_listed_by_that() -> None:
    text = FILE.replace("r.corp: {KEYS}", "docker.io: {mirror: harbor.corp/hub}, cache.corp: {pullThrough: quay.io}")
    closed = text.replace("KEYS", "") + "onlyListedRegistries: true\nproxy: http://p:1\n"
    given = read_settings("imagebot.yaml", closed.encode(), HERE, {})
    listed = {"docker.io", "harbor.corp", "cache.corp", "quay.io"}
    assert (set(given.registries), given.policy_rules.settings.registries) == (listed, frozenset(listed))
    assert {str(one.way.proxies.https) for one in given.registries.values()} == {"http://p:1"}
