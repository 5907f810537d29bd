"""What happens in a pass, as data. A sink reads these; nothing decides by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

Level = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: `name` is `noun.verb_past`, the fields are its facts."""

    name: ClassVar[str]
    level: ClassVar[Level] = "info"


@dataclass(frozen=True, slots=True)
class PassStarted(Event):
    """`part`: there may be more policies than were asked for."""

    name = "pass.started"
    policies: int
    part: bool = False


@dataclass(frozen=True, slots=True)
class ProxyUsed(Event):
    """How these hosts are reached, as settings or the environment say; no password."""

    name = "proxy.used"
    towards: str
    by: str


@dataclass(frozen=True, slots=True)
class PoliciesKept(Event):
    """The repository of policies cannot be fetched: those of `commit` hold, which was its tip when it last could."""

    name = "policies.kept"
    level = "warning"
    repository: str
    commit: str
    because: str


@dataclass(frozen=True, slots=True)
class PassFinished(Event):
    name = "pass.finished"
    exit_code: int
    seconds: float
    registry_requests: int
    git_fetches: int
    git_pushes: int
    forge_writes: int
    opened: int
    updated: int
    closed: int
    waiting: int
    failed: int
    unknown: int
    refused: int = 0
    part: bool = False


@dataclass(frozen=True, slots=True)
class PassFinishedInPart(PassFinished):
    """Some of it is unknown or was not carried out: the events before say what, and why."""

    level = "warning"


@dataclass(frozen=True, slots=True)
class PassFinishedInVain(PassFinished):
    """Nothing is known of any app, so nothing moves."""

    level = "error"


@dataclass(frozen=True, slots=True)
class PassAbandoned(Event):
    name = "pass.abandoned"
    level = "warning"
    because: str


@dataclass(frozen=True, slots=True)
class PassFailed(Event):
    name = "pass.failed"
    level = "error"
    because: str


@dataclass(frozen=True, slots=True)
class BugMet(Event):
    """Our own code broke; `trace` is what whoever mends it wants to see."""

    name = "bug.met"
    level = "error"
    task: str
    because: str
    trace: str


@dataclass(frozen=True, slots=True)
class AnswerMissed(Event):
    """Nobody waits any more for an answer to `task`; the thread that asked still does."""

    name = "answer.missed"
    level = "warning"
    party: str
    task: str
    because: str


@dataclass(frozen=True, slots=True)
class AnswerDropped(Event):
    """An answer came after all, `seconds` after it was asked for, and nobody heeds it."""

    name = "answer.dropped"
    level = "debug"
    party: str
    task: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ClockStepped(Event):
    """Somebody set the wall clock, forward or, below 0, back; the next pass comes when it is due all the same."""

    name = "clock.stepped"
    level = "warning"
    seconds: float


@dataclass(frozen=True, slots=True)
class MachineSlept(Event):
    """The machine was suspended; a pass that was due meanwhile comes now."""

    name = "machine.slept"
    seconds: float


@dataclass(frozen=True, slots=True)
class TickSkipped(Event):
    """No pass began although one was due: the one before has not ended."""

    name = "tick.skipped"
    level = "warning"
    because: str


@dataclass(frozen=True, slots=True)
class ScheduleChanged(Event):
    """The settings want passes at another pace, in seconds."""

    name = "schedule.changed"
    before: float
    every: float


@dataclass(frozen=True, slots=True)
class ReloadAsked(Event):
    """Somebody sent SIGHUP: settings and policies are read again, and a pass begins once there is none."""

    name = "reload.asked"


@dataclass(frozen=True, slots=True)
class StateMoved(Event):
    """The settings name another state folder; the bot holds its lock now, and not that of the one before."""

    name = "state.moved"
    before: str
    state: str


@dataclass(frozen=True, slots=True)
class LibrarySaid(Event):
    """A library wrote to the log of Python; `logger` is its name."""

    name = "library.said"
    level = "warning"
    logger: str
    message: str


@dataclass(frozen=True, slots=True)
class ConfigurationRefused(Event):
    name = "configuration.refused"
    level: ClassVar[Level] = "error"
    because: str


@dataclass(frozen=True, slots=True)
class ConfigurationStillRefused(ConfigurationRefused):
    """Said within the hour."""

    level = "info"


