"""What a call is about: an image that was pushed, or an environment repository in which something happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from imagebot.images.reference import ImageName
from imagebot.knownforges import FACTS

_BY_SSH = {host: same for facts in FACTS.values() for host, same in facts.ssh_hosts.items()}
"""Where forges are reached by ssh over port 443."""


@dataclass(frozen=True, slots=True)
class PushedImage:
    """An image's repository; of one that is an `ending` it is not told what its host has before that."""

    registry: str
    repository: str
    ending: bool = False

    @classmethod
    def parse(cls, text: str) -> PushedImage | None:
        """A name as `docker pull` takes it, with or without tag and digest; None for anything else."""
        name = text.partition("@")[0]
        head, slash, last = name.rpartition("/")
        try:
            image = ImageName.parse(f"{head}{slash}{last.partition(':')[0]}".lower())
        except ValueError:
            return None
        return cls(image.registry, image.repository)

    @classmethod
    def all_of(cls, image: ImageName) -> frozenset[PushedImage]:
        """All that a call may name it by."""
        parts = image.repository.split("/")
        endings = (cls(image.registry, "/".join(parts[start:]), ending=True) for start in range(len(parts)))
        return frozenset({cls(image.registry, image.repository), *endings})


@dataclass(frozen=True, slots=True, order=True)
class GitPlace:
    """Where a repository is, however its URL is spelled; without a host at any."""

    host: str
    path: str

    @classmethod
    def parse(cls, url: str) -> GitPlace | None:
        """From an https, ssh or scp-like URL; None for what is none, such as a path of this machine."""
        if "://" not in url:
            head, colon, path = url.partition(":")
            url = f"ssh://{head}/{path}" if colon and "/" not in head else ""
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            return None
        path = unquote(parts.path).strip("/").removesuffix(".git").lower()
        if host in _BY_SSH and path.startswith("v3/"):  # Azure's: v3/ORGANISATION/PROJECT/REPOSITORY
            organisation, _, rest = path.removeprefix("v3/").partition("/")
            path = f"{organisation}/{rest.replace('/', '/_git/', 1)}"
        host = _BY_SSH.get(host, host)
        return cls(host, path.removeprefix("scm/")) if host and path else None

    def is_at(self, other: GitPlace) -> bool:
        """Whether both may be one repository."""
        return self.path == other.path and (not self.host or not other.host or self.host == other.host)


@dataclass(frozen=True, slots=True)
class ChangedRepository:
    """A repository by all that it is called; a push moved one `branch`, anything else concerns all of them."""

    places: frozenset[GitPlace]
    branch: str = ""

    @classmethod
    def at(cls, urls: Iterable[str], branch: str = "") -> ChangedRepository:
        """By its URLs; those that are none are passed over."""
        return cls(frozenset(filter(None, map(GitPlace.parse, urls))), branch.removeprefix("refs/heads/"))

    def is_of(self, there: GitPlace | None, branch: str) -> bool:
        """Whether it may be the repository at this place, and about this branch."""
        return there is not None and self.branch in ("", branch) and any(place.is_at(there) for place in self.places)


def words(subject: Subject) -> str:
    """What people call it."""
    match subject:
        case PushedImage():
            return f"{subject.registry}/{'…/' if subject.ending else ''}{subject.repository}"
        case ChangedRepository():
            places = sorted(subject.places)
            return f"{places[0].host}/{places[0].path}" if places else "a repository without a URL"


Subject = PushedImage | ChangedRepository
