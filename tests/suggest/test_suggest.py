from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebot.images.name_prefix import NamePrefix
from imagebot.plan.claims import claims
from imagebot.policy.model import Policy
from imagebot.policy.read import read_policies
from imagebot.selection.verdict import Unknown
from imagebot.suggest.layout import Layout
from imagebot.suggest.suggest import Suggestion, suggest, survey
from tests.support.effort import calls

SCHEMA = "../schemas/policy.schema.json"


def pod(*images: str) -> str:
    return "spec:\n  containers:\n" + "".join(f"    - image: {image}\n" for image in images)


def suggested(files: Mapping[str, str], existing: Sequence[Policy] = ()) -> Suggestion:
    contents = {path: text.encode() for path, text in files.items()}
    return suggest(survey("envs", contents, contents), existing, SCHEMA)


def claimed(suggestion: Suggestion, files: Mapping[str, str]) -> Counter[tuple[str, str]]:
    """How often each place is claimed by the suggestion, as the bot reads it; nothing may be unknown."""
    policies = read_policies(suggestion.files, ["envs"])
    assert policies.problems == ()
    assert policies.advice == ()
    contents = {path: text.encode() for path, text in files.items()}
    found: Counter[tuple[str, str]] = Counter()
    for fields in claims(policies.policies, survey("envs", contents, contents).files).values():
        assert not isinstance(fields, Unknown), fields.because
        assert fields
        found.update((field.file, field.path) for field in fields)
    assert set(found.values()) <= {1}
    return found


def names(suggestion: Suggestion) -> list[str]:
    return sorted(map(str, suggestion.policies))


def reasons(suggestion: Suggestion) -> dict[str, str]:
    return {f"{left.file}:{left.line}": f"{left.version} {left.why}" for left in suggestion.left_out}


def test_a_policy_as_a_platform_engineer_would_have_written_it() -> None:
    files = {
        "clusters/staging/shop/api.yaml": pod("ghcr.io/acme/api:v1.5.2-alpine", f"redis:7.2@sha256:{'a' * 64}"),
        "clusters/production/shop/api.yaml": pod("ghcr.io/acme/api:v1.4.0-alpine", f"redis:7.2@sha256:{'b' * 64}"),
    }
    suggestion = suggested(files)
    expected = """\
        # yaml-language-server: $schema=../schemas/policy.schema.json
        app: shop
        repository: envs
        environments:
          staging:
            paths: [clusters/staging/shop/]
          production:
            paths: [clusters/production/shop/]
        images:
          # now 7.2 in staging and production
          - image: redis
            semver: ^7.2  # stays on 7.x
            loose: true  # versions here have fewer than three numbers, or zeros before one
            tags:
              match: ^[0-9]+\\.[0-9]+$  # only two numbers, like 7.2
            pin: digest  # as every field of it is
          # now v1.5.2-alpine in staging, v1.4.0-alpine in production
          - image: ghcr.io/acme/api
            semver: ^1.4.0  # stays on 1.x
            tags:
              match: ^v(?P<version>[0-9.]+)-alpine$  # only tags like v1.4.0-alpine
              extract: $version
        """
    assert {name: data.decode() for name, data in suggestion.files.items()} == {"shop.yaml": dedent(expected)}
    assert suggestion.placed == sum(claimed(suggestion, files).values()) == 4
    assert suggestion.left_out == ()


def test_an_environment_with_other_images_has_a_file_of_its_own() -> None:
    """A watch without a field in one environment would leave that one unknown for ever."""
    files = {
        "clusters/staging/shop/a.yaml": pod("acme/api:1.0.0", "acme/debug:1.0.0"),
        "clusters/production/shop/a.yaml": pod("acme/api:1.0.0"),
    }
    suggestion = suggested(files)
    assert sorted(suggestion.files) == ["shop-production.yaml", "shop-staging.yaml"]
    assert names(suggestion) == ["shop@production", "shop@staging"]
    assert sum(claimed(suggestion, files).values()) == 3


