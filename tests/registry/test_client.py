"""A digest is what the registry says at first, and what the bytes say at last."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from email.message import Message

import pytest

from imagebot.errors import BadResponse, NotFound, Refused, Unavailable, WorldError
from imagebot.images.reference import ImageName
from imagebot.proxies import WayOut
from imagebot.registry.client import Registries
from imagebot.registry.responses import MANIFEST_TYPES
from imagebot.settings.resolve import RegistrySettings
from tests.support.fake_registry import DIGEST, MANIFEST, MANIFEST_TYPE, manifest, oci_error, tag_list
from tests.support.web_function import Answer, Asked, Function, Served, serving

OTHER = f"sha256:{'0' * 64}"
TYPE = ("Content-Type", MANIFEST_TYPE)


def name(served: Served) -> ImageName:
    return ImageName(served.host, "acme/api")


def registries(served: Served) -> Registries:
    return Registries({served.host: RegistrySettings(plain_http=True)})


def by_method(head: Answer, get: Answer) -> Function:
    return lambda asked: head if asked.method == "HEAD" else get


def test_a_digest_costs_one_head() -> None:
    with serving(manifest) as served:
        assert registries(served).digest(name(served), "1.0.0") == DIGEST
    [request] = served.asked
    assert str(request) == "HEAD /v2/acme/api/manifests/1.0.0"
    assert request.headers["Accept"] == ", ".join(MANIFEST_TYPES)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(Answer(200, (TYPE,)), id="no digest"),
        pytest.param(Answer(404), id="404"),
        pytest.param(Answer(405), id="405"),
    ],
)
@pytest.mark.parametrize("headers", [(TYPE,), (TYPE, ("Docker-Content-Digest", DIGEST))], ids=["hashed", "confirmed"])
def test_where_head_does_not_tell_the_manifest_is_fetched_and_hashed(
    head: Answer, headers: tuple[tuple[str, str], ...]
) -> None:
    with serving(by_method(head, Answer(200, headers, MANIFEST))) as served:
        assert registries(served).digest(name(served), "1.0.0") == DIGEST
        assert len(served.asked) == 2


@pytest.mark.parametrize(
    ("function", "error"),
    [
        pytest.param(by_method(Answer(404), oci_error(404, "MANIFEST_UNKNOWN")), NotFound, id="not there"),
        pytest.param(by_method(Answer(403), Answer(403)), Refused, id="denied"),
        pytest.param(
            by_method(Answer(200, (("Docker-Content-Digest", "sha256:abc"),)), Answer()), BadResponse, id="no digest"
        ),
        pytest.param(
            by_method(Answer(404), Answer(200, (TYPE, ("Docker-Content-Digest", OTHER)), MANIFEST)),
            BadResponse,
            id="another digest",
        ),
        pytest.param(
            by_method(Answer(404), Answer(200, (("Content-Type", "text/html"),), b"<html>Log in")),
            BadResponse,
            id="page for people",
        ),
    ],
)
def test_a_digest_is_not_made_up(function: Function, error: type[WorldError]) -> None:
    with serving(function) as served, pytest.raises(error):
        registries(served).digest(name(served), "1.0.0")


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("media_type", [*MANIFEST_TYPES, f"{MANIFEST_TYPE}; charset=utf-8", MANIFEST_TYPE.upper()])
def test_a_manifest_is_verified_by_its_bytes(algorithm: str, media_type: str) -> None:
    digest = f"{algorithm}:{hashlib.new(algorithm, b'{}').hexdigest()}"
    with serving(lambda _: Answer(200, (("Content-Type", media_type),), b"{}")) as served:
        registries(served).verify(name(served), digest)
        assert str(served.asked[0]) == f"GET /v2/acme/api/manifests/{digest}"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(200, (TYPE, ("Docker-Content-Digest", DIGEST)), MANIFEST + b" "), id="another byte"),
        pytest.param(Answer(200, (TYPE,), b""), id="nothing"),
        pytest.param(Answer(200, (), MANIFEST), id="no type"),
        pytest.param(Answer(200, (("Content-Type", "application/json"),), MANIFEST), id="another type"),
        pytest.param(Answer(200, (("Content-Type", MANIFEST_TYPES[0]),), MANIFEST), id="type contradicts body"),
        pytest.param(Answer(206, (TYPE,), MANIFEST), id="part"),
        pytest.param(Answer(204, (TYPE,)), id="no content"),
        pytest.param(Answer(307, (TYPE,), MANIFEST), id="redirect to nowhere"),
    ],
)
def test_a_manifest_that_is_not_what_was_asked_for_is_a_bad_response(answer: Answer) -> None:
    with serving(lambda _: answer) as served, pytest.raises(BadResponse):
        registries(served).verify(name(served), DIGEST)


def test_what_is_not_announced_as_a_manifest_is_none_even_if_its_hash_is_right() -> None:
    digest = f"sha256:{hashlib.sha256(b'{}').hexdigest()}"
    answer = Answer(200, (("Content-Type", "application/json"),), b"{}")
    with serving(lambda _: answer) as served, pytest.raises(BadResponse, match="no manifest of an image"):
        registries(served).verify(name(served), digest)


def test_what_is_not_json_is_no_manifest_even_if_its_hash_is_right() -> None:
    digest = f"sha256:{hashlib.sha256(b'<html>').hexdigest()}"
    with serving(lambda _: Answer(200, (TYPE,), b"<html>")) as served, pytest.raises(BadResponse):
        registries(served).verify(name(served), digest)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        pytest.param(b'{"errors": [{"code": "DENIED", "message": "\\u001b[2J"}]}', " DENIED", id="code"),
        pytest.param(b'{"errors": [{"code": "\\u001b[2J"}]}', "", id="escape for a code"),
        pytest.param(b'{"errors": [{"code": "DENIED\\u001b[2J"}]}', "", id="escape behind a code"),
        pytest.param(b'{"errors": [{"code": 5}]}', "", id="number for a code"),
        pytest.param(b'{"errors": []}', "", id="no error"),
        pytest.param(b'{"errors": {}}', "", id="object"),
        pytest.param(b"[]", "", id="list"),
        pytest.param(b"<html>", "", id="page for people"),
        pytest.param(b"[" * 60_000, "", id="deep"),
    ],
)
def test_of_an_error_only_the_code_is_shown(body: bytes, shown: str) -> None:
    with serving(lambda _: Answer(403, (), body)) as served, pytest.raises(Refused) as caught:
        registries(served).tags(name(served))
    advice = "if there is such an image, give credentials under registries in imagebot.yaml"
    assert str(caught.value) == f"{served.host} refuses to list acme/api (403{shown}): {advice}"


@pytest.mark.parametrize("status", [199, 201, 204, 206, 300, 304, 402, 405, 410, 418, 451])
def test_every_other_status_is_a_bad_response(status: int) -> None:
    with serving(lambda _: Answer(status)) as served, pytest.raises(BadResponse):
        registries(served).tags(name(served))


Question = Callable[[Registries, ImageName], object]


@pytest.mark.parametrize(
    "question",
    [
        pytest.param(lambda asked, image: asked.tags(image), id="tags"),
        pytest.param(lambda asked, image: asked.digest(image, "1.0.0"), id="digest"),
        pytest.param(lambda asked, image: asked.verify(image, DIGEST), id="verify"),
    ],
)
def test_a_closed_door_opens_again(question: Question) -> None:
    def function(asked: Asked) -> Answer:
        if asked.path.endswith("/list"):
            return Answer(200, (), b'{"tags": []}')
        return manifest(asked)

    with serving(function) as served:
        client = registries(served)
        for _ in range(2):
            question(client, name(served))
            client.close()
            client.new_pass()
        assert served.connections == 2


def only_by_tag(announced: str) -> Function:
    """A registry whose HEAD announces a digest, and that has nothing by digest but what `MANIFEST` is."""

    def function(asked: Asked) -> Answer:
        if asked.method == "HEAD":
            return Answer(200, (TYPE, ("Docker-Content-Digest", announced)))
        if asked.path.endswith(("/1.0.0", DIGEST)):
            return Answer(200, (TYPE,), MANIFEST)
        return oci_error(404, "MANIFEST_UNKNOWN")

    return function


def test_a_digest_that_cannot_be_fetched_is_settled_by_what_the_tag_shows() -> None:
    with serving(only_by_tag(OTHER)) as served:
        client, image = registries(served), name(served)
        assert client.digest(image, "1.0.0") == OTHER
        with pytest.raises(NotFound):
            client.verify(image, OTHER)
        assert client.shown(image, "1.0.0") == DIGEST


def test_what_cannot_be_fetched_by_digest_at_all_is_not_said_to_be_gone() -> None:
    def function(asked: Asked) -> Answer:
        return Answer(200, (TYPE,), MANIFEST) if asked.path.endswith("/1.0.0") else Answer(404)

    with serving(function) as served, pytest.raises(BadResponse, match="has nothing for the digest of what it shows"):
        registries(served).shown(name(served), "1.0.0")


@pytest.mark.parametrize(
    ("function", "there"),
    [
        pytest.param(manifest, True, id="there"),
        pytest.param(by_method(Answer(404), manifest(Asked("GET", "/", Message()))), True, id="no HEAD, 404"),
        pytest.param(by_method(Answer(405), manifest(Asked("GET", "/", Message()))), True, id="no HEAD, 405"),
        pytest.param(lambda _: oci_error(404, "MANIFEST_UNKNOWN"), False, id="not there"),
        pytest.param(lambda _: Answer(404), False, id="not there, without a word"),
    ],
)
@pytest.mark.parametrize("reference", ["1.0.0", DIGEST])
def test_whether_a_manifest_is_there_is_asked_anew_each_time(function: Function, there: bool, reference: str) -> None:
    with serving(function) as served:
        client = registries(served)
        assert [client.exists(name(served), reference) for _ in range(2)] == [there, there]
        assert len([asked for asked in served.asked if asked.method == "HEAD"]) == 2


@pytest.mark.parametrize(("status", "error"), [(401, Refused), (403, Refused), (500, Unavailable), (302, BadResponse)])
def test_who_does_not_answer_has_not_said_that_nothing_is_there(status: int, error: type[WorldError]) -> None:
    with serving(lambda _: Answer(status)) as served, pytest.raises(error):
        registries(served).exists(name(served), "1.0.0")


@pytest.mark.parametrize(
    ("code", "absent"), [("NAME_UNKNOWN", "name"), ("MANIFEST_UNKNOWN", "manifest"), ("BLOB_UNKNOWN", "")]
)
def test_one_manifest_that_is_gone_is_told_from_a_whole_image(code: str, absent: str) -> None:
    with serving(lambda _: oci_error(404, code)) as served, pytest.raises(NotFound) as caught:
        registries(served).verify(name(served), DIGEST)
    assert caught.value.absent == absent


def test_where_only_listed_registries_are_asked_no_other_is() -> None:
    with serving(lambda _: tag_list("1.0.0")) as known, serving(lambda _: tag_list("1.0.0")) as other:
        registries = Registries({known.host: RegistrySettings(plain_http=True)}, way=WayOut(only_listed=True))

        assert registries.tags(ImageName(known.host, "acme/api")).tags == ("1.0.0",)
        with pytest.raises(Refused, match=f"{other.host} was not asked to list acme/api: .* has onlyListedRegistries"):
            registries.tags(ImageName(other.host, "acme/api"))
        assert other.asked == []
