"""Branches tell targets apart: whatever apps, groups and images are called, no two of them meet on one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from imagebot.images.reference import ImageName
from imagebot.plan.groups import ROLLBACK, branch_of
from imagebot.policy.model import Policy
from imagebot.policy.read import read_policies

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
IMAGES = st.builds(
    ImageName,
    st.sampled_from(["ghcr.io", "registry.internal:5000"]),
    st.from_regex(r"[a-z0-9]{1,6}(/[a-z0-9]+([._-][a-z0-9]+)?){0,2}", fullmatch=True),
)


def policy(app: str, group: str) -> Policy:
    text = (
        f"app: '{app}'\nrepository: environments\nenvironments: {{staging: {{}}}}\n"
        f"images: [{{image: ghcr.io/acme/api, semver: ^1}}]\npullRequest: {{group: {group}}}\n"
    )
    (found,) = read_policies({"api.yaml": text.encode()}, None).policies
    return found


@given(LABELS, LABELS, IMAGES, IMAGES)
def test_no_two_targets_share_a_branch(app: str, group: str, image: ImageName, other: ImageName) -> None:
    by_app, by_name, by_image = (
        policy(app, "{by: app}"),
        policy(app, f"{{name: '{group}'}}"),
        policy(app, "{by: image}"),
    )

    branches = [
        branch_of("imagebot/", by_app, image),
        branch_of("imagebot/", by_app, image) + ROLLBACK,
        branch_of("imagebot/", by_name, image),
        *(branch_of("imagebot/", by_image, each) for each in {image, other}),
    ]
    branches += [branch_of("imagebot/", each, image, major=True) for each in (by_app, by_name, by_image)]

    assert len(set(branches)) == len(branches)
    assert not any(one.startswith(f"{another}/") for one in branches for another in branches), "git could not keep both"


@given(LABELS, LABELS, IMAGES)
def test_one_group_is_one_branch_whatever_app_and_image(app: str, other: str, image: ImageName) -> None:
    branches = {branch_of("imagebot/", policy(each, "{name: all}"), image) for each in (app, other)}

    assert branches == {"imagebot/staging/+all"}
