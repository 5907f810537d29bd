"""How long, how much, how often: every bound on what a registry can make this process do, each with its reason.

Together they keep a whole pass under 256 MiB with eight hostile registries at once: what an answer takes below
`FREE_BYTES` is taken by `QUESTIONS_AT_ONCE` questions a host at most; what it takes above has to fit into `HELD_BYTES`.
"""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass, replace

KIB = 1024
MIB = 1024 * KIB

# Of one answer, as it comes.
HEAD_BYTES = 64 * KIB  # status line and headers, interim answers among them: Go's client stops at 1 MiB, servers send 2
FRAME_BYTES = MIB  # sizes of chunks and what follows the last: 16 MiB in chunks of 64 bytes
PIECE_BYTES = 16 * KIB  # read and parsed at one time: the parser makes up to a hundred times as much of it
TAGS_PAGE_BYTES = 16 * MIB  # registries that do not page; Google's, which tell 300 bytes about each image
MANIFEST_BYTES = 4 * MIB  # what registries are told to take at least, so what images keep to
CONFIG_BYTES = 8 * MIB  # buildpacks write a megabyte of JSON into a label
ATTESTATION_BYTES = 4 * MIB  # of one signature or attestation: an SBOM of a distribution's image has 2 MiB
TOKEN_BYTES = 64 * KIB
ERROR_BYTES = 64 * KIB

# Of JSON, once it is read.
JSON_DEPTH = 32  # manifests have 5
PAGE_PARTS = 1_000_000  # 200 000 tags and what Google tells about 50 000 images; half a second of work
DOCUMENT_PARTS = 100_000  # an index of 200 images has 4 000, an artifact of 3 000 files 50 000; 8 MiB at the most
SHORT_JSON_BRACKETS = 100  # of what is not read in pieces: what Microsoft tells of its token servers has 30
TAG_CHARACTERS = 64 * KIB  # of one text in a page: a tag has 128, but what is longer is passed over as long as it ends
TEXT_IN_JSON = MIB  # of one text in any other document

# Of all answers together.
FREE_BYTES = 32 * KIB  # of a body, which nearly every manifest, config and page keeps to: taken without asking
HELD_BYTES = 48 * MIB  # what the larger ones may hold at one time, over all hosts
DOCUMENT_HOLDS = 16 * MIB  # counted for a larger manifest or config: its parts and its texts
TAGS_HOLD = 16 * MIB  # counted for a list that is longer than `TAGS_FREE`, from there to its end
TAGS_FREE = MIB  # of the tags of a list, as they are held: 8 000 of them; what is more is packed
TAGS_BYTES = 12 * MIB  # of the tags of a list, as they are held: a page of 100 000, 1 000 000 of many pages, packed
PASS_TAGS_BYTES = 48 * MIB  # of all lists of a pass, which are held to its end: 400 000 tags, more in long lists
TAG_OVERHEAD = 100  # bytes that a tag is held in, besides its characters
LARGE_SECONDS = 15.0  # that an answer may hold its share of `HELD_BYTES`: who drips keeps nobody waiting

# Of what is made of them.
LABELS = 100  # Red Hat's images have about 30
LIST_ITEMS = 200  # layers, arguments, variables, ports
TEXT_CHARACTERS = 500  # of a label, an argument, a name
LAYER_BYTES = 1024 * 1024 * MIB
KNOWN_PAGES_BYTES = 16 * MIB  # pages of tag lists that are kept for the next pass: 150 000 tags
KNOWN_PAGES_OF_A_LIST = 50  # a list of a million must not drop those of all others
REMEMBERED_BYTES = 8 * MIB  # manifests and configs of one pass, as short as they are kept: 2 000 of them
FAILURES_REMEMBERED = 20_000  # of one pass

