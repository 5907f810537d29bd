"""Whether what is deployed now is signed as it must be: asked by people, and never by a pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from imagebot.cycle.checkout import Checkout
from imagebot.cycle.look import Look
from imagebot.cycle.signatures import signature_state
from imagebot.errors import ImagebotError
from imagebot.images.reference import ImageName
from imagebot.policy.required import required
from imagebot.policy.verify import Requirement
from imagebot.selection.verdict import Version
from imagebot.trust.state import CheckFailed, SignatureState, Verified


@dataclass(frozen=True, slots=True)
class DeployedSignature:
    """One version of an image that fields of a policy say, at `where`, each `file:line`.

    Without a `state` nothing is required of it. `by_tag`: no digest is written, so it is what the tag stands for now.
    """

    app: str
    environment: str
    image: ImageName
    version: Version
    where: tuple[str, ...]
    by_tag: bool
    state: SignatureState | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.state is None or isinstance(self.state, Verified)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One to be asked about."""

    checkout: Checkout
    said: DeployedSignature
    requirements: tuple[Requirement, ...]

    def answer(self) -> DeployedSignature:
        """Raises `WorldError`."""
        image, version = self.said.image, self.said.version
        digest = version.digest or self.checkout.registries.digest(image, version.tag)
        state = signature_state(self.checkout, image, digest, self.requirements, fresh=True)
        return replace(self.said, version=replace(version, digest=digest), state=state)


def deployed_signatures(look: Look) -> tuple[DeployedSignature, ...]:
    """All that a look found in files, in the order of its policies; what a registry does not tell is an error there.

    Raises `Stopped`.
    """
    asked = list(_deployed(look))
    found: dict[int, DeployedSignature] = {}
    by_registry: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(asked):
        if one.requirements:
            by_registry[one.said.image.registry].append(number)
        else:
            found[number] = one.said
    for registry, numbers in sorted(by_registry.items()):
        task = "tell what is signed of what is deployed"
        answers = look.world.ask_each(registry, task, [partial(asked[number].answer) for number in numbers])
        for number, answer in zip(numbers, answers, strict=True):
            found[number] = _told(asked[number].said, answer)
    return tuple(found[number] for number in range(len(asked)))


def _told(said: DeployedSignature, answer: DeployedSignature | ImagebotError) -> DeployedSignature:
    return replace(said, state=CheckFailed(str(answer))) if isinstance(answer, ImagebotError) else answer


def _deployed(look: Look) -> Iterator[_Asked]:
    of_all = look.world.settings.verify
    for decision in look.decided:
        checkout, policy = look.sight.checkouts.get(decision.policy.repository), decision.policy
        for line in decision.watches:
            if line.major or not isinstance(checkout, Checkout):
                continue
            requirements = required(line.watch.verify, of_all, line.watch.image)
            versions: dict[Version, list[str]] = defaultdict(list)
            for field in line.fields:
                if field.tag or field.digest:
                    versions[Version(field.tag or "", field.digest)].append(f"{field.file}:{field.line}")
            for version, where in versions.items():
                said = DeployedSignature(
                    policy.app, policy.environment, line.watch.image, version, tuple(where), version.digest is None
                )
                yield _Asked(checkout, said, requirements)