def test_environments_on_different_major_versions_do_not_share_a_range() -> None:
    files = {
        "clusters/staging/shop/a.yaml": pod("acme/api:7.0.0"),
        "clusters/production/shop/a.yaml": pod("acme/api:6.3.0"),
    }
    suggestion = suggested(files)
    claimed(suggestion, files)
    assert b"semver: ^7.0.0 " in suggestion.files["shop-staging.yaml"]
    assert b"semver: ^6.3.0 " in suggestion.files["shop-production.yaml"]


def test_two_tracks_in_one_file_cannot_be_told_apart_by_paths() -> None:
    suggestion = suggested({"shop/a.yaml": pod("nginx:1.25.3", "nginx:1.25.3-alpine", "redis:7.2.1")})
    assert suggestion.placed == 1
    assert reasons(suggestion) == {
        "shop/a.yaml:3": "1.25.3 stands in one file with 1.25.3-alpine, which is on another track",
        "shop/a.yaml:4": "1.25.3-alpine stands in one file with 1.25.3, which is on another track",
    }


def test_two_tracks_in_two_files_of_an_app_get_a_policy_each() -> None:
    files = {
        "shop/a.yaml": pod("acme/nginx:1.25.3", "acme/api:2.0.0"),
        "shop/b.yaml": pod("acme/nginx:1.25.3-alpine"),
    }
    suggestion = suggested(files)
    assert names(suggestion) == ["shop-nginx-alpine@default", "shop-nginx-v1@default", "shop@default"]
    assert sum(claimed(suggestion, files).values()) == 3


def test_what_cannot_be_followed_keeps_its_file_out_of_reach() -> None:
    files = {
        "shop/a.yaml": pod("acme/api:1.0.0"),
        "shop/b.yaml": pod("acme/api:1.0.1"),
        "shop/c.yaml": pod("acme/api:latest"),
    }
    suggestion = suggested(files)
    assert claimed(suggestion, files).keys() == {
        ("shop/a.yaml", "spec.containers[0].image"),
        ("shop/b.yaml", "spec.containers[0].image"),
    }
    assert b"'!shop/c.yaml'" in suggestion.files["shop.yaml"]
    assert reasons(suggestion) == {"shop/c.yaml:3": "latest is a name, not a version"}


def test_an_image_left_out_of_one_file_of_an_app_is_parted_from_the_others() -> None:
    files = {
        "shop/a.yaml": pod("acme/api:1.0.0", "acme/job:latest"),
        "shop/b.yaml": pod("acme/job:1.0.0"),
    }
    suggestion = suggested(files)
    assert sum(claimed(suggestion, files).values()) == 2


def test_the_same_image_in_several_apps_is_kept_apart() -> None:
    files = {f"clusters/prod/{app}/a.yaml": pod("redis:7.2.1") for app in ("shop", "till", "bank")}
    suggestion = suggested(files)
    assert names(suggestion) == ["bank@prod", "shop@prod", "till@prod"]
    assert sum(claimed(suggestion, files).values()) == 3


def test_apps_of_one_name_are_told_apart_by_what_is_above_them() -> None:
    files = {f"apps/{team}/gatus/a.yaml": pod("acme/gatus:1.0.0") for team in ("one", "two")}
    assert names(suggested(files)) == ["one-gatus@default", "two-gatus@default"]


def test_what_is_shared_is_an_environment_beside_the_others() -> None:
    files = {
        "shop/deployment.yaml": pod("acme/api:1.0.0"),
        "shop/overlays/prod/patch.yaml": pod("acme/api:1.0.1"),
    }
    suggestion = suggested(files)
    assert names(suggestion) == ["shop@base", "shop@prod"]
    assert sum(claimed(suggestion, files).values()) == 2


