"""Everything that a pass needs, examined: whether it is there, answers, and may be used. Nothing is written anywhere.

All parties are asked side by side; each question has an end, and one bad party stops no other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from imagebot.cycle.side_by_side import Step
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError
from imagebot.images.reference import ImageName
from imagebot.operations import local_checks, remote_checks
from imagebot.operations.diagnosis import Diagnosis, Health, wrong
from imagebot.policy.read import PolicySet
from imagebot.registry.mirrors import places

PATIENCE_S = 40.0
"""How long one party may take for all that it is asked: longer than any of its time-outs alone."""
Check = Callable[[], list[Diagnosis]]


def examine(world: World, policies: PolicySet) -> list[Diagnosis]:
    """All that is found, in the order in which a pass needs it. Raises `Stopped`."""
    checks = [*_local(world, policies), *_remote(world, policies)]
    steps = [
        Step(f"{check} {party}", f"examine {check} {party}".strip(), question, PATIENCE_S)
        for check, party, question in checks
    ]
    answers = world.ask_quietly(steps, world.budgets.party)
    found: list[Diagnosis] = []
    for (check, party, _), answer in zip(checks, answers, strict=True):
        found += [wrong(check, party, answer)] if isinstance(answer, ImagebotError) else answer
    return found


def _local(world: World, policies: PolicySet) -> list[tuple[str, str, Check]]:
    settings = world.settings
    return [
        ("git", "", local_checks.git_version),
        ("policies", "", partial(local_checks.policies, policies)),
        ("state", "", partial(local_checks.state, settings)),
        ("database", "", partial(local_checks.database, settings)),
        ("signing", "", partial(local_checks.signing, settings)),
        ("trust", "", partial(local_checks.trust, settings)),
        ("webhook", "", partial(local_checks.webhooks, settings, policies)),
    ]


def _remote(world: World, policies: PolicySet) -> list[tuple[str, str, Check]]:
    settings = world.settings
    found: list[tuple[str, str, Check]] = [("proxy", "", partial(remote_checks.proxies, settings))]
    for name, one in sorted(settings.repositories.items()):
        found.append(("repository", name, partial(remote_checks.repository, world, one)))
        found.append(("forge", name, partial(remote_checks.forge, world, one)))
    for name in sorted(settings.sources):
        found.append(("source", name, partial(remote_checks.source, world, name)))
    if world.roots is not None and settings.trust.tuf is not None:
        kept = world.roots.kept
        found.append(("trust", "", partial(remote_checks.trusted_root, settings, settings.trust.tuf, kept)))
    for host in sorted(settings.source_forges):
        found.append(("release notes", host, partial(remote_checks.release_notes, world, host)))
    for check, names in (("mirror", _mirrored(world, policies)), ("registry", _watched(policies))):
        for registry, images in _by_registry(names).items():
            found.append((check, registry, partial(remote_checks.registry, world, check, registry, images)))
    return found


def _watched(policies: PolicySet) -> list[ImageName]:
    return sorted({watch.image for policy in policies.policies for watch in policy.watches})


def _mirrored(world: World, policies: PolicySet) -> list[ImageName]:
    """As mirrors name them: with a registry to fall back on nobody would notice one that is ill."""
    asked = {name: places(world.settings.registries, name)[0] for name in _watched(policies)}
    return sorted({there for name, there in asked.items() if there != name})


def _by_registry(names: Sequence[ImageName]) -> dict[str, list[ImageName]]:
    found: dict[str, list[ImageName]] = {}
    for name in names:
        found.setdefault(name.registry, []).append(name)
    return found


def summary(diagnoses: Sequence[Diagnosis]) -> str:
    """How many of each."""
    counts = [
        f"{sum(one.health is health for one in diagnoses)} {health}"
        for health in (Health.WRONG, Health.LOOK, Health.OK)
    ]
    return ", ".join(counts)
