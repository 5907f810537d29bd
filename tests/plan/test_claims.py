"""Every field belongs to one policy, or to none and everybody is told."""

from __future__ import annotations

from dataclasses import replace

from imagebot.fields.embedded import find_embedded
from imagebot.fields.find import find
from imagebot.fields.unclear import unclear
from imagebot.plan.claims import FileFields, claims, left_alone
from imagebot.policy.fence import Fence, FolderFence
from imagebot.policy.gates import Gates
from imagebot.policy.model import Policy, PullRequestKeys
from imagebot.selection.verdict import Unknown
from tests.support.watches import watch

STAGING = Policy("api.yaml", "api", "staging", "env", ("staging/",), (watch(),), PullRequestKeys(), Gates())
PRODUCTION = replace(STAGING, environment="production", paths=("production/",))
EVERYWHERE = replace(STAGING, app="other", paths=())


def file(path: str, text: str = "image: ghcr.io/acme/api:1.4.2\n") -> tuple[str, FileFields]:
    data, image = text.encode(), watch().image
    doubt = unclear(data, found := find(path, data), image)
    return path, FileFields(found, {image: doubt} if doubt else {})


FILES = dict([file("staging/a.yaml"), file("production/a.yaml"), file("staging/b.yaml", "image: nginx:1.25\n")])


def test_paths_share_out_the_fields() -> None:
    owned = claims([STAGING, PRODUCTION], FILES)

    files = {key: [field.file for field in held] for key, held in owned.items() if not isinstance(held, Unknown)}
    assert files == {("api@staging", 0): ["staging/a.yaml"], ("api@production", 0): ["production/a.yaml"]}


def test_a_field_that_two_reach_belongs_to_neither_and_each_names_the_other() -> None:
    owned = claims([STAGING, EVERYWHERE], FILES)

    assert owned == {
        ("api@staging", 0): Unknown(
            "staging/a.yaml:1 is claimed by other@staging too; give each policy its own `paths`"
        ),
        ("other@staging", 0): Unknown(
            "staging/a.yaml:1 is claimed by api@staging too; give each policy its own `paths`"
        ),
    }


def test_where_hundreds_claim_one_field_each_is_told_of_a_few() -> None:
    many = [replace(EVERYWHERE, app=f"app-{number:03}") for number in range(300)]

    unknown = claims(many, FILES)["app-001@staging", 0]

    assert isinstance(unknown, Unknown)
    named = " and ".join(f"app-{number:03}@staging" for number in (0, 2, 3, 4, 5))
    assert unknown.because == (
        f"production/a.yaml:1 is claimed by {named} and 294 more too; give each policy its own `paths`"
    )


def test_the_order_of_the_policies_does_not_matter() -> None:
    policies = [STAGING, PRODUCTION, EVERYWHERE]

    assert claims(policies, FILES) == claims(policies[::-1], FILES)


def test_an_unreadable_file_that_names_the_image_makes_only_its_own_policy_unknown() -> None:
    files = FILES | dict([file("production/bad.yaml", "a: [ghcr.io/acme/api\n")])

    owned = claims([STAGING, PRODUCTION], files)

    assert isinstance(owned["api@production", 0], Unknown)
    assert not isinstance(owned["api@staging", 0], Unknown)


def test_a_place_that_names_the_image_without_a_version_says_what_is_missing() -> None:
    files = dict([file("staging/k.yaml", "api:\n  image:\n    repository: ghcr.io/acme/api\n")])

    unknown = claims([STAGING], files)["api@staging", 0]

    assert isinstance(unknown, Unknown)
    assert unknown.because == "staging/k.yaml:3:17: no `tag` or `digest` stands beside `repository`"


def test_no_field_is_no_claim() -> None:
    assert claims([STAGING], {}) == {("api@staging", 0): ()}


SCRIPT = "run: docker run ghcr.io/acme/api:1.4.2 --now\n"


def embedded(path: str, text: str) -> dict[str, FileFields]:
    data, image = text.encode(), watch().image
    found = find(path, data)
    return {path: FileFields(found, embedded=find_embedded(path, data, found, [image]))}


def test_longer_text_is_a_field_only_where_a_watch_asks_for_it() -> None:
    asking = replace(STAGING, watches=(watch(embedded=True),))
    files = FILES | embedded("staging/job.yaml", SCRIPT)

    plain, both = claims([STAGING], files)["api@staging", 0], claims([asking], files)["api@staging", 0]

    assert not isinstance(plain, Unknown)
    assert not isinstance(both, Unknown)
    assert [field.file for field in plain] == ["staging/a.yaml"]
    assert [field.file for field in both] == ["staging/a.yaml", "staging/job.yaml"]
    assert [field.file for field in left_alone([STAGING], files)["api@staging", 0]] == ["staging/job.yaml"]
    assert left_alone([asking], files) == {}


def test_an_image_only_in_longer_text_is_unknown_and_says_what_to_write() -> None:
    unknown = claims([STAGING], embedded("staging/job.yaml", SCRIPT))["api@staging", 0]

    assert unknown == Unknown("staging/job.yaml:1 ghcr.io/acme/api stands in longer text; `embedded: true` edits it")


def test_a_fence_parts_policies_that_have_the_same_paths() -> None:
    """What one of them may not see is not told to it because the other one sees it."""
    fence = FolderFence("teams/a", Fence.model_validate({"paths": ["staging/", "!staging/secret/"]}))
    files = dict([file("staging/secret/a.yaml")])
    fenced = replace(STAGING, app="other", fences=(fence,))
    found = claims([STAGING, fenced], files)
    fields = found[str(STAGING), 0]
    assert not isinstance(fields, Unknown)
    assert [field.file for field in fields] == ["staging/secret/a.yaml"]
    assert found[str(fenced), 0] == ()
