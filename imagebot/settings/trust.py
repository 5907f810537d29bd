"""What imagebot.yaml says under `trust`: what signatures are held against. Public all of it, and no secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from imagebot.documents.model import TEXT_SCHEMA, Misplaced, Model
from imagebot.policy import key_grammar
from imagebot.policy.required import RequirementOfAll
from imagebot.policy.verify import NO_ROOT
from imagebot.settings import grammar
from imagebot.settings.paths import FilePath

KeyName = Annotated[str, AfterValidator(key_grammar.dns_label), WithJsonSchema(TEXT_SCHEMA)]
SIGSTORE = "https://tuf-repo-cdn.sigstore.dev"
"""The public one, of which the extra `keyless` brings a first root: https://docs.sigstore.dev/about/security/."""


class TufRepository(Model):
    """A repository of The Update Framework (TUF) that has a `trusted_root.json`."""

    url: Annotated[str, AfterValidator(grammar.tuf_url), WithJsonSchema(TEXT_SCHEMA)] = SIGSTORE
    """Where its metadata lies; its targets lie in `targets` below that."""
    initial_root_file: FilePath | None = None
    """The repository's own `root.json`, of any of its versions, with which belief begins. Default: for the public
    Sigstore the one that `imagebot[keyless]` brings."""

    @model_validator(mode="after")
    def _begins_somewhere(self) -> Self:
        if self.initial_root_file is None and self.url != SIGSTORE:
            raise ValueError("write initialRootFile: the root.json of that repository, with which belief begins")
        return self


class Trust(Model):
    """What signatures are held against. The files are read anew each time that something is verified."""

    keys: Mapping[KeyName, FilePath] = Field(default={})
    """Public keys (PEM) by the names that `verify` has for them: cosign's `cosign.pub`, or a KMS's, exported."""
    root_file: FilePath | None = None
    """The `trusted_root.json` of the Sigstore that keyless signatures come from, such as `cosign trusted-root create`
    writes. Needs the extra `keyless`."""
    tuf: TufRepository | None = None
    """The repository that is asked for that file in its place, once an hour at the most; `{}` for the public Sigstore.
    Needs the extra `keyless`."""

    @property
    def has_root(self) -> bool:
        """Whether there is something that keyless signatures are held against."""
        return self.root_file is not None or self.tuf is not None

    @model_validator(mode="after")
    def _one_root(self) -> Self:
        if self.root_file is not None and self.tuf is not None:
            raise Misplaced(("tuf",), "write one of rootFile and tuf")
        return self


def check_known_keys(requirements: Sequence[RequirementOfAll], trust: Trust) -> None:
    """Raise `Misplaced` at a key, or a keyless signer, that nothing could be held against."""
    for index, requirement in enumerate(requirements):
        if requirement.keyless is not None and not trust.has_root:
            raise Misplaced(("verify", index, "keyless"), NO_ROOT)
        for place, name in requirement.named_keys():
            if name not in trust.keys:
                known = ", ".join(sorted(trust.keys)) or "none"
                raise Misplaced(("verify", index, *place), f"{name!r} is not among `trust.keys`, which has {known}")