@dataclass(frozen=True, slots=True)
class PolicyRefused(Event):
    name = "policy.refused"
    level: ClassVar[Level] = "error"
    because: str


@dataclass(frozen=True, slots=True)
class PolicyStillRefused(PolicyRefused):
    """Said within the hour."""

    level = "info"


@dataclass(frozen=True, slots=True)
class RepositoryFetched(Event):
    name = "repository.fetched"
    level = "debug"
    repository: str
    commit: str
    files: int
    passed_over: int


@dataclass(frozen=True, slots=True)
class MirrorReused(Event):
    """Nothing can be written, so what is told of a repository is as of its last fetch."""

    name = "mirror.reused"
    level = "warning"
    repository: str
    because: str


@dataclass(frozen=True, slots=True)
class MirrorRemade(Event):
    """A mirror was damaged, and was thrown away and cloned anew."""

    name = "mirror.remade"
    level = "warning"
    repository: str
    because: str


@dataclass(frozen=True, slots=True)
class TagsListed(Event):
    """`asked` is where, if that was at a mirror."""

    name = "tags.listed"
    level = "debug"
    image: str
    tags: int
    dropped: int
    complete: bool
    asked: str = ""


@dataclass(frozen=True, slots=True)
class PullsCounted(Event):
    """What a registry that counts pulls has left for the bot's login, or its address: less than a tenth, here.

    Clusters behind the same login or address soon get none.
    """

    name = "pulls.counted"
    registry: str
    left: int
    limit: int
    window_s: int | None


@dataclass(frozen=True, slots=True)
class PullsSuffice(PullsCounted):
    """There are many left."""

    level = "debug"


@dataclass(frozen=True, slots=True)
class VerdictReached(Event):
    name = "verdict.reached"
    app: str
    environment: str
    image: str
    verdict: str
    because: str
    since: str = ""


@dataclass(frozen=True, slots=True)
class VerdictUnknown(VerdictReached):
    """Nobody can say, `since` then; nothing of this app moves meanwhile."""

    level = "warning"


@dataclass(frozen=True, slots=True)
class VerdictRepeated(VerdictReached):
    """What was decided the last time too, and nothing to be done about it."""

    level = "debug"


@dataclass(frozen=True, slots=True)
class ChangeCommitted(Event):
    name = "change.committed"
    level = "debug"
    repository: str
    branch: str
    commit: str


@dataclass(frozen=True, slots=True)
class BranchPushed(Event):
    name = "branch.pushed"
    repository: str
    branch: str
    commit: str


@dataclass(frozen=True, slots=True)
class BranchDeleted(Event):
    """One of the bot's that nothing needs any more."""

    name = "branch.deleted"
    repository: str
    branch: str
    because: str


@dataclass(frozen=True, slots=True)
class PullRequestSettled(Event):
    name = "pull_request.settled"
    app: str
    environment: str
    action: str
    url: str
    because: str


@dataclass(frozen=True, slots=True)
class StateUnsaved(Event):
    """What must be remembered could not be; nothing was carried out if it was so from the beginning."""

    name = "state.unsaved"
    level = "error"
    because: str


@dataclass(frozen=True, slots=True)
class PullRequestDelayed(Event):
    """One that waits: for its turn within the limits, for what people decide, or because its forge said later."""

    name = "pull_request.delayed"
    app: str
    environment: str
    repository: str
    branch: str
    url: str
    because: str


@dataclass(frozen=True, slots=True)
class PullRequestFailed(PullRequestDelayed):
    """One that could not be opened, brought up to date or closed, `since` then."""

    name = "pull_request.failed"
    level: ClassVar[Level] = "warning"
    since: str


@dataclass(frozen=True, slots=True)
class PullRequestStillFailed(PullRequestFailed):
    """Said within the hour."""

    level = "info"


@dataclass(frozen=True, slots=True)
class SourceUnasked(Event):
    """What changed in a source is not told to reviewers, or not yet: nothing else lacks for it."""

    name = "source.unasked"
    source: str
    because: str


@dataclass(frozen=True, slots=True)
class ForgeWarned(Event):
    name = "forge.warned"
    level = "warning"
    repository: str
    because: str
