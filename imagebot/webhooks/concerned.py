"""Which policies a call is about: those that watch an image that was pushed, or whose repository was changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from imagebot.images.reference import ImageName
from imagebot.plan.groups import sharing
from imagebot.policy.read import PolicySet
from imagebot.policy.watch import Watch
from imagebot.settings.resolve import RepositorySettings, Settings
from imagebot.webhooks.subject import ChangedRepository, GitPlace, PushedImage, Subject

Lister = Callable[[Watch], ImageName]
"""The image whose tags are those of a watch."""


def are_about_policies(settings: Settings, subjects: Collection[Subject]) -> bool:
    """Whether policies may be others now, because a repository changed that has some: then all are looked at."""
    changed = _changed(settings.repositories, subjects) | _changed(settings.sources, subjects)
    return any(one.repository in changed for one in settings.committed_policies)


def concerned(
    policies: PolicySet, repositories: Mapping[str, RepositorySettings], lister: Lister, subjects: Collection[Subject]
) -> PolicySet:
    """These policies and those that share a pull request with one; beside them are those that may share a file, or an
    app.
    """
    wanted = sharing(policies.policies, _wanted(policies, repositories, lister, subjects))
    chosen = [policy for policy in policies.policies if str(policy) in wanted]
    places, apps = {policy.repository for policy in chosen}, {policy.app for policy in chosen}
    near = tuple(policy for policy in policies.policies if policy.repository in places or policy.app in apps)
    return replace(policies, policies=near).narrowed(wanted)


def _wanted(
    policies: PolicySet, repositories: Mapping[str, RepositorySettings], lister: Lister, subjects: Collection[Subject]
) -> set[str]:
    changed = _changed(repositories, subjects)
    pushed = {subject for subject in subjects if isinstance(subject, PushedImage)}

    def is_pushed(watch: Watch) -> bool:
        return any(not pushed.isdisjoint(PushedImage.all_of(image)) for image in {watch.image, lister(watch)})

    return {
        str(policy)
        for policy in policies.policies
        if policy.repository in changed or any(map(is_pushed, policy.watches))
    }


def _changed(repositories: Mapping[str, RepositorySettings], subjects: Iterable[Subject]) -> set[str]:
    """The names of those that something happened in."""
    told = [subject for subject in subjects if isinstance(subject, ChangedRepository)]
    places = {name: GitPlace.parse(settings.url) for name, settings in repositories.items()} if told else {}
    return {name for name, place in places.items() if any(one.is_of(place, repositories[name].branch) for one in told)}
