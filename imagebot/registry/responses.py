"""What a registry's answers mean: the failure table, and bodies read with suspicion.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
"""

from __future__ import annotations

import re
from typing import Any, Literal

from imagebot.errors import BadResponse, NotFound, Refused, Unavailable, WorldError
from imagebot.images.reference import is_digest
from imagebot.registry.body import Response
from imagebot.registry.failures import BadContent

MANIFEST_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_SCHEMA_1 = "an image in Docker's schema 1, which nothing runs any more"
_NO_IMAGES = {
    "application/vnd.docker.distribution.manifest.v1+json": _SCHEMA_1,
    "application/vnd.docker.distribution.manifest.v1+prettyjws": _SCHEMA_1,
    "application/vnd.oci.artifact.manifest.v1+json": "an artifact and no image",
}
"""What old registries and tools still hold: https://docs.docker.com/engine/deprecated/ and the OCI specs before 1.1."""
_ABSENT: dict[str, Literal["name", "manifest"]] = {"NAME_UNKNOWN": "name", "MANIFEST_UNKNOWN": "manifest"}
_CODE = re.compile(r"[A-Z][A-Z_]{1,40}", re.ASCII)


class NoImage(BadContent):
    """A manifest of a kind that was in use once: it is not looked into, and nothing that runs can come of it."""


def failure(answer: Response, registry: str, task: str, advice: str) -> WorldError:
    """What a status other than 200 means. `task` is what was asked (`list acme/api`)."""
    status = status_of(answer)
    said = f"({status}){answer.often}"
    match answer.status:
        case 401 | 403:
            return Refused(f"{registry} refuses to {task} {said}: {advice}")
        case 404:
            words = f"{registry} cannot {task} {said}: it is not there, or not for these credentials"
            return NotFound(words, absent=_ABSENT.get(error_code(answer), ""))
        case number if number in (408, 429) or number >= 500:
            return Unavailable(f"{registry} cannot {task} now {said}", retry_after=answer.wait)
        case _:
            return BadResponse(f"{registry} was asked to {task} and answers {status}, which makes no sense")


def status_of(answer: Response) -> str:
    """The status, and the code of the error if there is one: `404 MANIFEST_UNKNOWN`."""
    return f"{answer.status} {error_code(answer)}".rstrip()


def error_code(answer: Response) -> str:
    """The first code of an error in the OCI form, else nothing: the rest of the body is anybody's text."""
    try:
        code = answer.document["errors"][0]["code"]
    except (LookupError, TypeError):
        return ""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def json_object(answer: Response, host: str) -> dict[str, Any]:
    """The body as a JSON object. Raises `BadResponse`."""
    if not isinstance(answer.document, dict):
        raise BadResponse(f"{host} sent JSON that is no object")
    return answer.document


def manifest_object(answer: Response, host: str) -> dict[str, Any]:
    """The manifest in a body, once it is clear that it is one. Raises `BadResponse`, `NoImage` among them."""
    announced = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if announced in _NO_IMAGES:
        raise NoImage(f"{host} has {_NO_IMAGES[announced]}")
    if announced not in MANIFEST_TYPES:
        raise BadResponse(f"{host} sent something that is no manifest of an image")
    document = json_object(answer, host)
    if document.get("mediaType", announced) != announced:
        raise BadResponse(f"{host} sent a manifest that contradicts its own type")
    return document


def announced_digest(answer: Response, host: str) -> str | None:
    """What `Docker-Content-Digest` says, if it is there. Raises `BadResponse`."""
    digest = answer.headers.get("Docker-Content-Digest")
    if digest is not None and not is_digest(digest):
        raise BadResponse(f"{host} sent a digest that is none")
    return digest
