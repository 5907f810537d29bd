"""Whether an open pull request says what is proposed: a fingerprint of that and of all that the policy wants of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple

from imagebot.plan.change import Change, FieldChange
from imagebot.policy.model import PullRequestKeys

NOT_OF_THE_BODY = {
    "group": "decides on which branch an update goes; what is on it is told by the updates themselves",
    "draft_while_soaking": "whether there is a draft; that this is one is told apart",
}
"""The keys of a policy's `pullRequest` that change nothing of an open one, and why; all others do."""


def fingerprint(change: Change) -> str:
    """What is proposed and all that the policy wants of it, not how it is told.

    Line numbers, counts of tags and facts about images move without anything new to say. When what this is made of
    changes, each open pull request is written once more, within the limits of its forge.
    """
    moves = [
        (update.app, str(update.image), *astuple(update.new), update.kind, [_move(field) for field in update.fields])
        for update in change.updates
    ]
    keys = sorted(PullRequestKeys.model_fields.keys() - NOT_OF_THE_BODY.keys())
    wishes = {key: getattr(change.wishes, key) for key in keys}
    facts = [change.title, change.labels, change.draft, wishes, moves]
    return hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()[:32]


def _move(field: FieldChange) -> tuple[str, str, str, str]:
    return (field.file, field.path, field.old, field.new)