def test_one_file_of_an_environment_with_several_apps() -> None:
    images = "images:\n  - {name: acme/api, newTag: 1.0.0}\n  - {name: acme/worker, newTag: 2.0.0}\n"
    files = {f"{environment}/kustomization.yaml": images for environment in ("staging", "production")}
    suggestion = suggested(files)
    assert names(suggestion) == ["api@production", "api@staging", "worker@production", "worker@staging"]
    assert sum(claimed(suggestion, files).values()) == 4


def test_a_template_that_names_the_image_is_left_out_of_reach() -> None:
    """The bot could not tell what it deploys, and the whole policy would be unknown."""
    files = {"shop/values.yaml": pod("acme/api:1.0.0"), "shop/templates/job.yaml": "{{ if }}\nimage: acme/api:0.1\n"}
    suggestion = suggested(files)
    assert sum(claimed(suggestion, files).values()) == 1
    assert [left.file for left in suggestion.left_out] == ["shop/templates/job.yaml"]


def test_a_hidden_folder_holds_no_app() -> None:
    files = {".github/workflows/ci.yaml": "jobs: {a: {steps: [{uses: 'docker://acme/tool:1.0.0'}]}}\n"}
    suggestion = suggested(files)
    assert suggestion.files == {}
    assert next(iter(reasons(suggestion).values())).startswith("1.0.0 is in a hidden folder")


def test_what_has_a_policy_is_passed_by_and_nothing_new_reaches_it() -> None:
    files = {"apps/shop/a.yaml": pod("redis:7.2.1"), "apps/till/a.yaml": pod("redis:7.2.1")}
    first = suggested({"apps/shop/a.yaml": files["apps/shop/a.yaml"]})
    again = suggested(files, first.policies)
    assert (again.placed, again.taken, names(again)) == (1, 1, ["till@default"])
    assert suggested(files, [*first.policies, *again.policies]).files == {}


def test_a_new_image_of_an_app_that_has_a_policy_is_for_a_person_to_add() -> None:
    first = suggested({"shop/a.yaml": pod("redis:7.2.1")})
    again = suggested({"shop/a.yaml": pod("redis:7.2.1"), "shop/b.yaml": pod("acme/api:1.0.0")}, first.policies)
    assert again.files == {}
    assert reasons(again) == {"shop/b.yaml:3": "1.0.0 belongs to shop@default: add its image to shop.yaml"}


def test_a_marker_that_leads_nowhere_keeps_its_image_in_that_file_out() -> None:
    files = {"shop/a.yaml": pod("redis:7.2.1") + "# imagebot: redis\nargs: [x]\n", "shop/b.yaml": pod("acme/api:1.0.0")}
    suggestion = suggested(files)
    assert sum(claimed(suggestion, files).values()) == 1
    assert reasons(suggestion)["shop/a.yaml:3"].startswith("7.2.1 stands in one file with a place of the same image")


def test_policies_in_the_repository_deploy_nothing() -> None:
    files = {"apps/shop/a.yaml": pod("redis:7.2.1")}
    first = suggested(files)
    files |= {f"policies/{name}": data.decode() for name, data in first.files.items()}
    assert suggested(files) == first


def test_the_file_of_most_environments_needs_no_longer_name() -> None:
    files = {
        "apps/base/shop/a.yaml": pod("redis:7.2.1"),
        "apps/staging/shop-values.yaml": pod("acme/api:1.0.0"),
        "apps/production/shop-values.yaml": pod("acme/api:1.0.0"),
    }
    assert sorted(suggested(files).files) == ["shop-base.yaml", "shop.yaml"]


@pytest.mark.parametrize("folder", ["a*b", "[x]", "!bang", "#hash", "sp ace", "back\\slash", "Ünïcode", "trailing "])
def test_paths_mean_themselves_whatever_is_in_them(folder: str) -> None:
    files = {f"{folder}/shop/a.yaml": pod("acme/api:1.0.0"), "aXb/shop/a.yaml": pod("acme/api:2.0.0")}
    suggestion = suggested(files)
    claimed(suggestion, files)
    assert suggestion.placed + len(suggestion.left_out) == 2


