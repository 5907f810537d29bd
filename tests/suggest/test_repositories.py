"""What is suggested for public repositories, as they were."""

from __future__ import annotations

from collections import Counter

import pytest

from imagebot.plan.claims import claims
from imagebot.policy.read import read_policies
from imagebot.selection.rank import rank
from imagebot.selection.verdict import Unknown
from imagebot.suggest.suggest import Suggestion, SurveyedRepository, suggest, survey
from tests.support.shared import shared

SCHEMA = "../schemas/policy.schema.json"


def look(name: str) -> tuple[SurveyedRepository, Suggestion]:
    folder = shared(f"corpus/{name}")
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    repository = survey(name, files, files)
    return repository, suggest(repository, (), SCHEMA)


# How many fields get a policy, and how many policy files there are: fewer is a step back.
REPOSITORIES = [
    ("apps-operate-first", 76, 27),
    ("argocd-example-apps-argoproj", 11, 1),
    ("awesome-compose-docker", 14, 11),
    ("examples-kubernetes", 31, 18),
    ("flux2-kustomize-helm-example-fluxcd", 1, 1),
    ("helm-charts-prometheus-community", 15, 11),
    ("home-ops-bjw-s-labs", 144, 90),
]


@pytest.mark.parametrize(("name", "placed", "files"), REPOSITORIES)
def test_a_sound_policy_for_each_field_that_can_be_followed(name: str, placed: int, files: int) -> None:
    repository, suggestion = look(name)
    read = read_policies(suggestion.files, [name])
    assert (read.problems, read.advice) == ((), ())
    owners: Counter[tuple[str, str]] = Counter()
    for (policy, index), fields in claims(read.policies, repository.files).items():
        assert not isinstance(fields, Unknown)
        assert fields, f"{policy} watches what is nowhere"
        owners.update((field.file, field.path) for field in fields)
        [watch] = [one.watches[index] for one in read.policies if str(one) == policy]
        for field in fields:
            assert rank(watch, [field.tag or ""]).best, f"{watch.image} {field.tag} is not let in by its own rule"
    assert set(owners.values()) == {1}
    assert len(owners) == suggestion.placed >= placed
    assert len(suggestion.files) >= files


@pytest.mark.parametrize("name", [name for name, _, _ in REPOSITORIES])
def test_every_field_is_placed_or_named_with_a_reason(name: str) -> None:
    repository, suggestion = look(name)
    fields = sum(len(known.found.fields) for known in repository.files.values())
    named = {(left.file, left.line, left.image) for left in suggestion.left_out}
    left = sum(
        (field.file, field.line, field.name.familiar) in named
        for known in repository.files.values()
        for field in known.found.fields
    )
    assert suggestion.placed + left == fields


def test_apps_are_named_as_people_call_them() -> None:
    _, suggestion = look("home-ops-bjw-s-labs")
    apps = {policy.app for policy in suggestion.policies}
    assert {"radarr", "cilium", "forgejo", "kube-prometheus-stack", "icarus-gatus", "observability-gatus"} <= apps
    assert {policy.environment for policy in suggestion.policies} == {"default"}


def test_flux_example() -> None:
    _, suggestion = look("flux2-kustomize-helm-example-fluxcd")
    [policy] = suggestion.policies
    assert (str(policy), policy.paths) == ("podinfo@base", ("apps/base/podinfo/",))
