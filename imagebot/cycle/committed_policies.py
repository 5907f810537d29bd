"""Policy files that are in git, as the tip of their branch has them.

While a repository cannot be fetched its policies are those that were seen there last: an outage withdraws none. A
folder without any, and a link where a file was, are problems, as on disk: they must not look like a team that withdrew
its policies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath

from imagebot.cycle.side_by_side import Step
from imagebot.cycle.world import World
from imagebot.documents.tree import MAX_BYTES
from imagebot.errors import ImagebotError, Problem
from imagebot.gitrepo.mirror import Mirror
from imagebot.observe.events import PoliciesKept
from imagebot.policy.defaults import is_defaults
from imagebot.policyfiles import is_policy_file
from imagebot.settings.policies import CommittedPolicies

Committed = dict[str, bytes | Problem]
_MOST_BYTES = 32 << 20
"""Of the policy files of one place, ten thousand of three kilobytes: who may push there fills no memory with more."""
_NO_FILE = "is a link, a submodule, or has a name that is no UTF-8: what was here before is not withdrawn by that"


def committed_policies(world: World) -> Committed:
    """All of them by the names to show, `REPOSITORY:/PATH`; why there are none stands in their place.

    The repositories are fetched side by side. Raises `Stopped`.
    """
    wanted: dict[str, list[CommittedPolicies]] = {}
    for one in world.settings.committed_policies:
        wanted.setdefault(one.repository, []).append(one)
    mirrors = {name: partial(_mirror, world, name) for name in wanted}
    steps: list[Step[str | ImagebotError]] = [
        Step(f"policies {name}", f"fetch the policies in {name}", partial(_fetched, mirror), world.budgets.party)
        for name, mirror in mirrors.items()
    ]
    tips = dict(zip(wanted, world.ask_quietly(steps, world.budgets.party), strict=True))
    found: Committed = {}
    for name, some in wanted.items():
        question = partial(_read, world, name, mirrors[name], tips[name], some)
        read = world.ask(f"read the policies in {name}", question)
        if isinstance(read, ImagebotError):
            found |= {one.place: Problem(one.place, 1, 1, f"cannot be read: {read}") for one in some}
        else:
            found |= read
    return found


def _mirror(world: World, name: str) -> Mirror:
    repository = world.settings.repositories.get(name)
    return world.source(name, None) if repository is None else world.mirror(repository)


def _fetched(mirror: Callable[[], Mirror]) -> str:
    return mirror().fetch(None).base


def _read(
    world: World, name: str, mirrored: Callable[[], Mirror], tip: str | ImagebotError, some: Sequence[CommittedPolicies]
) -> Committed:
    mirror = mirrored()
    commit = _last(world, name, mirror, tip) if isinstance(tip, ImagebotError) else tip
    tree = mirror.files(commit)
    blobs = {entry.path: entry.blob for entry in tree.entries if is_policy_file(entry.path)}
    found: Committed = {}
    for one in some:
        here = _contents(one, mirror, {path: blob for path, blob in blobs.items() if _is_of(one, path)})
        odd = [_name(one, path) for path in tree.others if _may_be_of(one, path)]
        found |= here | {file: Problem(file, 1, 1, _NO_FILE) for file in odd}
        if all(map(is_defaults, here)):
            nothing = f"there is no policy file (*.yaml, *.yml) here at {commit[:12]}"
            found.setdefault(one.place, Problem(one.place, 1, 1, nothing))
    return found


def _contents(one: CommittedPolicies, mirror: Mirror, blobs: Mapping[str, str]) -> Committed:
    """The files, as long as all of them together are no more than people write."""
    found: Committed = {}
    left = _MOST_BYTES
    for path, data in zip(blobs, mirror.blobs(list(blobs.values())), strict=True):
        file = _name(one, path)
        if data is None or len(data) > MAX_BYTES:
            found[file] = Problem(file, 1, 1, f"is larger than {MAX_BYTES >> 10} KiB")
        else:
            found[file] = data
        left -= MAX_BYTES if data is None else len(data)
        if left < 0:
            most = f"holds more than {_MOST_BYTES >> 20} MiB of policy files"
            return {one.place: Problem(one.place, 1, 1, most)}
    return found


def _last(world: World, name: str, mirror: Mirror, error: ImagebotError) -> str:
    """The tip of its branch when it was fetched last. Raises `ImagebotError`."""
    known = mirror.last_heads(None)
    if known is None:
        raise error
    world.tell(PoliciesKept(name, known.base, str(error)))
    return known.base


def _may_be_of(one: CommittedPolicies, path: str) -> bool:
    """Whether policies may be behind what is no file: a link may have been a folder of them."""
    hidden = any(part.startswith(".") for part in path.split("/"))
    return not hidden and (one.has(path) or (one.path or "").startswith(f"{path}/"))


def _is_of(one: CommittedPolicies, path: str) -> bool:
    """The defaults beside a file that is named alone are its own, too."""
    if one.has(path):
        return True
    beside = PurePosixPath(one.path or "").parent == PurePosixPath(path).parent
    return beside and is_policy_file(one.path or "") and is_defaults(path)


def _name(one: CommittedPolicies, path: str) -> str:
    return f"{one.repository}:/{path}"
