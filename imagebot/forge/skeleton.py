"""What every forge does in the same order: how a pull request is opened, written again, spoken on and closed.

A forge supplies small verbs, each a request or two. Here stands what no forge may do otherwise: never create twice, the
true body last, nothing said twice, nothing merged at once, what people did stays.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from imagebot.bans import Ban, Remembers
from imagebot.errors import BadResponse, NotFound, Refused, Unavailable
from imagebot.forge import markdown
from imagebot.forge.proposed import (
    NotMerging,
    Switches,
    drafted_title,
    lacking,
    last_body,
    present,
    said_before,
    same_text,
    switches,
    unfinished,
)
from imagebot.forge.protocol import Access, Listing, Merged, Proposal, PullRequest, State, Unread, Written
from imagebot.knownforges import ForgeFacts
from imagebot.settings.resolve import TokenCredentials


@dataclass(frozen=True, slots=True)
class Search:
    """Which pull requests into our base are looked for: those of one `branch`, or of all that begin with `prefix`.

    `by_change` wants them by their last change, newest first, as far back as `since`, if that is said.
    """

    state: State
    prefix: str = ""
    branch: str = ""
    by_change: bool = False
    since: datetime | None = None

    def may_be(self, branch: str) -> bool:
        """Whether a branch is one of those."""
        return branch == self.branch if self.branch else branch.startswith(self.prefix)


class Skeleton(ABC):
    """The pull requests of one repository into one base branch; `protocol.Forge` says what is promised."""

    def __init__(self, facts: ForgeFacts, base: str, hourly_writes: int | None = None) -> None:
        self.facts = facts
        self.base = base
        self.hourly_writes = hourly_writes
        self._closers: dict[tuple[int, str], str] = {}

    # What a forge supplies. Each raises `WorldError`s alone.

    @property
    @abstractmethod
    def writes(self) -> int:
        """How many requests were sent to change something."""

    @abstractmethod
    def _list(self, search: Search) -> Listing[PullRequest]:
        """Those that are looked for; others among them do no harm."""

    @abstractmethod
    def _list_merged(self, prefix: str, since: datetime | None) -> Listing[Merged]:
        """Those that were merged, `since` then, the newest `MOST_MERGED` at most, in any order."""

    @abstractmethod
    def _open(self, proposal: Proposal) -> Written:
        """Open one with this very title and body, and with labels and people if `facts.opens_whole`."""

    @abstractmethod
    def _show(self, pull: PullRequest) -> PullRequest:
        """As it is now."""

    @abstractmethod
    def _change(
        self, pull: PullRequest, *, title: str | None = None, body: str | None = None, close: bool = False
    ) -> PullRequest:
        """Give it this title, this body, or close it; what is None stays."""

    @abstractmethod
    def _comments(self, pull: PullRequest) -> Iterable[str]:
        """What was said on it."""

    @abstractmethod
    def _comment(self, pull: PullRequest, comment: str) -> None:
        """Say something on it."""

    def _label(self, pull: PullRequest, names: Sequence[str]) -> Sequence[str]:
        """Add labels. Like the next three, answers what the forge would not do, in words."""
        raise NotImplementedError

    def _ask_for_review(self, pull: PullRequest, names: Sequence[str]) -> Sequence[str]:
        raise NotImplementedError

    def _assign(self, pull: PullRequest, names: Sequence[str]) -> Sequence[str]:
        raise NotImplementedError

    def _set_draft(self, pull: PullRequest, *, wanted: bool) -> Sequence[str]:
        """Where it is not told by the title."""
        return ()

    def _unlabel(self, pull: PullRequest, names: Sequence[str]) -> PullRequest:
        """Take off labels that were there; gone already is fine."""
        raise NotImplementedError

    def _merge_when_checked(self, pull: PullRequest, proposal: Proposal) -> NotMerging | None:
        """Have the forge merge it by itself, or why not. Called where `facts.no_auto_merge` is empty."""
        raise NotImplementedError

    def _stop_merging(self, pull: PullRequest) -> None:
        """See to it that it is not merged by itself; it need not have been going to. Called as the last one is."""
        raise NotImplementedError

    def _closer(self, pull: PullRequest) -> str:
        """Who closed it, where a listing does not say. Asked once for each time that one is closed."""
        return pull.closed_by

    def _whole(self, pull: PullRequest) -> PullRequest:
        """With all of its body: a listing may cut it, or the machine block may be kept elsewhere."""
        return pull

    @abstractmethod
    def access(self) -> Access:
        """What our credentials may do here."""

    @abstractmethod
    def begin(self, remembers: Remembers) -> None:
        """A pass begins."""

    @property
    def ban(self) -> Ban | None:
        return None

    def git_credentials(self) -> TokenCredentials | None:
        return None

    # What follows from that.

    def open_pulls(self, prefix: str) -> Listing[PullRequest]:
        return self._found(Search("open", prefix))

    def closed_since(self, prefix: str, since: datetime) -> Listing[PullRequest]:
        return self._found(Search("closed", prefix, by_change=True, since=since))

    def closed_pulls(self, branch: str) -> tuple[PullRequest, ...]:
        found = self._found(Search("closed", branch=branch))
        if because := found.doubt(branch):
            raise BadResponse(because)
        newest_first = sorted(found, key=lambda pull: (pull.closed_at, pull.number), reverse=True)
        return tuple(self._with_closer(pull) for pull in newest_first)

    def merged_pulls(self, prefix: str, since: datetime | None) -> Listing[Merged]:
        found = self._list_merged(prefix, since)
        unread = list(found.unread)
        read = {pull.number: pull for pull in self._read_each((merged.pull for merged in found), unread)}
        told = (replace(merged, pull=read[merged.pull.number]) for merged in found if merged.pull.number in read)
        newest_first = sorted(told, key=lambda merged: (merged.at, merged.pull.number), reverse=True)
        return Listing(newest_first, unread)

    def create(self, proposal: Proposal) -> Written:
        wanted, warnings = self._possible(proposal)
        more = wanted.auto_merge or (
            not self.facts.opens_whole and bool(wanted.labels or wanted.reviewers or wanted.assignees)
        )
        title = self.facts.draft_prefix + wanted.title if wanted.draft else wanted.title
        body = self._written(unfinished(wanted.body) if more else wanted.body)
        try:
            opened = self._open(replace(wanted, title=title, body=body))
        except (Unavailable, BadResponse) as error:
            # There may be one now, another bot's or ours: look, and never send it again.
            if isinstance(error, Unavailable) and error.retry_after is not None:
                raise
            opened = Written(self._the_open_one(wanted.branch, error))
        return Written(self._read(opened.pull), tuple(dict.fromkeys((*warnings, *opened.warnings))))

    def rewrite(self, pull: PullRequest, proposal: Proposal) -> Written:
        wanted, warnings = self._possible(proposal)
        switch = switches(pull, wanted)
        title = drafted_title(pull, wanted, self.facts.draft_prefix)
        self._tell_first(pull, wanted, switch, title)
        if switch.auto_merge is False:
            self.stop_auto_merge(pull)
        warnings += self._give(pull, wanted)
        if switch.draft is not None:
            warnings += self._set_draft(pull, wanted=switch.draft)
        refused = self._start_auto_merge(pull, wanted) if switch.auto_merge else None
        if refused:
            warnings.append(refused.because)
        changed = self._change(pull, title=title, body=self._written(last_body(wanted, refused)))
        return Written(self._read(changed), tuple(dict.fromkeys(warnings)))

    def add(self, pull: PullRequest, proposal: Proposal) -> Written:
        before = self.writes
        warnings = self._give(pull, self._possible(proposal)[0])
        shown = self._read(self._show(pull)) if self.writes > before else pull
        return Written(shown, tuple(dict.fromkeys(warnings)))

    def stop_auto_merge(self, pull: PullRequest) -> None:
        if not self.facts.no_auto_merge:
            self._stop_merging(pull)

    def say(self, pull: PullRequest, comment: str, body: str) -> PullRequest:
        if comment:
            self._say_once(pull, comment)
        wanted = self._written(body)
        return pull if same_text(self._written(pull.body), wanted) else self._read(self._change(pull, body=wanted))

    def remove_labels(self, pull: PullRequest, labels: tuple[str, ...]) -> PullRequest:
        gone = present(pull.labels, labels)
        return self._read(self._unlabel(pull, gone)) if gone else pull

    def close(self, pull: PullRequest, comment: str, body: str) -> None:
        self._say_once(pull, comment)
        self._change(pull, body=self._written(body), close=True)

    def _found(self, search: Search) -> Listing[PullRequest]:
        found = self._list(search)
        ours = (pull for pull in found if pull.state == search.state and search.may_be(pull.branch))
        unread = list(found.unread)
        read = list(self._read_each((pull for pull in ours if pull.base == self.base), unread))
        return Listing(read, unread)

    def _read_each(self, pulls: Iterable[PullRequest], unread: list[Unread]) -> Iterator[PullRequest]:
        """Each with all of its body. One that a forge lists and does not show is `unread`, and hides no other."""
        for pull in pulls:
            try:
                yield self._read(pull)
            except (NotFound, Refused, BadResponse) as error:
                because = f"{self.facts.noun} {pull.number} cannot be read: {error}"
                unread.append(Unread(pull.branch, because, pull.number))

    def _the_open_one(self, branch: str, otherwise: Exception) -> PullRequest:
        found = self._found(Search("open", branch=branch))
        if not found:
            raise otherwise
        return min(found, key=lambda pull: pull.number)

    def _with_closer(self, pull: PullRequest) -> PullRequest:
        key = (pull.number, pull.closed_at)
        if key not in self._closers:
            self._closers[key] = self._closer(pull)
        return replace(pull, closed_by=self._closers[key])

    def _possible(self, proposal: Proposal) -> tuple[Proposal, list[str]]:
        """What of a proposal this forge can do at all, and what is to be said of the rest."""
        because = self.facts.no_auto_merge
        proposal = replace(
            proposal,
            labels=proposal.labels if self.facts.labels else (),
            assignees=proposal.assignees if self.facts.assignees else (),
        )
        if not (proposal.auto_merge and because):
            return proposal, []
        warning = f"the pull request of {proposal.branch} will not merge by itself: {because}"
        return replace(proposal, auto_merge=False), [warning]

    def _give(self, pull: PullRequest, proposal: Proposal) -> list[str]:
        """Add the labels and people that it lacks. Answers what the forge would not do, in words."""
        verbs = (
            (self._label, lacking(pull.labels, proposal.labels)),
            (self._ask_for_review, lacking(pull.reviewers, proposal.reviewers)),
            (self._assign, lacking(pull.assignees, proposal.assignees)),
        )
        return [warning for verb, names in verbs if names for warning in verb(pull, names)]

    def _tell_first(self, pull: PullRequest, wanted: Proposal, switch: Switches, title: str) -> None:
        """What must be written before anything is switched on: what we want, and that it is no draft any more where
        that is told by the title.
        """
        is_ready_by_title = bool(self.facts.draft_prefix) and switch.auto_merge is True and switch.draft is False
        if switch.untold:
            self._change(pull, title=title, body=self._written(unfinished(wanted.body)))
        elif is_ready_by_title:
            self._change(pull, title=title)

    def _start_auto_merge(self, pull: PullRequest, wanted: Proposal) -> NotMerging | None:
        """Refused, it is a warning: the pull request itself is what matters."""
        try:
            return self._merge_when_checked(pull, wanted)
        except (NotFound, Refused) as error:
            return NotMerging(str(error))

    def _say_once(self, pull: PullRequest, comment: str) -> None:
        """Killed right after, the next pass comes here again: nothing is said twice."""
        wanted = self._written(comment)
        if not said_before(wanted, self._comments(pull)):
            self._comment(pull, wanted)

    def _written(self, text: str) -> str:
        return markdown.written(text, self.facts)

    def _read(self, pull: PullRequest) -> PullRequest:
        whole = self._whole(pull)
        return replace(whole, body=markdown.read(whole.body, self.facts))
