"""Links lead to what the image comes from, or nowhere; what its labels say cannot bend them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from imagebot.images.about import About
from imagebot.knownforges import ForgeKind
from imagebot.review.links import HOSTS, Links, links
from imagebot.selection.verdict import Version
from tests.support.abouts import NEW, OLD, about
from tests.support.changes import UPDATE

BEFORE, AFTER = "1" * 40, "2" * 40
COMMITS = f"{BEFORE}...{AFTER}"
OURS: Mapping[str, ForgeKind] = {**HOSTS, "git.acme.internal:8443": "gitea", "github.acme.internal": "github"}


def from_source(source: str) -> Links:
    """Both images name this source, and their commits."""
    old, new = (about(labels={"source": source, "revision": revision}) for revision in (BEFORE, AFTER))
    return links(old, new, UPDATE, OURS)


@pytest.mark.parametrize(
    ("source", "compare", "notes"),
    [
        pytest.param(
            "https://github.com/acme/api",
            f"https://redirect.github.com/acme/api/compare/{COMMITS}",
            "https://redirect.github.com/acme/api/releases?q=1.5.0&expanded=true",
            id="GitHub",
        ),
        pytest.param(
            "https://github.acme.internal/acme/api",
            f"https://github.acme.internal/acme/api/compare/{COMMITS}",
            "https://github.acme.internal/acme/api/releases?q=1.5.0&expanded=true",
            id="GitHub Enterprise",
        ),
        pytest.param(
            "https://gitlab.com/acme/teams/shop/api",
            f"https://gitlab.com/acme/teams/shop/api/-/compare/{COMMITS}",
            "https://gitlab.com/acme/teams/shop/api/-/tags?search=1.5.0",
            id="GitLab",
        ),
        pytest.param(
            "https://codeberg.org/acme/api",
            f"https://codeberg.org/acme/api/compare/{COMMITS}",
            "https://codeberg.org/acme/api/tags?q=1.5.0",
            id="Forgejo",
        ),
        pytest.param(
            "https://git.acme.internal:8443/acme/api",
            f"https://git.acme.internal:8443/acme/api/compare/{COMMITS}",
            "https://git.acme.internal:8443/acme/api/tags?q=1.5.0",
            id="Gitea with a port",
        ),
    ],
)
def test_each_forge_has_its_pages(source: str, compare: str, notes: str) -> None:
    assert from_source(source) == Links(compare, notes)


@pytest.mark.parametrize("end", ["", "/", ".git", ".git/", "\n", f".git#{AFTER}:3.13/alpine"])
@pytest.mark.parametrize("start", ["https://github.com", "HTTPS://GitHub.com", "  https://github.com"])
def test_spellings_of_a_source_give_one_link(start: str, end: str) -> None:
    assert from_source(f"{start}/acme/api.js{end}").compare == (
        f"https://redirect.github.com/acme/api.js/compare/{COMMITS}"
    )


EVIL = [
    "",
    "http://github.com/acme/api",
    "ssh://git@github.com/acme/api",
    "git@github.com:acme/api.git",
    "//github.com/acme/api",
    "javascript:alert(1)",
    "javascript://github.com/acme/api",
    "data:text/html,https://github.com/acme/api",
    "https://evil.example/acme/api",
    "https://user@github.com/acme/api",
    "https://github.com@evil.example/acme/api",
    "https://github.com:password@evil.example/acme/api",
    "https://github.com:443/acme/api",
    "https://github.com:443@evil.example/acme/api",
    "https://git.acme.internal/acme/api",
    "https://git.acme.internal:8444/acme/api",
    "https://github.com./acme/api",
    "https://github.com.evil.example/acme/api",
    "https://evil.example\\@github.com/acme/api",
    "https://github.com\\.evil.example/acme/api",
    "https://github.com\\acme\\api",
    "https://g\u0131thub.com/acme/api",
    "https://github\u3002com/acme/api",
    "https://xn--gthub-n4a.com/acme/api",
    "https://[::1]/acme/api",
    "https://github.com/../acme/api",
    "https://github.com/acme/..",
    "https://github.com/./api",
    "https://github.com/acme/api/../../evil/x",
    "https://github.com/acme%2fapi/x",
    "https://github.com/acme/%2e%2e",
    "https://github.com//acme/api",
    "https://github.com/acme//api",
    "https://github.com/acme",
    "https://github.com/acme/api/tree/main/docker",
    "https://github.com/acme/.git",
    "https://gitlab.com/acme/-/api",
    "https://gitlab.com/" + "a/" * 30 + "api",
    "https://github.com/acme/api?x=https://evil.example",
    "https://github.com/?/acme/api",
    "https://github.com/acme/api#\nhttps://evil.example",
    "https://github.com/acme/api\nhttps://evil.example",
    "https://github.com/acme/\tapi",
    "https://github.com/acme/api)](https://evil.example",
    "https://github.com/acme/api](https://evil.example)",
    "https://github.com/acme/api>",
    "https://github.com/acme/a|pi",
    "https://github.com/acme/a*p*i",
    "https://github.com/acme/`api`",
    "https://github.com/acme/<img src=x>",
    "https://github.com/acme/a pi",
    "https://github.com/acme/\u0430pi",
    "https://github.com/acme/api\u202e",
    "https://github.com/acme/\u200bapi",
    "https://github.com/acme/api\x00",
    "https://github.com/acme/\ud800",
    "https://github.com/acme/" + "a" * 2000,
    "https://" + "github.com/" * 300,
]


@pytest.mark.parametrize("source", EVIL, ids=lambda source: ascii(source)[:60])
def test_evil_sources_lead_nowhere_else(source: str) -> None:
    found = from_source(source)
    assert found.because
    assert found == Links(because=found.because)


@pytest.mark.parametrize("revision", [*EVIL, "main", "v1.0", "1" * 6, "1" * 65, "g" * 40, "1234567...evil", "1234567 "])
def test_evil_commits_lead_nowhere(revision: str) -> None:
    for old, new in ((OLD, about(labels={"revision": revision})), (about(labels={"revision": revision}), NEW)):
        found = links(old, new, UPDATE)
        if revision.strip() != "1234567":
            assert found.compare is None
            assert found.because == "the images do not say from which commits they were built"
        safe(found)


def safe(found: Links) -> None:
    """Nothing but a link to a host that is known comes out when the URL stands in Markdown."""
    for url in (found.compare, found.notes):
        if url is None:
            continue
        parts = urlsplit(url)
        host = parts.netloc.replace("redirect.github.com", "github.com")
        assert parts.scheme == "https"
        assert host in OURS
        assert re.fullmatch(r"/(?:[A-Za-z0-9._-]+/)+[A-Za-z0-9._-]+", parts.path, re.ASCII)
        assert not {"..", "."} & set(parts.path.split("/"))
        (inline,) = (token for token in MarkdownIt("commonmark").parse(f"a [b]({url}) c") if token.type == "inline")
        children = inline.children or []
        assert [child.type for child in children] == ["text", "link_open", "text", "link_close", "text"]
        assert children[1].attrs == {"href": url}
        assert children[-1].content == " c"


ANY_TEXT = st.text(st.characters(exclude_categories=()))
WORDS = ["https://", "github.com", "gitlab.com", "git.acme.internal:8443", "evil.example", "acme", "api", ".git", AFTER]
MARKS = ["/", "..", "@", ":", "#", "?", "%2f", "\\", "-", ")", "](", "\n", " "]
PIECES = st.lists(st.sampled_from([*WORDS, *MARKS]), max_size=12).map("".join)
TAGS = st.from_regex(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}", fullmatch=True)


@given(ANY_TEXT | PIECES, ANY_TEXT | PIECES, ANY_TEXT | PIECES, TAGS)
@example("https://github.com/acme/api", AFTER, "1.5.0)](https://evil.example", "1.5.0")
@example("https://github.com/acme/api", AFTER, "1&x=", "1.5.0")
def test_whatever_labels_say_links_lead_to_known_hosts_only(source: str, revision: str, version: str, tag: str) -> None:
    hostile = {"source": source, "revision": revision, "version": version}
    update = replace(UPDATE, new=Version(tag))
    for old in (None, OLD, about(labels=hostile), about(labels={**hostile, "revision": BEFORE})):
        safe(links(old, about(labels=hostile), update, OURS))


@pytest.mark.parametrize(
    ("tag", "claimed", "searched"),
    [
        ("1.5.0", "", "1.5.0"),
        ("v1.5.0", "", "1.5.0"),
        ("1.5.0-alpine", "", "1.5.0-alpine"),
        ("1.5.0-alpine", "1.5.0", "1.5.0"),
        ("1.5.0-alpine", "v1.5.0", "1.5.0"),
        ("v1.5.0-alpine3.20", "1.5.0", "1.5.0"),
        ("1.5.0-alpine", "22.04", "1.5.0-alpine"),
        ("1.5.0", "1.5", "1.5.0"),
        ("20261121", "", "20261121"),
    ],
)
def test_release_notes_are_those_of_the_version(tag: str, claimed: str, searched: str) -> None:
    new = about(NEW, labels={"version": claimed})
    found = links(OLD, new, replace(UPDATE, new=Version(tag)))
    assert found.notes == f"https://redirect.github.com/acme/api/releases?q={searched}&expanded=true"


@pytest.mark.parametrize(("tag", "kind"), [("latest", "digest"), ("stable", "repush"), ("main-1234567", "commit")])
def test_what_is_no_version_has_no_release_notes(tag: str, kind: str) -> None:
    found = links(OLD, NEW, replace(UPDATE, new=Version(tag), kind=kind))
    assert found.notes is None
    assert found.compare


def labelled(**labels: str) -> About:
    named = {f"org.opencontainers.image.{name.replace('_', '.')}": value for name, value in labels.items()}
    return replace(OLD, labels=named)


SOURCE = "https://github.com/acme/api"


@pytest.mark.parametrize(
    ("old", "new", "notes", "because"),
    [
        pytest.param(OLD, None, False, "the image could not be asked where its source is", id="new not asked"),
        pytest.param(None, NEW, True, "the current image could not be asked", id="old not asked"),
        pytest.param(OLD, labelled(), False, "the image does not say where its source is", id="no source"),
        pytest.param(
            labelled(), NEW, True, "the current image does not say where its source is", id="no source before"
        ),
        pytest.param(
            OLD,
            labelled(source="https://github.com/eve/api"),
            False,
            "the image names another source than before",
            id="another source",
        ),
        pytest.param(
            labelled(source="https://evil.example/a/b"),
            labelled(source="https://evil.example/a/b"),
            False,
            "its source is on no forge that is linked to",
            id="unknown forge",
        ),
        pytest.param(OLD, OLD, True, "both images were built from the same commit", id="same commit"),
        pytest.param(
            labelled(source=SOURCE),
            labelled(source=SOURCE),
            True,
            "the images do not say from which commits they were built",
            id="no commits",
        ),
    ],
)
def test_why_there_is_no_comparison(old: About | None, new: About | None, notes: bool, because: str) -> None:
    found = links(old, new, UPDATE)
    assert (found.compare, found.notes is not None, found.because) == (None, notes, because)


@pytest.mark.parametrize(
    ("source", "base", "inherited"),
    [
        ("https://github.com/acme/base", "ghcr.io/acme/base:1", True),
        ("https://github.com/acme/Base.git", "ghcr.io/acme/base:1", True),
        ("https://github.com/docker-library/python.git#abc:3.13", "python:3.13-slim", True),
        ("https://github.com/acme/api", "ghcr.io/acme/api:1-base", False),
        ("https://github.com/acme/api", "docker.io/library/alpine:3.20", False),
        ("https://github.com/acme/base", "no reference at all", False),
        ("https://github.com/acme/base", "", False),
    ],
)
def test_the_source_of_a_base_image_is_not_that_of_the_image(source: str, base: str, inherited: bool) -> None:
    """Whoever builds upon an image and sets no labels has those of the image."""
    image = labelled(source=source, base_name=base)
    found = links(image, image, UPDATE)
    assert (found == Links(because="the source that it names looks like that of its base image")) is inherited


def test_older_labels_are_read_where_there_are_no_others() -> None:
    old, new = (
        replace(OLD, labels={"org.label-schema.vcs-url": f"{SOURCE}.git", "org.label-schema.vcs-ref": commit})
        for commit in ("1234567", "ABCDEF0")
    )
    assert links(old, new, UPDATE).compare == "https://redirect.github.com/acme/api/compare/1234567...abcdef0"
