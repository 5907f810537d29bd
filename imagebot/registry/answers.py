"""What a registry's answers mean: the failure table, and bodies read with suspicion.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Any, Literal

from imagebot.errors import BadResponse, NotFound, Refused, Unavailable, WorldError
from imagebot.images.reference import is_digest
from imagebot.registry.paging import Page
from imagebot.registry.pause import retry_after
from imagebot.registry.wire import Answer

MANIFEST_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_ABSENT: dict[str, Literal["name", "manifest"]] = {"NAME_UNKNOWN": "name", "MANIFEST_UNKNOWN": "manifest"}
_MILLISECONDS = re.compile(r"[0-9]{12,13}", re.ASCII)  # 2001 to 2286
_CODE = re.compile(r"[A-Z][A-Z_]{1,40}", re.ASCII)


def failure(response: Answer, registry: str, deed: str, advice: str) -> WorldError:
    """What a status other than 200 means. `deed` is what was asked (`list acme/api`)."""
    status, code = response.status_code, error_code(response)
    said = f"{status} {code}".rstrip()
    match status:
        case 401 | 403:
            return Refused(f"{registry} refuses to {deed} ({said}): {advice}")
        case 404:
            words = f"{registry} cannot {deed} ({said}): it is not there, or not for these credentials"
            return NotFound(words, absent=_ABSENT.get(code, ""))
        case _ if status in (408, 429) or status >= 500:
            wait = retry_after(response.headers.get("Retry-After"), response.headers.get("Date"))
            return Unavailable(f"{registry} cannot {deed} now ({said})", retry_after=wait)
        case _:
            return BadResponse(f"{registry} was asked to {deed} and answers {said}, which makes no sense")


def error_code(response: Answer) -> str:
    """The first code of an error in the OCI form, else nothing: the rest of the body is anybody's text."""
    try:
        code = response.json()["errors"][0]["code"]
    except (BadResponse, LookupError, TypeError):
        return ""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def json_object(response: Answer, host: str) -> dict[str, Any]:
    """The body as a JSON object. Raises `BadResponse`."""
    document = response.json()
    if not isinstance(document, dict):
        raise BadResponse(f"{host} sent JSON that is no object")
    return document


def tags_page(response: Answer, host: str) -> Page:
    """The tags of one page, unchecked but for being text. Raises `BadResponse`."""
    document = json_object(response, host)
    if "tags" not in document:
        raise BadResponse(f"{host} sent a tag list without tags")
    tags = document["tags"] or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise BadResponse(f"{host} sent a tag list that is no list of texts")
    link = document.get("next")
    return Page(tuple(tags), link if isinstance(link, str) and link else None, _uploaded(document.get("manifest")))


def _uploaded(manifests: object) -> dict[str, datetime]:
    """When the images of tags were uploaded, as Google's registries add it to a page; what makes no sense is left out.

    `{"sha256:…": {"tag": ["1.0"], "timeUploadedMs": "1700000000000", …}}`; go-containerregistry reads the same.
    """
    found: dict[str, datetime] = {}
    for about in manifests.values() if isinstance(manifests, dict) else ():
        if not isinstance(about, dict) or not isinstance(about.get("tag"), list):
            continue
        milliseconds = about.get("timeUploadedMs")
        if isinstance(milliseconds, str) and _MILLISECONDS.fullmatch(milliseconds):
            at = datetime.fromtimestamp(int(milliseconds) // 1000, UTC)
            found |= {tag: at for tag in about["tag"] if isinstance(tag, str)}
    return found


def manifest_digest(response: Answer, host: str, algorithm: str = "sha256") -> str:
    """The digest of the manifest in a body, once it is clear that it is one. Raises `BadResponse`."""
    announced = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if announced not in MANIFEST_TYPES:
        raise BadResponse(f"{host} sent something that is no manifest of an image")
    if json_object(response, host).get("mediaType", announced) != announced:
        raise BadResponse(f"{host} sent a manifest that contradicts its own type")
    return f"{algorithm}:{hashlib.new(algorithm, response.content).hexdigest()}"


def announced_digest(response: Answer, host: str) -> str | None:
    """What `Docker-Content-Digest` says, if it is there. Raises `BadResponse`."""
    digest = response.headers.get("Docker-Content-Digest")
    if digest is not None and not is_digest(digest):
        raise BadResponse(f"{host} sent a digest that is none")
    return digest
