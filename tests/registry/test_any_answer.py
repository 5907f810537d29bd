"""Whatever registries and token servers answer, every question has an answer or a `WorldError`: a slice of the fuzz.

Answers are made as such answers are built, with odd values in every place; then bytes of them are changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebot.errors import WorldError
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.registry.limits import Timeouts
from imagebot.registry.responses import MANIFEST_TYPES
from imagebot.settings.resolve import RegistrySettings
from tests.support.raw_server import RawServer, Request

TAG = "1.0.0"
GOOD = f"sha256:{'a' * 64}"
ODD = st.recursive(
    st.sampled_from([None, True, 0, -1, 1.5, 2**63, 10**30, "", "x", "\x00", "\u0661", GOOD, "sha256:", "a" * 300])
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
DATES = st.sampled_from(
    ["Sat, 21 Nov 2026 12:00:00 GMT", "Sat, 21 Nov 99999 12:00:00 GMT", "9e9999", "-1", "9" * 50, "soon", "0"]
)
REALMS = st.sampled_from(
    ["HERE/token", "http://[::1", "http://a..b/", "https://" + "a" * 70 + "/", "//x", "", "http://x:0/", "\xe9", "a b"]
)
HEADERS = st.lists(
    st.builds("Retry-After: {}".format, DATES)
    | st.builds("Date: {}".format, DATES)
    | st.builds("Location: {}".format, REALMS | st.text(st.characters(max_codepoint=255), max_size=20))
    | st.builds('Link: <{}?last=1>; rel="{}"'.format, REALMS, st.sampled_from(["next", "Next prev", "prev", '"']))
    | st.builds('WWW-Authenticate: Bearer realm="{}",service="{}"'.format, REALMS, st.sampled_from(["", "x", "\xff"]))
    | st.builds("WWW-Authenticate: {}".format, st.text(st.sampled_from('Basicre lm=",\\'), max_size=20))
    | st.builds("Docker-Content-Digest: {}".format, st.sampled_from([GOOD, "sha256:", "", "md5:1", GOOD.upper()]))
    | st.builds("Content-Encoding: {}".format, st.sampled_from(["gzip", "identity", "", "x"]))
    | st.builds("Transfer-Encoding: {}".format, st.sampled_from(["chunked", "gzip, chunked", "Chunked ", "x"]))
    | st.builds("Content-Type: {}".format, st.sampled_from([*MANIFEST_TYPES, "", "text/html", "\xff"])),
    max_size=4,
)


def fields(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with some of these fields, each as it should be or odd."""
    return st.fixed_dictionaries({}, optional={name: value | ODD for name, value in values.items()})


