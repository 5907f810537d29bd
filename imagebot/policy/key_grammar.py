"""The small texts of a policy file and their grammars. Each function returns what it read, or says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping

from imagebot.fields.explicit_path import read_path
from imagebot.images.reference import ImageName, Reference, is_tag
from imagebot.publickey import BEGINS, PublicKey

_DNS_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_])?(?:\[bot\])?", re.ASCII)
_IMAGE_POLICY = re.compile(r"[a-z0-9][a-z0-9.-]*:[a-z0-9][a-z0-9.-]*", re.ASCII)
_PREDICATE = re.compile(r"https?://[!-~]{3,200}", re.ASCII)
_SOURCE = re.compile(r"https://[A-Za-z0-9.:-]{1,253}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){2,20}", re.ASCII)
_LONGEST_LABEL = 50
CODEOWNERS = "codeowners"
"""Among reviewers: whoever the forge's CODEOWNERS file names for the files that change."""
ATTESTATIONS: Mapping[str, tuple[str, ...]] = {
    "provenance": ("https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"),
    "spdx": ("https://spdx.dev/Document",),
    "cyclonedx": ("https://cyclonedx.org/bom",),
    "vulnerabilities": (
        "https://cosign.sigstore.dev/attestation/vuln/v1",
        "https://in-toto.io/attestation/vulns/v0.2",
        "https://in-toto.io/attestation/vulns/v0.1",
    ),
}
"""The attestations that have a name here, each with the `predicateType`s that it goes by."""


def dns_label(text: str) -> str:
    """An app's or environment's name: RFC 1123, section 2.1. It goes into branch names and tables as it is."""
    if _DNS_LABEL.fullmatch(text):
        return text
    raise ValueError(f"{text!r} is no name here: up to 63 lower-case letters, digits and '-' between them")


def image_name(text: str) -> ImageName:
    """An image without tag and digest."""
    try:
        return ImageName.parse(text)
    except ValueError:
        try:
            reference = Reference.parse(text)
        except ValueError:
            reference = None
        if reference is None or (reference.tag is None and reference.digest is None):
            raise
    part = "tag" if reference.tag else "digest"
    raise ValueError(f"write the name without its {part}: {reference.written}")


def exact_tag(text: str) -> str:
    """A tag to ignore."""
    if is_tag(text):
        return text
    raise ValueError(f"{text!r} is no tag; for more than one tag write {{range: ...}} or {{match: ...}}")


def image_policy(text: str) -> str:
    """A Flux ImagePolicy as its markers name it."""
    if _IMAGE_POLICY.fullmatch(text):
        return text
    raise ValueError(f"{text!r} is no image policy; write it as in the marker: namespace:name")


def source_url(text: str) -> str:
    """The page of a source repository."""
    if _SOURCE.fullmatch(text):
        return text
    raise ValueError(f"{text!r} is no source repository; write it as https://HOST/OWNER/NAME")


def label(text: str) -> str:
    """A pull request's label."""
    if not text.strip() or not text.isprintable() or "," in text or len(text) > _LONGEST_LABEL:
        raise ValueError(f"a label has 1 to {_LONGEST_LABEL} printable characters and no comma")
    return text


def login(text: str) -> str:
    """A person's or a bot's name on the forge."""
    if _LOGIN.fullmatch(text):
        return text
    hint = "; write it without '@'" if _LOGIN.fullmatch(text.removeprefix("@")) else ""
    raise ValueError(f"{text!r} is no login name{hint}")


def reviewer(text: str) -> str:
    """A login, `team:` and the short name of a team, or `codeowners`."""
    if text != CODEOWNERS and text.casefold() == CODEOWNERS:
        raise ValueError(f"the owners of the files that change are written as {CODEOWNERS}")
    team = text.removeprefix("team:")
    if _LOGIN.fullmatch(team):
        return text
    owner, slash, short = text.removeprefix("@").removeprefix("team:").partition("/")
    hint = f"; write team:{short}" if slash and _LOGIN.fullmatch(owner) and _LOGIN.fullmatch(short) else ""
    raise ValueError(f"{text!r} is neither a login name nor team:NAME{hint}")


def field_path(text: str) -> str:
    """The path of a value in a file."""
    read_path(text)
    return text


def verification_key(text: str) -> str:
    """A name from `trust.keys` of imagebot.yaml, or a public key itself."""
    if text.lstrip().startswith(BEGINS):
        PublicKey.parse(text)
        return text.strip()
    if _DNS_LABEL.fullmatch(text):
        return text
    raise ValueError(f"{text!r} is no key: write its name in `trust.keys` of imagebot.yaml, or a public key in PEM")


def attestation_kind(text: str) -> str:
    """One that has a name, or a `predicateType`."""
    if text in ATTESTATIONS or _PREDICATE.fullmatch(text):
        return text
    raise ValueError(f"{text!r} is no attestation: write {', '.join(ATTESTATIONS)}, or the URL of a predicateType")
