"""A URL from a registry is one that every library reads the same way, or it is none."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from urllib3.util import parse_url

from imagebot.registry.urls import Url

PARTS = st.sampled_from(
    ["http", "https", "://", ":", "//", "/", "\\", "@", "?", "#", "[", "]", "::1", "r.test", "EVIL.test", "443", "80"]
)


@pytest.mark.parametrize(
    ("text", "parts", "netloc"),
    [
        ("https://r.test", ("https", "r.test", 443, ""), "r.test"),
        ("HTTPS://R.test:443/a?b=c", ("https", "r.test", 443, "/a?b=c"), "r.test"),
        ("http://r.test:443/", ("http", "r.test", 443, "/"), "r.test:443"),
        ("http://[::1]:5000?x", ("http", "[::1]", 5000, "?x"), "[::1]:5000"),
    ],
)
def test_a_plain_url_is_taken_apart(text: str, parts: tuple[str, str, int, str], netloc: str) -> None:
    url = Url.parse(text)
    assert (url.scheme, url.host, url.port, url.rest) == parts
    assert url.netloc == netloc


@pytest.mark.parametrize(
    "text",
    [
        "",
        "r.test",
        "//r.test",
        "ftp://r.test",
        "https://",
        "https://user@r.test",
        "https://user:word@r.test",
        "https://r.test\\@evil.test",
        "https://r.test:0",
        "https://r.test:65536",
        "https://r.test:",
        "https://r.test/#a",
        "https://r.test/a b",
        "https://r.test/\n",
        "https://r.test/é",
        "https://r\u3002test",
        "https://r.test/" + "a" * 9000,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="it"):
        Url.parse(text)


@given(st.lists(PARTS, max_size=8).map("".join) | st.text())
@example("http://[]")
def test_all_libraries_agree_on_where_it_leads(text: str) -> None:
    try:
        url = Url.parse(text)
    except ValueError:
        return
    try:
        prepared = requests.Request("GET", str(url)).prepare().url
    except requests.RequestException:
        return
    assert prepared is not None
    for read in (text, prepared):
        assert urlsplit(read).hostname == url.host.strip("[]")
        assert (parse_url(read).host or "").strip("[]") == url.host.strip("[]")
        assert (urlsplit(read).port or {"http": 80, "https": 443}[url.scheme]) == url.port


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/b?c=d", "https://r.test:8443/b?c=d"),
        ("b", "https://r.test:8443/a/b"),
        ("//other.test/b", "https://other.test/b"),
        ("https://other.test#part", "https://other.test/"),
        ("", "https://r.test:8443/a/x"),
    ],
)
def test_a_location_is_read_from_where_we_are(location: str, target: str) -> None:
    assert str(Url.parse("https://r.test:8443/a/x").join(location)) == target
