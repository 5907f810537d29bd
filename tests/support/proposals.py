"""Proposals as the plan room makes them, for the tests of forges."""

from __future__ import annotations

from dataclasses import replace

from imagebot.forge.protocol import Proposal
from imagebot.plan import block

BRANCH = "imagebot/staging/podinfo"


def body(fingerprint: str, words: str = "podinfo goes to 6.5.1") -> str:
    """A body with its machine block."""
    proposed = (block.Proposed("ghcr.io/stefanprodan/podinfo", "6.5.1", None),)
    return f"{words}\n\n{block.write(block.Block('podinfo', 'staging', proposed, fingerprint))}\n"


def proposal(fingerprint: str = "f1", branch: str = BRANCH) -> Proposal:
    """What the bot wants a reviewer to see; another fingerprint is another proposal."""
    return Proposal(branch, "main", f"podinfo ({fingerprint})", body(fingerprint))


FULL = replace(proposal(), labels=("image-update", "minor"), reviewers=("alice", "team:platform"), assignees=("bob",))
