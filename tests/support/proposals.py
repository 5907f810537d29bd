"""Proposals as the plan room makes them, for the tests of forges."""

from __future__ import annotations

from dataclasses import replace

from imagebot.forge.protocol import Proposal
from imagebot.pulls import block

BRANCH = "imagebot/staging/podinfo"


def body(
    fingerprint: str, words: str = "podinfo goes to 6.5.1", *, draft: bool = False, auto_merge: bool = False
) -> str:
    """A body with its machine block."""
    proposed = (block.Proposed("podinfo", "ghcr.io/stefanprodan/podinfo", "6.5.1", None),)
    found = block.Block("podinfo", "staging", proposed, fingerprint, draft=draft, auto_merge=auto_merge)
    return f"{words}\n\n{block.write(found)}\n"


def proposal(fingerprint: str = "f1", branch: str = BRANCH) -> Proposal:
    """What the bot wants a reviewer to see; another fingerprint is another proposal."""
    return Proposal(branch, "main", f"podinfo ({fingerprint})", body(fingerprint))


def wish(fingerprint: str = "f1", *, draft: bool = False, auto_merge: bool = False) -> Proposal:
    """One whose pull request should be a draft, or merge by itself; its block says so."""
    told = body(fingerprint, draft=draft, auto_merge=auto_merge)
    return replace(proposal(fingerprint), body=told, draft=draft, auto_merge=auto_merge)


FULL = replace(proposal(), labels=("image-update", "minor"), reviewers=("alice", "team:platform"), assignees=("bob",))
