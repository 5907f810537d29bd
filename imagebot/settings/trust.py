"""What imagebot.yaml says under `trust`: what signatures are held against. Public all of it, and no secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from imagebot.documents.model import TEXT_SCHEMA, Misplaced, Model
from imagebot.policy import key_grammar
from imagebot.policy.required import RequirementOfAll
from imagebot.policy.verify import NO_ROOT
from imagebot.settings.paths import FilePath

KeyName = Annotated[str, AfterValidator(key_grammar.dns_label), WithJsonSchema(TEXT_SCHEMA)]


class Trust(Model):
    """What signatures are held against. The files are read anew each time that something is verified."""

    keys: Mapping[KeyName, FilePath] = Field(default={})
    """Public keys (PEM) by the names that `verify` has for them: cosign's `cosign.pub`, or a KMS's, exported."""
    root_file: FilePath | None = None
    """The `trusted_root.json` of the Sigstore that keyless signatures come from, such as `cosign trusted-root create`
    writes. Needs the extra `keyless`."""


def check_known_keys(requirements: Sequence[RequirementOfAll], trust: Trust) -> None:
    """Raise `Misplaced` at a key, or a keyless signer, that nothing could be held against."""
    for index, requirement in enumerate(requirements):
        if requirement.keyless is not None and trust.root_file is None:
            raise Misplaced(("verify", index, "keyless"), NO_ROOT)
        for place, name in requirement.named_keys():
            if name not in trust.keys:
                known = ", ".join(sorted(trust.keys)) or "none"
                raise Misplaced(("verify", index, *place), f"{name!r} is not among `trust.keys`, which has {known}")
