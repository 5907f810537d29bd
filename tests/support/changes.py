"""Changes as the plan room makes them: one image of one app from 1.4.2 to 1.5.0, and what a test wants different."""

from __future__ import annotations

from typing import Any

from imagebot.images.reference import ImageName
from imagebot.plan.change import Change, FieldChange, ImageUpdate
from imagebot.policy.model import PullRequestKeys
from imagebot.review.commit_message import worded
from imagebot.selection.verdict import Version

IMAGE = ImageName("ghcr.io", "acme/api")
OLD, NEW = ("sha256:" + letters * 32 for letters in ("ab", "cd"))
FIELD = FieldChange("staging/api.yaml", 7, "spec.image", "1.4.2", "1.5.0")
UPDATE = ImageUpdate(
    app="api",
    image=IMAGE,
    old=(Version("1.4.2"),),
    new=Version("1.5.0", NEW),
    kind="minor",
    because="1.5.0 is the newest of 3 tags in ^1.4",
    fields=(FIELD,),
    rule="semver: ^1.4",
    policy_file="api.yaml",
)

WISHES: dict[str, Any] = {
    "title": "bump {app}",
    "labels": ("image-update",),
    "note": "read the runbook",
    "auto_merge": ("patch",),
    "reviewers": ("ada",),
    "assignees": ("ada",),
}
"""Each key of a policy's `pullRequest` that changes something of an open one, with a value that is not its default."""


def change(*updates: ImageUpdate, **wishes: Any) -> Change:
    """The pull request of these updates; `wishes` is the policy's `pullRequest`."""
    wanted = PullRequestKeys(**wishes)
    return worded(
        Change(
            repository="environments",
            base="main",
            environment="staging",
            name="api",
            branch="imagebot/staging/api",
            updates=updates or (UPDATE,),
            before={},
            files={},
            reviewers=wanted.reviewers,
            assignees=wanted.assignees,
            wishes=wanted,
        )
    )
