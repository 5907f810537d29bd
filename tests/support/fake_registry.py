"""Registries that page their tag lists, each in the way of a real one, and a guard for everything a client may not do.

The ways are those of the field: who clamps, who links where, who ignores what. All of them are honest, so a client that
is right with all of them gets every tag from each.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.web_function import Answer, Asked, Function

JSON = ("Content-Type", "application/json")
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "layers": []}).encode()
DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"

Link = Callable[[str, str], str]
"""From the path that was asked and the next page's query to the URL in the link."""


@dataclass(frozen=True, slots=True)
class Paging:
    """How one registry pages.

    `size` is its page without `n`, `most` the largest it gives. `heeds` names the parameters it looks at. `link` is
    None for one that gives none; `in_body` puts it there. `opaque` hides `last` in a cursor. `refuses_above` answers
    an `n` above it with `refusal`.
    """

    size: int = 100_000
    most: int = 100_000
    heeds: frozenset[str] = frozenset({"n", "last"})
    link: Link | None = lambda path, query: f"{path}?{query}"
    in_body: bool = False
    opaque: bool = False
    refuses_above: int = 1_000_000
    refusal: int = 400


PROFILES: dict[str, Paging] = {
    "docker hub": Paging(most=1000, link=lambda path, query: f"{path}?{query}"),
    "ghcr": Paging(size=100, most=1000),
    "ecr": Paging(size=100, most=1000, opaque=True, refuses_above=1000, refusal=405),
    "gar": Paging(size=1000, most=1000, in_body=True, link=lambda path, query: f"https://gar.example{path}?{query}"),
    "acr": Paging(size=100, most=500),
    "quay": Paging(size=50, most=100, link=lambda path, query: f"http://quay.internal:8080{path}?{query}"),
    "harbor": Paging(link=lambda path, query: f"{path}?{query}" if "n=" in query else ""),
    "gitlab": Paging(size=100, most=1000, link=lambda path, query: f"https://gitlab.example{path}?{query}"),
    "jfrog": Paging(most=1000, link=lambda path, query: f"/v2/{path.rpartition('virtual/')[2]}?{query}"),
    "nexus": Paging(most=1000, link=lambda path, query: f"http://nexus.example/repository/r{path}?{query}"),
    "distribution 2.8": Paging(heeds=frozenset(), link=None),
    "distribution 3": Paging(size=1000, most=1000),
    "distribution, small pages": Paging(size=100, most=100, refuses_above=100),
    "no links": Paging(link=None),
    "query only": Paging(most=300, link=lambda _, query: f"?{query}"),
}


def paging(repository: str, tags: Sequence[str], way: Paging) -> Function:
    """A registry of one image whose tags come as `way` says, in the order given."""

    def function(asked: Asked) -> Answer:
        if asked.path != f"/v2/{repository}/tags/list":
            return oci_error(404, "NAME_UNKNOWN")
        return _page(asked, repository, tags, way)

    return function


def _page(asked: Asked, repository: str, tags: Sequence[str], way: Paging) -> Answer:
    query = {key: value for key, value in asked.query.items() if key in way.heeds}
    if way.opaque and "next" in asked.query:
        query["last"] = base64.urlsafe_b64decode(asked.query["next"]).decode()
    wanted = int(query.get("n", way.size))
    if wanted > way.refuses_above:
        return oci_error(way.refusal, "PAGINATION_NUMBER_INVALID")
    start = tags.index(query["last"]) + 1 if query.get("last") in tags else 0
    page = tags[start : start + min(wanted, way.most)]
    body: dict[str, Any] = {"name": repository, "tags": list(page)}
    headers = [JSON]
    if way.link and page and start + len(page) < len(tags):
        cursor = base64.urlsafe_b64encode(page[-1].encode()).decode()
        size = f"&n={wanted}" if "n" in asked.query else ""
        link = way.link(asked.path, f"next={cursor}{size}" if way.opaque else f"last={page[-1]}{size}")
        if way.in_body:
            body["next"] = link
        elif link:
            headers.append(("Link", f'<{link}>; rel="next"'))
    return Answer(200, tuple(headers), json.dumps(body).encode())


def oci_error(status: int, code: str, *headers: tuple[str, str]) -> Answer:
    """An error in the OCI form."""
    return Answer(
        status, (JSON, *headers), json.dumps({"errors": [{"code": code, "message": "said the fake"}]}).encode()
    )


def challenge(*values: str) -> Answer:
    """A 401 with one `WWW-Authenticate` header for each of `values`."""
    return oci_error(401, "UNAUTHORIZED", *(("WWW-Authenticate", value) for value in values))


def bearer(realm: str, service: str = "fake") -> str:
    """The challenge that sends a client to a token server."""
    return f'Bearer realm="{realm}",service="{service}",scope="repository:wrong/on/purpose:pull"'


def tag_list(*tags: str, headers: Sequence[tuple[str, str]] = ()) -> Answer:
    """One page."""
    return Answer(200, (JSON, *headers), json.dumps({"name": "x", "tags": tags}).encode())


def manifest(asked: Asked) -> Answer:
    """The one manifest of this file, whatever tag was asked for."""
    headers = (("Content-Type", MANIFEST_TYPE), ("Docker-Content-Digest", DIGEST))
    return Answer(200, headers, b"" if asked.method == "HEAD" else MANIFEST)
