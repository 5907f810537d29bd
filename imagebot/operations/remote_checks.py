"""What is examined at others: repositories by git, forges, sources, registries, the way to them, and their clocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from imagebot import clock
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError, WorldError
from imagebot.forge.protocol import Access
from imagebot.gitnames import is_loopback
from imagebot.gitrepo.discovery import branches
from imagebot.gitrepo.mirror import Mirror
from imagebot.images.reference import ImageName
from imagebot.operations.diagnosis import Diagnosis, each, fine, odd, wrong
from imagebot.proxies import NO_PROXY
from imagebot.registry.allowance import NotAsked
from imagebot.registry.trusted_root import TrustedRoot, TrustedRoots
from imagebot.settings.resolve import RepositorySettings, Settings
from imagebot.settings.trust import TufRepository
from imagebot.trust.keyless import unusable_root

MOST_IMAGES = 10
"""Asked for of one registry: a login that opens ten mostly opens the others."""
CLOCK_LOOK = timedelta(seconds=30)
CLOCK_WRONG = timedelta(minutes=5)
ENDS_SOON = timedelta(days=14)


def proxies(settings: Settings) -> list[Diagnosis]:
    """By which way all hosts are asked that have none of their own."""
    known = settings.way.proxies
    if known == NO_PROXY:
        return [fine("proxy", "", "none: hosts are asked directly")]
    ways = dict.fromkeys(str(one) for one in (known.https, known.http) if one is not None)
    return [fine("proxy", "", f"hosts are asked by {', '.join(ways)}")]


def repository(world: World, settings: RepositorySettings) -> list[Diagnosis]:
    """Whether git reaches it, and has the base branch."""
    return _by_git("repository", settings.name, world.mirror(settings), f"refs/heads/{world.settings.branch_prefix}*")


def source(world: World, name: str) -> list[Diagnosis]:
    """The same of a repository that images are built from."""
    return _by_git("source", name, world.source(name, None), "")


def _by_git(check: str, name: str, mirror: Mirror, ours: str) -> list[Diagnosis]:
    base = f"refs/heads/{mirror.remote.branch}"
    with TemporaryDirectory(prefix="imagebot-") as scratch:
        there = branches(Path(scratch, "ask.git"), mirror.remote, [base, *([ours] if ours else [])])
    if base not in there:
        return [wrong(check, name, f"git reaches it, and it has no branch {mirror.remote.branch}: write its `branch`")]
    count = len(there) - 1
    mine = f", {count} branch{'es' * (count != 1)} of the bot" if ours else ""
    return [fine(check, name, f"git reaches {mirror.remote.branch}{mine}")]


def forge(world: World, settings: RepositorySettings) -> list[Diagnosis]:
    """What its API lets our credentials do, scope by scope as far as it tells."""
    access = world.forge(settings).access()
    found = each("forge", settings.name, access.lacks, [*access.odd, *_ends(access)])
    if not access.lacks:
        found.insert(0, fine("forge", settings.name, f"{settings.forge} answers: {access.may}"))
    return [*found, *clocks(settings.name, access.date, clock.now())]


def _ends(access: Access) -> Iterator[str]:
    if access.expires is not None and access.expires - clock.now() < ENDS_SOON:
        yield f"its token ends on {access.expires:%Y-%m-%d}: make another before"


def clocks(party: str, theirs: datetime | None, ours: datetime) -> list[Diagnosis]:
    """How far this machine's clock is from a host's: Apps and certificates want them to agree."""
    if theirs is None:
        return []
    apart = ours - theirs
    if abs(apart) < CLOCK_LOOK:
        return [fine("clock", party, "agrees with this machine's")]
    way = "ahead of" if apart > timedelta() else "behind"
    said = f"this machine's is {abs(apart).total_seconds():.0f} s {way} it: have it set by NTP"
    return [wrong("clock", party, said) if abs(apart) >= CLOCK_WRONG else odd("clock", party, said)]


def release_notes(world: World, host: str) -> list[Diagnosis]:
    """Whether a forge that is asked what changed takes our credentials, if it has any."""
    settings = world.settings.source_forges[host]
    as_whom = "our credentials" if settings.forge_credentials is not None else "nobody"
    world.source_forge(settings).probe()
    owners = f", about {', '.join(settings.owners)}" if settings.owners else ", about everybody's repositories"
    return [fine("release notes", host, f"answers {as_whom}{owners}")]


def trusted_root(settings: Settings, tuf: TufRepository, kept: TrustedRoot | None) -> list[Diagnosis]:
    """Whether a TUF repository has what keyless signatures are held against; `kept` is what is known of it."""
    try:
        with TemporaryDirectory(prefix="imagebot-") as scratch:
            root = TrustedRoots(tuf, Path(scratch), settings.way).root()
    except ImagebotError as error:
        if kept is None or kept.until < clock.now():
            raise
        return [odd("trust", "", f"{error}; what is known of it is used until {kept.until:%Y-%m-%d %H:%M} UTC")]
    if unusable := unusable_root(root.document):
        return [wrong("trust", "", unusable)]
    return [fine("trust", "", f"{tuf.url} has a root that can be used until {root.until:%Y-%m-%d %H:%M} UTC")]


def registry(world: World, check: str, name: str, images: Sequence[ImageName]) -> list[Diagnosis]:
    """Whether it answers us about what policies watch: a HEAD for each, which counts as no pull anywhere."""
    found: list[Diagnosis] = []
    left: list[NotAsked] = []
    for image in images[:MOST_IMAGES]:
        world.go_on()
        try:
            world.registries.exists(image, "latest")
        except NotAsked as error:
            left.append(error)
        except WorldError as error:
            found.append(wrong(check, name, error))
    seen = min(len(images), MOST_IMAGES) - len(found) - len(left)
    more = f"; {len(images) - MOST_IMAGES} more were not asked for" if len(images) > MOST_IMAGES else ""
    if seen:
        whom = world.registries.as_whom(images[0])
        found.insert(0, fine(check, name, f"answers about {seen} of {len(images)} watched images, asked {whom}{more}"))
    return [*_shortened(found, left, (check, name)), *_in_the_clear(world.settings, check, name)]


def _in_the_clear(settings: Settings, check: str, name: str) -> Iterator[Diagnosis]:
    keys = settings.registries.get(name)
    if keys is not None and keys.plain_http and not is_loopback(urlsplit(f"//{name}").hostname or ""):
        yield odd(check, name, "it is asked without TLS: who is on the way chooses tags and digests")


def _shortened(found: list[Diagnosis], left: Sequence[NotAsked], place: tuple[str, str]) -> list[Diagnosis]:
    """`found`, and at its end whom nobody was asked about any more: for the reason that is told before, if one is."""
    if not left:
        return found
    if not found:
        return [wrong(*place, left[0])]
    *others, last = found
    verb = "was" if len(left) == 1 else "were"
    said = f"{last.said}; {len(left)} more of its watched images {verb} not asked for then"
    return [*others, replace(last, said=said)]