FOLDERS = st.sampled_from(
    [
        "apps",
        "base",
        "staging",
        "production",
        "prod-eu",
        "overlays",
        "clusters",
        "shop",
        "till",
        "app",
        "templates",
        ".x",
    ]
)
NAMES = st.sampled_from(
    ["a.yaml", "values.yaml", "values-prod.yaml", "staging.yaml", "shop.yaml", "kustomization.yaml"]
)
PATHS = st.tuples(st.lists(FOLDERS, max_size=4), NAMES).map(lambda parts: "/".join([*parts[0], parts[1]]))
IMAGES = st.builds(
    "{}:{}".format,
    st.sampled_from(["redis", "acme/api", "acme/job"]),
    st.sampled_from(
        ["1.0.0", "1.2.3", "2.0.0", "1.0", "1.0.0-alpine", "v1.0.0", "latest", "12-r3", f"1.0.0@sha256:{'a' * 64}"]
    ),
)
BROKEN = st.sampled_from(["{{ if }}\nimage: redis:1\n", "image: redis\n"])
REPOSITORIES = st.dictionaries(PATHS, st.lists(IMAGES, min_size=1, max_size=3).map(lambda some: pod(*some)) | BROKEN)


@settings(max_examples=40)
@given(REPOSITORIES)
def test_whatever_the_repository_each_placed_field_is_claimed_once(files: dict[str, str]) -> None:
    suggestion = suggested(files)
    assert sum(claimed(suggestion, files).values()) == suggestion.placed
    assert suggested(dict(reversed(files.items()))) == suggestion
    assert not any("has no policy that holds" in left.why for left in suggestion.left_out)
    assert suggested(files, suggestion.policies).files == {}


def test_only_what_is_a_policy_is_no_place_to_deploy_from() -> None:
    """A chart's values may hold each word of a policy; a policy's own images are none that run."""
    values = "app: {}\nrepository: x\nenvironments: {}\nimages: {}\n" + pod("ghcr.io/acme/api:1.0.0")
    policy = "app: a\nrepository: envs\nenvironments: {p: }\nimages: [{image: ghcr.io/acme/api, semver: ^1}]\n"
    assert len(suggested({"apps/p/values.yaml": values}).policies) == 1
    assert suggested({"policies/a.yaml": policy}).policies == ()


def test_twice_as_many_files_in_a_folder_are_twice_the_work() -> None:
    once, twice = (calls(lambda size=size: Layout(_flat(size)).homes(_flat(size))) for size in (100, 200))  # type: ignore[misc]
    assert once > 200
    assert twice < 2.5 * once


def _flat(size: int) -> list[str]:
    return [f"app{number}-values-prod.yaml" for number in range(size)]


def test_twice_as_many_files_are_twice_the_work_where_all_have_policies() -> None:
    once, twice = (_work_again(size) for size in (40, 80))
    assert once > 200
    assert twice < 2.5 * once


def _work_again(size: int) -> int:
    files = {f"apps/a{number}/pod.yaml": pod(f"acme/a{number}:1.2.3") for number in range(size)}
    known = suggested(files).policies
    return calls(lambda: suggested(files, known))


def test_a_copy_in_a_pull_through_cache_follows_its_upstream() -> None:
    files = {"staging/app.yaml": pod("harbor.corp/hub/library/redis:7.2.1", "harbor.corp/acme/api:1.2.3")}
    pages = b"".join(suggested(files).files.values())
    assert b"  - image: harbor.corp/hub/library/redis\n    upstream: docker.io/library/redis  #" in pages
    assert pages.count(b"upstream:") == 1


def test_a_cache_that_the_settings_know_needs_no_word_in_a_policy() -> None:
    contents = {"staging/app.yaml": pod("harbor.corp/hub/library/redis:7.2.1").encode()}
    caches = [NamePrefix("harbor.corp", "hub")]
    (page,) = suggest(survey("envs", contents, contents), (), SCHEMA, caches).files.values()
    assert b"upstream" not in page