PLATFORM = fields(os=st.just("linux"), architecture=st.sampled_from(["amd64", "arm64"]), variant=st.just("v8"))
NAMED = st.sampled_from([GOOD, "CONFIG"])
DESCRIPTOR = fields(
    mediaType=st.sampled_from([*MANIFEST_TYPES, "application/vnd.oci.image.config.v1+json"]),
    digest=NAMED,
    size=st.integers(0, 100),
    platform=PLATFORM,
    annotations=st.dictionaries(st.text(max_size=4), ODD, max_size=3),
)
CONFIG = fields(
    created=st.sampled_from(["2026-01-01T12:00:00Z", "99999-01-01", "0001-01-01T00:00:00+14:00", "\ud83d"]),
    os=st.just("linux"),
    architecture=st.just("amd64"),
    config=fields(
        Env=st.lists(st.text(max_size=5), max_size=3),
        Cmd=st.lists(st.text(max_size=5), max_size=3),
        Labels=st.dictionaries(st.text(max_size=4), ODD, max_size=3),
        ExposedPorts=st.dictionaries(st.text(max_size=4), ODD, max_size=3),
        Healthcheck=fields(Test=ODD),
    ),
)
MANIFEST = fields(
    mediaType=st.sampled_from(MANIFEST_TYPES),
    config=st.just({"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "CONFIG"}) | DESCRIPTOR,
    layers=st.lists(DESCRIPTOR, max_size=3),
    manifests=st.lists(DESCRIPTOR, max_size=3),
    annotations=st.dictionaries(st.text(max_size=4), ODD, max_size=3),
)
PAGE = fields(
    name=st.just("acme/api"),
    tags=st.lists(st.sampled_from([TAG, "2.0.0", "", "-", "a" * 200]) | ODD, max_size=4),
    next=st.just("/v2/acme/api/tags/list?last=2.0.0"),
    manifest=st.dictionaries(
        st.text(max_size=4), fields(tag=st.lists(st.just(TAG)), timeUploadedMs=st.just("1767268800123")), max_size=3
    ),
)
TOKEN = fields(token=st.just("a-token"), access_token=st.just("b"), expires_in=st.integers() | st.floats())
STATUS = st.sampled_from([200, 200, 200, 200, 401, 404, 307, 429, 500, 204, 206, 999])
Parts = tuple[Any, Any, Any, Any, int, list[str], list[tuple[float, int]]]


def answers(parts: Parts) -> Iterator[tuple[Callable[[str], bool], bytes]]:
    """Where what is answered: to the token server, for the config, the list, and manifests."""
    page, manifest, config, token, _, _, _ = parts
    settings = json.dumps(config).encode()
    digest = f"sha256:{hashlib.sha256(settings).hexdigest()}"
    yield lambda path: path.startswith("/token"), json.dumps(token).encode()
    yield lambda path: "/blobs/" in path, settings
    yield lambda path: path.endswith("/list"), json.dumps(page).encode()
    yield lambda path: True, json.dumps(manifest).replace("CONFIG", digest).encode()


def reply(parts: Parts) -> Callable[[Request], bytes]:
    """The status and the headers are those of every answer but a token's; changed bytes are those of all."""
    *_, status, headers, slips = parts

    def function(request: Request) -> bytes:
        body = next(body for fits, body in answers(parts) if fits(request.path))
        code = 200 if request.path.startswith("/token") else status
        host = next((line[6:] for line in request.head.decode("latin-1").splitlines() if line[:6] == "Host: "), "")
        lines = [f"HTTP/1.1 {code} X", f"Content-Type: {MANIFEST_TYPES[0]}", f"Content-Length: {len(body)}", *headers]
        head = "\r\n".join(lines).replace("HERE", f"http://{host}").encode("latin-1", "replace")
        sent = bytearray(head + b"\r\n\r\n" + (b"" if request.method == "HEAD" else body))
        for place, value in slips:
            sent[int(place * (len(sent) - 1))] = value
        return bytes(sent)

    return function


def questions(registries: Registries, name: ImageName, manifest: bytes) -> Iterator[Callable[[], object]]:
    digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    yield lambda: registries.tags(name)
    yield lambda: registries.digest(name, TAG)
    yield lambda: registries.shown(name, TAG)
    yield lambda: registries.exists(name, TAG)
    yield lambda: registries.verify(name, digest)
    yield lambda: registries.platforms(name, digest)
    yield lambda: registries.about(name, digest, "linux/arm64")


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with RawServer({}) as server:
        yield server


SLIPS: st.SearchStrategy[list[tuple[float, int]]] = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4
) | st.just([])


@given(st.tuples(PAGE, MANIFEST, CONFIG, TOKEN, STATUS, HEADERS | st.just([]), SLIPS))
@settings(max_examples=150)
def test_every_answer_is_an_answer_or_is_told_in_words(server: RawServer, parts: Parts) -> None:
    server.script["*"] = reply(parts)
    registries = Registries({server.host: RegistrySettings(plain_http=True)}, timeouts=Timeouts(read=2, total=4))
    manifest = next(body for fits, body in answers(parts) if fits("/v2/acme/api/manifests/x"))
    try:
        for question in questions(registries, ImageName(server.host, "acme/api"), manifest):
            try:
                question()
            except WorldError as error:
                str(error).encode()  # what a person reads can be written
            registries.new_pass()
    finally:
        registries.close()
