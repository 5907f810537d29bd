"""All that an image must be signed with: by its policy, and by what holds for all images whatever policies say."""

from __future__ import annotations

from collections.abc import Sequence

from imagebot.images.reference import ImageName
from imagebot.policy.fence import ImagePatterns
from imagebot.policy.paths import covers
from imagebot.policy.verify import Requirement


class RequirementOfAll(Requirement):
    """What images must have whatever policies say."""

    images: ImagePatterns = ()
    """The images that it holds for, as gitignore patterns from the registry's host on: `ghcr.io/acme/`. Without it: for
    all."""

    def holds_for(self, image: ImageName) -> bool:
        return covers(self.images, str(image))


def required(
    own: Sequence[Requirement], of_all: Sequence[RequirementOfAll], image: ImageName
) -> tuple[Requirement, ...]:
    """All that holds for an image: what imagebot.yaml says, and what its policy says besides."""
    return (*(one for one in of_all if one.holds_for(image)), *own)
