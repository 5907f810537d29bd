"""How the signatures of what is deployed are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from imagebot.cycle.deployed_signatures import DeployedSignature
from imagebot.outgoing import outgoing
from imagebot.trust.state import word, words

_NOT_REQUIRED = "not required"
_STYLES = {"verified": "green", "invalid": "red", "error": "red", "unsigned": "yellow", "unverifiable": "yellow"}


def print_signatures(found: Sequence[DeployedSignature], out: Console) -> None:
    """A line for each version that is deployed."""
    if not found:
        return
    out.print()
    out.print(Text("Signatures of what is deployed:"))
    for one in found:
        said = _NOT_REQUIRED if one.state is None else word(one.state)
        head = f"  {one.app}@{one.environment}  {one.image.familiar}  {one.version.tag or one.version.digest}  "
        out.print(Text(outgoing(head)).append(said, style=_STYLES.get(said, "dim")), soft_wrap=True)
        if one.state is not None:
            out.print(Text(f"    {outgoing(words(one.state))}{_of(one)}; {', '.join(one.where)}"), soft_wrap=True)


def signature_data(one: DeployedSignature) -> dict[str, Any]:
    """The same as `--json` prints it."""
    return {
        "app": one.app,
        "environment": one.environment,
        "image": str(one.image),
        "tag": one.version.tag or None,
        "digest": one.version.digest,
        "byTag": one.by_tag,
        "fields": list(one.where),
        "state": _NOT_REQUIRED if one.state is None else word(one.state),
        "because": "" if one.state is None else words(one.state),
    }


def _of(one: DeployedSignature) -> str:
    """Which image that is said of."""
    if not one.by_tag:
        return ""
    digest = f", {one.version.digest}" if one.version.digest else ""
    return f", of what the tag stands for now{digest}, which may not be what runs: no digest is written"
