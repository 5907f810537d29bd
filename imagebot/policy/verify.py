"""What must be signed, as policy files and imagebot.yaml write it under `verify`: each requirement holds by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from imagebot.documents.model import STRING, TEXT_SCHEMA, Misplaced, Model, Path, Visible, reads
from imagebot.policy import key_grammar
from imagebot.policy.pattern import Pattern
from imagebot.publickey import BEGINS, PublicKey


class WholeMatch(Model):
    """A text that is told by a pattern."""

    match: Annotated[Pattern, reads(Pattern, Pattern.parse), STRING]
    """An RE2 pattern that the whole text must match, from its first character to its last."""


NO_ROOT = "imagebot.yaml names no `rootFile` and no `tuf` under `trust`, which keyless signatures are held against"


def _way_to_say(value: object) -> str:
    return "{text}" if isinstance(value, str) else "{pattern}"


Wording = Annotated[
    Annotated[Visible, Tag("{text}")] | Annotated[WholeMatch, Tag("{pattern}")],
    Discriminator(_way_to_say),
]
Key = Annotated[str, AfterValidator(key_grammar.verification_key), STRING]
Kind = Annotated[str, AfterValidator(key_grammar.attestation_kind), STRING]


class Keyless(Model):
    """A signer who has no key of his own, and whom Fulcio vouched for: both keys must hold."""

    identity: Wording
    """Who signed, as the certificate has it: a workflow's URL with its ref, a mail address, a service account."""
    issuer: Wording
    """Who says so: `https://token.actions.githubusercontent.com`, `https://accounts.google.com`, a GitLab's URL."""


class Requirement(Model):
    """One signature or attestation that an image must have: by one of `keys`, or by a `keyless` signer."""

    keys: tuple[Key, ...] = ()
    """Keys of which one must have signed: names from `trust.keys` of imagebot.yaml, or public keys in PEM."""
    keyless: Keyless | None = None
    """Instead of `keys`: a signer with a certificate of Sigstore's."""
    annotations: Mapping[Visible, Annotated[Visible, WithJsonSchema(TEXT_SCHEMA)]] = Field(default={})
    """What the signature must say besides, as written by `cosign sign -a KEY=VALUE`."""
    attestation: Kind | None = None
    """Not a signature, but a signed attestation of this kind: `provenance`, `spdx`, `cyclonedx`, `vulnerabilities`, or
    the URL of another `predicateType`."""
    builder: Wording | None = None
    """The builder that a `provenance` must name, such as
    `https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0`."""

    @model_validator(mode="after")
    def _by_somebody(self) -> Self:
        if bool(self.keys) == (self.keyless is not None):
            raise ValueError("write who must have signed: one of keys and keyless")
        if self.builder is not None and self.attestation != "provenance":
            raise Misplaced(("builder",), "only provenance names a builder: write attestation: provenance")
        if self.annotations and self.attestation is not None:
            raise Misplaced(("annotations",), "signatures have annotations, attestations have none")
        return self

    def named_keys(self) -> Iterator[tuple[Path, str]]:
        """The keys that are not written out, and where their names stand."""
        for index, name in enumerate(self.keys):
            if not name.startswith(BEGINS):
                yield ("keys", index), name

    @property
    def predicate_types(self) -> tuple[str, ...]:
        """What it may be called in a statement; empty for a signature."""
        if self.attestation is None:
            return ()
        return key_grammar.ATTESTATIONS.get(self.attestation, (self.attestation,))

    @property
    def signer(self) -> str:
        """Who must have signed, in words."""
        if self.keyless is not None:
            return f"{told(self.keyless.identity)}, vouched for by {told(self.keyless.issuer)}"
        return " or ".join(map(key_name, self.keys))

    def __str__(self) -> str:
        what = "a signature" if self.attestation is None else f"an attestation ({self.attestation})"
        said = ", ".join(f"{name}={value}" for name, value in self.annotations.items())
        built = f", built by {told(self.builder)}" if self.builder is not None else ""
        return f"{what} by {self.signer}{f', with {said}' if said else ''}{built}"


def says(wording: str | WholeMatch, text: str) -> bool:
    """Whether `text` is what is wanted."""
    return wording == text if isinstance(wording, str) else wording.match.is_whole(text)


def told(wording: str | WholeMatch) -> str:
    """What is wanted, in words."""
    return wording if isinstance(wording, str) else f"what matches {wording.match}"


def key_name(key: str) -> str:
    """How people know a key: by its name, or by its fingerprint where it is written out."""
    return str(PublicKey.parse(key)) if key.startswith(BEGINS) else f"key {key}"
