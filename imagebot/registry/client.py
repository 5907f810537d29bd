"""The room's door: which tags an image has, what a tag stands for, and whether a digest is really there."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from imagebot.bans import Ban, Remembers
from imagebot.clock import boottime
from imagebot.errors import BadInput, BadResponse, NotFound, Refused
from imagebot.images.about import About
from imagebot.images.reference import ImageName, is_digest, is_tag
from imagebot.proxies import DIRECT, WayOut
from imagebot.registry.attestations import attestations_in
from imagebot.registry.body import Response
from imagebot.registry.budget import MemoryBudget
from imagebot.registry.credentials import CredentialStore
from imagebot.registry.endpoint import Endpoint
from imagebot.registry.error_boundary import leaving_light
from imagebot.registry.image_config import Config, Papers, image
from imagebot.registry.known_pages import KnownPages
from imagebot.registry.limits import PATIENCE, Deadline, Timeouts
from imagebot.registry.logins import Basic, RefreshToken, RegistryToken
from imagebot.registry.lookup import Learnt, Lookup
from imagebot.registry.manifest import Manifest, preferred
from imagebot.registry.mirrors import by_mirror, places
from imagebot.registry.pulls import PullsLeft
from imagebot.registry.renewal import Clock
from imagebot.registry.responses import NoImage, announced_digest, manifest_object
from imagebot.registry.signatures import Look, SignatureSearch
from imagebot.registry.waits import Waits
from imagebot.registry.wire import Count
from imagebot.settings.registry_logins import NO_SOURCES
from imagebot.settings.resolve import CredentialSources, RegistrySettings
from imagebot.trust.attestation import Attestation

_NO_HEAD = frozenset({404, 405})  # some Nexus releases answer HEAD with 404 where GET works


@dataclass(frozen=True, slots=True)
class TagList:
    """Every tag of an image, in no order that means anything.

    `complete` is False where the registry may have cut the list short without a word; `dropped` counts what it sent
    that is no tag. `uploaded` tells when the images of tags came to the registry, where it says so. `asked` is the name
    by which it was asked for: another one at a mirror.
    """

    tags: Sequence[str]
    complete: bool = True
    dropped: int = 0
    uploaded: Mapping[str, datetime] = field(default_factory=dict)
    asked: ImageName | None = field(default=None, compare=False)


class Registries:
    """All registries, for all threads of a process. Every method raises only `WorldError`s.

    Within a pass no failed question is asked again, a registry that fails again and again is left alone, and a manifest
    or config is fetched once. Each question ends by its deadline, but for the resolver's look-up of a name, which has
    limits of its own: whoever waits for a question has to give up by himself.

    `settings` is keyed by canonical host, as in `ImageName`; all others are reached by `way`, or not at all if that is
    for listed ones alone. `waits` are those that told us to, `clock` is what credentials end by.
    """

    def __init__(
        self,
        settings: Mapping[str, RegistrySettings],
        sources: CredentialSources = NO_SOURCES,
        timeouts: Timeouts = PATIENCE,
        way: WayOut = DIRECT,
        waits: Waits | None = None,
        clock: Clock = boottime,
    ) -> None:
        self.settings = settings
        self._way = way
        self._credentials = CredentialStore(settings, sources, clock)
        self._timeouts = timeouts
        self._clock = clock
        self._count = Count()
        self._waits = waits or Waits()
        self._budget = MemoryBudget()
        self._lock = threading.Lock()
        self._endpoints: dict[str, Endpoint] = {}
        self._pages = KnownPages()
        self._learnt = Learnt(self._pages)

    @property
    def pulls_left(self) -> list[PullsLeft]:
        """What registries that count pulls said last, each of the login that has the fewest left."""
        with self._lock:
            known = [endpoint.wire.pulls.fewest for endpoint in self._endpoints.values()]
        return [left for left in known if left is not None]

    @property
    def bans(self) -> Mapping[str, Ban]:
        """The longest that each registry told us, of those that ever did; it may be over."""
        with self._lock:
            known = {registry: endpoint.wire.ban for registry, endpoint in self._endpoints.items()}
        return {registry: ban for registry, ban in known.items() if ban is not None}

    @property
    def answers(self) -> Counter[tuple[str, str]]:
        """What became of requests, by registry and in one word, such as `ok`, `limited` or `unanswered`.

        Those to token servers and stores of blobs count for the registry that names them.
        """
        return self._count.answers

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, those to token servers among them."""
        return self._count.value

    def new_pass(self, remembers: Remembers | None = None) -> None:
        """From now on questions that failed are asked again, and registries that failed too often as well.

        Those that told us to wait are not, before that is over: `remembers` is where that outlives the process.
        """
        self._waits.new_pass(remembers)
        with self._lock:
            self._learnt = Learnt(self._pages)
            for endpoint in self._endpoints.values():
                endpoint.authorization.new_pass()

    def upstream(self, name: ImageName) -> ImageName | None:
        """The image that `name` is a cached copy of, as the settings have it."""
        listed = self.settings.get(name.registry)
        return None if listed is None else listed.upstream(name)

    def mirror(self, name: ImageName) -> ImageName | None:
        """As what a mirror has `name`, where its own registry is never asked."""
        last = places(self.settings, name)[-1]
        return None if last == name else last

    @leaving_light
    @by_mirror
    def tags(self, name: ImageName) -> TagList:
        """Every tag of an image, over all pages."""
        pages = self._lookup(name, f"list {name.repository}").tags()
        return TagList(pages.tags, pages.complete, pages.dropped, pages.uploaded, name)

    @leaving_light
    @by_mirror
    def digest(self, name: ImageName, tag: str) -> str:
        """What `tag` stands for at this moment: a claim of the registry's, until `verify` has seen the manifest."""
        assert is_tag(tag), "tags are checked where they come in"
        with self._lookup(name, f"show {name.repository}:{tag}").once("digest", tag) as conversation:
            head = conversation.manifest(tag, "HEAD")
            if head.status not in _NO_HEAD:
                announced = announced_digest(conversation.expect(head), name.registry)
                if announced is not None:
                    return announced
            return _digest_of(conversation.expect(conversation.manifest(tag, "GET")), name.registry)

    @leaving_light
    @by_mirror
    def shown(self, name: ImageName, tag: str) -> str:
        """What `tag` stands for by the bytes that are shown for it, where `digest` told one that cannot be fetched.

        Raises `BadResponse` if what is shown cannot be fetched by its digest either: then nobody knows what it is.
        """
        lookup = self._lookup(name, f"show {name.repository}:{tag}")
        with lookup.once("shown", tag) as conversation:
            digest = _digest_of(conversation.expect(conversation.manifest(tag, "GET")), name.registry)
        try:
            lookup.manifest(digest)
        except NotFound:
            raise BadResponse(
                f"{name.registry} shows {name.repository}:{tag}, and has nothing for the digest of what it shows"
            ) from None
        return digest

    @leaving_light
    @by_mirror
    def exists(self, name: ImageName, reference: str) -> bool:
        """Whether there is a manifest for this tag or digest: the control question to an absence, always asked anew.

        By HEAD; a 404 to that is believed only if GET says the same, because some registries know no HEAD.
        """
        with self._lookup(name, f"show {name.repository} {reference}").conversation() as conversation:
            answer = conversation.manifest(reference, "HEAD")
            if answer.status in _NO_HEAD:
                answer = conversation.manifest(reference, "GET")
            if answer.status == HTTPStatus.NOT_FOUND:
                return False
            conversation.expect(answer)
            return True

    @leaving_light
    @by_mirror
    def verify(self, name: ImageName, digest: str) -> None:
        """Fetch the manifest by `digest` and hash it. Raises `BadResponse` if it is another, `NotFound` if none."""
        self._show(name, digest).manifest(digest)

    @leaving_light
    @by_mirror
    def platforms(self, name: ImageName, digest: str) -> Mapping[str, str]:
        """The platforms that the image of this digest runs on, each with the digest of the manifest for it.

        Attestations are none; empty for what is no image to run, such as a chart.
        """
        lookup = self._show(name, digest)
        try:
            found = lookup.manifest(digest)
        except NoImage:
            return {}
        if found.config is None:
            return found.platforms
        only = lookup.config(found.config).platform
        return {} if only is None else {only: digest}

    @leaving_light
    @by_mirror
    def about(self, name: ImageName, digest: str, platform: str | None = None) -> About:
        """What the image of this digest says about itself, on `platform`.

        Of an index without that platform (or without one asked for) on linux/amd64, else on its first in the order of
        names: `About.platform` says which. What is no image to run, such as a chart, has layers and labels only.
        """
        lookup = self._show(name, digest)
        manifest, index = lookup.manifest(digest), Manifest()
        chosen = preferred(manifest.platforms, platform)
        if chosen is not None:
            manifest, index = lookup.manifest(manifest.platforms[chosen]), manifest
        config = Config() if manifest.config is None else lookup.config(manifest.config)
        return image(digest, Papers(manifest, config, index, chosen))

    @leaving_light
    @by_mirror
    def attestations(self, name: ImageName, digest: str, platform: str | None = None) -> tuple[Attestation, ...]:
        """What the build of an image claims in its own index, for the platform that `about` looks at; nobody signed it.

        Two questions where there is something, none where there is not.
        """
        lookup = self._show(name, digest)
        index = lookup.manifest(digest)
        chosen = preferred(index.platforms, platform)
        subject = "" if chosen is None else index.platforms[chosen]
        if subject not in index.attested:
            return ()
        with lookup.once("attestations", digest, subject) as conversation:
            return attestations_in(conversation, index.attested[subject], subject)

    @leaving_light
    def created(self, name: ImageName, digest: str) -> datetime | None:
        """When the publisher says that the image was made, for the platform that `about` looks at."""
        return self.about(name, digest).created

    @leaving_light
    @by_mirror
    def signatures(self, name: ImageName, digest: str, predicate_types: frozenset[str], look: Look) -> bool:
        """Have `look` see what stands beside the image of `digest`, until it has seen enough; whether it has.

        Only statements of these types are fetched, where their annotations tell. Mirrors often have no signatures: what
        is not enough there is looked for at the registry itself, too, where it may be asked.
        """
        lookup = self._lookup(name, f"show what is signed of {name.repository}@{digest}")
        with lookup.conversation() as conversation:
            return SignatureSearch(conversation, name.registry, digest, predicate_types).run(look)

    @leaving_light
    @by_mirror
    def as_whom(self, name: ImageName) -> str:
        """What the registry is shown of us when it is asked about an image, in words that tell no secret."""
        match self._lookup(name, "log in").login.credential:
            case None:
                return "anonymously"
            case Basic():
                return "with a user name and password"
            case RefreshToken() | RegistryToken():
                return "with a token"

    def close(self) -> None:
        """Let go of the connections that are kept open."""
        with self._lock:
            for endpoint in self._endpoints.values():
                endpoint.wire.close()
            self._endpoints.clear()

    def _show(self, name: ImageName, digest: str) -> Lookup:
        assert is_digest(digest), "digests are checked where they come in"
        return self._lookup(name, f"show {name.repository}@{digest}")

    def _lookup(self, name: ImageName, task: str) -> Lookup:
        if self._way.only_listed and name.registry not in self.settings:
            why = "imagebot.yaml has onlyListedRegistries, and not this under registries"
            raise Refused(f"{name.registry} was not asked to {task}: {why}")
        deadline = Deadline(self._timeouts)
        try:
            endpoint = self._endpoint(name.registry)
            login = self._credentials.login(name, endpoint, deadline)
        except BadInput as error:
            raise Refused(f"{name.registry} was not asked to {task}: {error}") from None
        return Lookup(name, task, login, endpoint, deadline, self._learnt, self._budget)

    def _endpoint(self, registry: str) -> Endpoint:
        with self._lock:
            if registry not in self._endpoints:
                self._endpoints[registry] = Endpoint.of(
                    registry, self.settings.get(registry), self._count, self._waits, self._way, self._clock
                )
            return self._endpoints[registry]


def _digest_of(answer: Response, registry: str) -> str:
    """Of the manifest that was sent. Raises `BadResponse`."""
    manifest_object(answer, registry)
    announced = announced_digest(answer, registry)
    if announced is not None and announced.startswith("sha256:") and announced != answer.digest:
        raise BadResponse(f"{registry} sent a manifest and another one's digest")
    return answer.digest
