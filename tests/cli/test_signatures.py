"""`imagebot status --verify`: what it says of a version, of what is signed and of what may be something else."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from imagebot.cli.signatures import print_signatures, signature_data
from imagebot.cycle.deployed_signatures import DeployedSignature
from imagebot.images.reference import ImageName
from imagebot.selection.verdict import Version
from imagebot.trust.state import Invalid, Unsigned, Verified

DIGEST = "sha256:" + 64 * "a"
WHERE = ("staging/app.yaml:7",)
IMAGE = ImageName.parse("ghcr.io/acme/podinfo")
WRITTEN = DeployedSignature("podinfo", "staging", IMAGE, Version("6.5.3", DIGEST), WHERE, by_tag=False)
BY_TAG = replace(WRITTEN, by_tag=True)
NOT_SURE = ", of what the tag stands for now{}, which may not be what runs: no digest is written"
NO_DIGEST = Version("6.5.3", None)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (WRITTEN, "6.5.3  not required\n"),
        (replace(WRITTEN, version=Version("", DIGEST)), f"{DIGEST}  not required\n"),
        (
            replace(WRITTEN, state=Verified(("acme",))),
            "6.5.3  verified\n    verified, signed by acme; staging/app.yaml:7\n",
        ),
        (
            replace(BY_TAG, state=Unsigned("there is no signature")),
            f"6.5.3  unsigned\n    there is no signature{NOT_SURE.format(f', {DIGEST}')}; staging/app.yaml:7\n",
        ),
        (
            replace(BY_TAG, version=NO_DIGEST, state=Invalid("another's")),
            f"6.5.3  invalid\n    an invalid signature: another's{NOT_SURE.format('')}; staging/app.yaml:7\n",
        ),
    ],
)
def test_what_a_tag_stands_for_now_is_not_taken_for_what_runs(one: DeployedSignature, said: str) -> None:
    out = io.StringIO()

    print_signatures([one], Console(file=out, width=80))

    assert out.getvalue() == f"\nSignatures of what is deployed:\n  podinfo@staging  ghcr.io/acme/podinfo  {said}"


def test_a_machine_is_told_what_was_asked_of_nobody() -> None:
    known = {
        "app": "podinfo",
        "environment": "staging",
        "image": "ghcr.io/acme/podinfo",
        "tag": "6.5.3",
        "digest": DIGEST,
        "byTag": True,
        "fields": ["staging/app.yaml:7"],
    }

    assert signature_data(BY_TAG) == {**known, "state": "not required", "because": ""}
    assert signature_data(replace(BY_TAG, state=Unsigned("none"))) == {**known, "state": "unsigned", "because": "none"}