PAGE_SIZE = 1000  # the most that ECR takes; Docker Hub times out on large images without any
MAX_PAGES = 10_000
TAGS_TOTAL_BYTES = 64 * MIB  # of one list, over all pages
TAGS_TOTAL_PARTS = 2 * PAGE_PARTS
MAX_REDIRECTS = 3
SIGNATURES = 100  # that are asked for beside one image: one that is signed anew each week has 50 a year
SIGNATURES_BYTES = 16 * MIB  # of all of them, one after another
REFERRER_PAGES = 5  # of what was hung up beside one image
CURSOR_CHARACTERS = 4 * KIB
URL_CHARACTERS = 8 * KIB
LINKS = 100  # in the `Link` headers of one answer
CHALLENGES = 20  # in its `WWW-Authenticate` headers
ADDRESSES = 4  # of one host that are tried

TOKEN_LIFE = 60.0  # seconds, where the token server does not say
TOKEN_USE = 0.8  # of its life, so that none runs out on its way
TOKENS_KEPT = 4096
RENEWAL_PAUSE = 30.0  # seconds after a program or a cloud that gave no credential
REFUSED_AFTER = 0.05  # of the life of a credential that is refused: before that nobody has another one
LIVES = (60.0, 24 * 3600.0)  # seconds that a credential may be said to live: clocks differ
HELPER_LIFE = 300.0  # seconds that a program's answer is used: it does not say how long it may be
HELPER_BYTES = 64 * KIB  # of what it prints
IDENTITY_LIFE = 3600.0  # seconds, where a cloud does not say
IDENTITY_SECONDS = 30.0  # that a registry may take to exchange a cloud's token for its own
TOKEN_SILENCE = 5.0  # seconds after which a token server that says nothing is asked once more

PAUSE_WHEN_DOWN = 15.0  # seconds after a connection that could not be made
PAUSES_KEPT = 100  # hosts: a registry, its token server, and where its blobs lie

# Of one registry in one pass.
QUESTIONS_AT_ONCE = 4  # answers that may hold `FREE_BYTES`, and threads that nobody waits for any more
FAILURES_OF_IMAGE = 3  # in a row, before nothing is asked about that image again
FAILURES_OF_HOST = 5  # images that fail one after another, before nothing is asked of that host again
USUAL_SECONDS = 2.0  # that a question may take for nothing
SLOW_SECONDS = 300.0  # that all questions may take beyond that: a hundred questions of five seconds
PASS_BYTES = 512 * MIB  # 5 000 images with a hundred kilobytes of tags each
PASS_REQUESTS = 25_000  # 5 000 images with five requests each


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, between two reads, and for one question with all its pages, tokens and redirects."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 60.0


PATIENCE = Timeouts()
IDENTITY_TIMES = Timeouts(read=10.0)  # for all that one question to a cloud asks


class Deadline:
    """When a question must be answered, however slowly its bytes drip in."""

    __slots__ = ("_ends", "seconds", "timeouts")

    def __init__(self, timeouts: Timeouts) -> None:
        self.timeouts = timeouts
        self.seconds = timeouts.total
        self._ends = time.monotonic() + timeouts.total

    @property
    def remaining(self) -> float:
        """Seconds that are left, or 0."""
        return max(self._ends - time.monotonic(), 0.0)

    def for_connect(self) -> float:
        """Seconds that connecting may take from now. Raises `TimeoutError` when none is left."""
        return min(self.timeouts.connect, self._left())

    def for_read(self) -> float:
        """Seconds that the next read may take. Raises `TimeoutError` when none is left."""
        return min(self.timeouts.read, self._left())

    def within(self, seconds: float) -> Deadline:
        """The same, or sooner: for a part of the question that may not take all of its time."""
        return self if self.remaining <= seconds else Deadline(replace(self.timeouts, total=seconds))

    def hurried(self, seconds: float) -> Deadline:
        """The same, for one who waits no longer than this for a connection, or for a read."""
        other = copy.copy(self)
        times = self.timeouts
        other.timeouts = replace(times, connect=min(times.connect, seconds), read=min(times.read, seconds))
        return other

    def _left(self) -> float:
        if not (left := self.remaining):
            raise TimeoutError("the time for this question is over")
        return left
