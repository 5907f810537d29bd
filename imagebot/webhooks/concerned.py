"""Which policies a call is about: those that watch an image that was pushed, or whose repository was changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from imagebot.images.reference import ImageName
from imagebot.plan.groups import sharing
from imagebot.policy.read import PolicySet
from imagebot.policy.watch import Watch
from imagebot.settings.resolve import RepositorySettings, Settings
from imagebot.webhooks.subject import ChangedRepository, PushedImage, Subject

Lister = Callable[[Watch], ImageName]
"""The image whose tags are those of a watch."""


def are_about_policies(settings: Settings, subjects: Iterable[Subject]) -> bool:
    """Whether policies may be others now, because a repository changed that has some: then all are looked at."""
    names = {one.repository for one in settings.committed_policies}
    places = [known[name] for known in (settings.repositories, settings.sources) for name in names & known.keys()]
    changed = [subject for subject in subjects if isinstance(subject, ChangedRepository)]
    return any(subject.is_of(place.url, place.branch) for subject in changed for place in places)


def concerned(
    policies: PolicySet, repositories: Mapping[str, RepositorySettings], lister: Lister, subjects: Iterable[Subject]
) -> PolicySet:
    """These policies and those that share a pull request with one; beside them are those that may share a file, or an
    app.
    """
    wanted = sharing(policies.policies, _wanted(policies, repositories, lister, list(subjects)))
    chosen = [policy for policy in policies.policies if str(policy) in wanted]
    places, apps = {policy.repository for policy in chosen}, {policy.app for policy in chosen}
    near = tuple(policy for policy in policies.policies if policy.repository in places or policy.app in apps)
    return replace(policies, policies=near).narrowed(wanted)


def _wanted(
    policies: PolicySet, repositories: Mapping[str, RepositorySettings], lister: Lister, subjects: list[Subject]
) -> set[str]:
    changed = {
        name
        for name, settings in repositories.items()
        for subject in subjects
        if isinstance(subject, ChangedRepository) and subject.is_of(settings.url, settings.branch)
    }
    by_image: dict[ImageName, list[str]] = defaultdict(list)
    for policy in policies.policies:
        for watch in policy.watches:
            for image in {watch.image, lister(watch)}:
                by_image[image].append(str(policy))
    pushed = [subject for subject in subjects if isinstance(subject, PushedImage)]
    exact = [by_image.get(ImageName(one.registry, one.repository), []) for one in pushed if not one.ending]
    endings = [one for one in pushed if one.ending]
    loose = [names for image, names in by_image.items() if any(one.is_of(image) for one in endings)]
    found = {name for names in (*exact, *loose) for name in names}
    return found | {str(policy) for policy in policies.policies if policy.repository in changed}
