"""The store as one pass sees it: the time is that of the pass, and what is asked for twice is read once."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from imagebot.bans import LONGEST_S, Ban
from imagebot.cycle.lazy_property import once
from imagebot.cycle.unsigned import Missed
from imagebot.images.about import About
from imagebot.images.reference import ImageName
from imagebot.images.source_changes import SourceChanges
from imagebot.policy.model import Policy
from imagebot.pulls.block import Proposed
from imagebot.pulls.refusals import RefusedVersions
from imagebot.selection.doubts import BELIEVED_AFTER, Shrunk
from imagebot.selection.facts import LetIn
from imagebot.selection.hand_holds import HandHold
from imagebot.selection.verdict import Update
from imagebot.store.protocol import BANS, LastVerdict, Store, standing
from imagebot.trust.attestation import Attestation
from imagebot.trust.state import Verified

_NEVER = ""
_HOUR = timedelta(hours=1)
_REFUSALS_LAST = _HOUR
_DOUBTS = "in doubt"  # no image has such a name

What = Literal["list", "manifests", "signatures"]
"""What of an image may be in doubt."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that goes wrong: why, and since when."""

    because: str
    since: datetime

    @classmethod
    def from_json(cls, text: str) -> Trouble:
        because, since, *_ = json.loads(text)
        return cls(because, datetime.fromisoformat(since))

    def to_json(self) -> str:
        return json.dumps([self.because, self.since.isoformat()])


class PassStore:
    """Made anew for each pass. Raises what the store raises."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store = store
        self.now = now
        self._lock = threading.Lock()
        self._noticed: dict[str, str] = {}
        self._lists: dict[str, str] = {}
        self._judged: set[tuple[str, str]] = set()
        self._doubted: set[str] = set()
        self._looked_at: set[ImageName] = set()

    @once
    def holds(self) -> tuple[HandHold, ...]:
        """What people keep back by hand."""
        return self._store.holds()

    def lifted(self, policy: Policy, tag: str) -> datetime | None:
        """When somebody said that this version may come again."""
        place = (policy.app, policy.environment, tag)
        return max((hold.since for hold in self.holds if hold.lifts and hold.place == place), default=None)

    def first_seen(self, name: ImageName, keys: Collection[str]) -> Mapping[str, datetime]:
        """When each of these was seen for the first time: now, for one that never was."""
        return self._store.first_seen(str(name), keys, self.now)

    def since(self, name: ImageName, tag: str, digest: str) -> datetime:
        """Since when a tag has stood for a digest unbroken, as far as anybody looked: from now on, if it never did."""
        return self._store.unbroken(str(name), tag, digest, self.now)

    def soaking(self, name: ImageName, digests: Mapping[str, str]) -> Mapping[str, datetime]:
        """Since when these tags have stood for these digests, of those of which that is known; starts no clock."""
        keys = {standing(tag, digest): tag for tag, digest in digests.items()}
        return {keys[key]: at for key, at in self._store.seen(str(name), keys.keys(), self.now).items()}

    def noticed(self, name: ImageName, tag: str, digest: str) -> None:
        """A tag stands for this now: if it stood for another before, all clocks of what it stands for begin anew."""
        known = self.digests(name, [tag]).get(tag)
        if known == digest:
            return
        if known is not None:
            self._store.forget(str(name), [digest])
        self._store.moved(str(name), tag, digest)
        with self._lock:
            self._noticed[f"{name}:{tag}"] = digest

    def digests(self, name: ImageName, tags: Iterable[str]) -> Mapping[str, str]:
        """What tags stood for when they were last asked about, of those that ever were."""
        keys = {f"{name}:{tag}": tag for tag in tags}
        known = {**self._store.recalled("tag", keys.keys())}
        with self._lock:
            known |= {key: self._noticed[key] for key in keys if key in self._noticed}
        return {keys[key]: digest for key, digest in known.items()}

    def stand_for(self, name: ImageName, digests: Mapping[str, str]) -> None:
        """Remember what tags stand for."""
        self._stand({f"{name}:{tag}": digest for tag, digest in digests.items()})

    def names(self, name: ImageName, digest: str) -> tuple[str, ...]:
        """The tags that a digest was known by."""
        key = f"{name}@{digest}"
        known = self._store.recalled("names", [key]).get(key, "[]")
        with self._lock:
            places = [place.rpartition(":") for place, other in self._noticed.items() if other == digest]
        return (*json.loads(known), *(tag for image, _, tag in places if image == str(name)))

    def _stand(self, standing: Mapping[str, str]) -> None:
        if not standing:
            return
        self._store.recall("tag", standing)
        fresh: dict[str, list[str]] = {}
        for place, digest in standing.items():
            name, _, tag = place.rpartition(":")
            fresh.setdefault(f"{name}@{digest}", []).append(tag)
        known = self._store.recalled("names", fresh.keys())
        every = {key: {*tags, *json.loads(known.get(key, "[]"))} for key, tags in fresh.items()}
        self._store.recall("names", {key: json.dumps(sorted(tags)) for key, tags in every.items()})

    def platforms(self, name: ImageName, digest: str) -> Mapping[str, str] | None:
        """The platforms of an image that was asked about in any pass."""
        key = f"{name}@{digest}"
        known = self._store.recalled("platforms", [key]).get(key)
        return None if known is None else dict(json.loads(known))

    def has_platforms(self, name: ImageName, digest: str, platforms: Mapping[str, str]) -> None:
        self._store.recall("platforms", {f"{name}@{digest}": json.dumps(platforms, sort_keys=True)})

    def was_there(self, name: ImageName, digest: str) -> bool:
        """Whether a manifest was shown in any pass."""
        key = f"{name}@{digest}"
        return key in self._store.recalled("there", [key])

    def is_there(self, name: ImageName, digest: str) -> None:
        self._store.recall("there", {f"{name}@{digest}": self.now.isoformat()})

    def about(self, name: ImageName, digest: str, platform: str | None) -> About | None:
        """What an image said about itself, if it was asked in any pass."""
        key = f"{name}@{digest} {platform or ''}"
        known = self._store.recalled("about", [key]).get(key)
        return None if known is None else About.from_json(known)

    def is_about(self, name: ImageName, digest: str, platform: str | None, about: About) -> None:
        self._store.recall("about", {f"{name}@{digest} {platform or ''}": about.to_json()})

    def attestations(self, name: ImageName, digest: str, platform: str | None) -> tuple[Attestation, ...] | None:
        """What the build of an image claimed, if it was asked in any pass."""
        key = f"{name}@{digest} {platform or ''}"
        known = self._store.recalled("attested", [key]).get(key)
        with suppress(ValueError, TypeError, RecursionError):
            return None if known is None else tuple(Attestation(*map(str, words)) for words in json.loads(known))
        return None

    def are_attestations(
        self, name: ImageName, digest: str, platform: str | None, claimed: Iterable[Attestation]
    ) -> None:
        text = json.dumps([astuple(one) for one in claimed])
        self._store.recall("attested", {f"{name}@{digest} {platform or ''}": text})

    def source_changes(self, key: str) -> tuple[datetime, SourceChanges] | None:
        """What changed between two images, and when that was asked first, if it was asked in any pass."""
        known = self._store.recalled("source", [key]).get(key)
        if known is None:
            return None
        at, _, text = known.partition(" ")
        changes = SourceChanges.from_json(text)
        with suppress(ValueError, TypeError):
            return None if changes is None else (min(datetime.fromisoformat(at), self.now), changes)
        return None

    def has_source_changes(self, key: str, changes: SourceChanges) -> None:
        before = self.source_changes(key)
        at = self.now if before is None else before[0]
        self._store.recall("source", {key: f"{at.isoformat()} {changes.to_json()}"})

    def verified(self, name: ImageName, digest: str, rule: str) -> Verified | None:
        """Who signed a digest, if that was verified by this rule in any pass."""
        key = f"{name}@{digest} {rule}"
        known = self._store.recalled("verified", [key]).get(key)
        return None if known is None else Verified(tuple(json.loads(known)))

    def is_verified(self, name: ImageName, digest: str, rule: str, state: Verified) -> None:
        self._store.recall("verified", {f"{name}@{digest} {rule}": json.dumps(state.by)})

    def was_signed(self, name: ImageName, digest: str, rule: str) -> bool:
        """Whether a digest was verified by this rule in any pass, where no more than that is remembered of it."""
        return bool(self._store.seen(str(name), [_signed(digest, rule)], self.now))

    def is_signed(self, name: ImageName, digest: str, rule: str) -> None:
        self._store.first_seen(str(name), [_signed(digest, rule)], self.now)

    def missed(self, name: ImageName, digest: str, rule: str) -> Missed | None:
        """What was there in place of a signature when somebody looked last."""
        key = f"{name}@{digest} {rule}"
        known = self._store.recalled("unsigned", [key]).get(key)
        return None if known is None else Missed.from_json(known)

    def is_missed(self, name: ImageName, digest: str, rule: str, missed: Missed) -> None:
        self._store.recall("unsigned", {f"{name}@{digest} {rule}": missed.to_json()})

    def created(self, name: ImageName, digests: Iterable[str]) -> Mapping[str, datetime | None]:
        """When the images of these digests say that they were made, of those that were asked about in any pass."""
        keys = {f"{name}@{digest}": digest for digest in digests}
        known = self._store.recalled("created", keys.keys())
        return {keys[key]: datetime.fromisoformat(at) if at != _NEVER else None for key, at in known.items()}

    def were_created(self, name: ImageName, times: Mapping[str, datetime | None]) -> None:
        at = {f"{name}@{digest}": _NEVER if time is None else time.isoformat() for digest, time in times.items()}
        self._store.recall("created", at)

    def will_list(self, names: Iterable[ImageName]) -> None:
        """Read at once what is remembered of these lists: their answers come one by one."""
        every = [str(name) for name in names]
        self._lists = {**dict.fromkeys(every, ""), **self._store.recalled("tags", every)}

    def shrunk(self, lists: Mapping[ImageName, int]) -> Mapping[ImageName, Shrunk]:
        """The lists of tags, of these lengths now, that were longer; remembers all of them.

        One that stays short is taken for whole after a while, and then it is no longer a short one.
        """
        others = [str(name) for name in lists if str(name) not in self._lists]
        known = {**self._lists, **(self._store.recalled("tags", others) if others else {})}
        short: dict[ImageName, Shrunk] = {}
        fresh: dict[str, str] = {}
        for name, length in lists.items():
            before, since = _read(known.get(str(name), ""), self.now)
            if length < before and (since is None or self.now - since < BELIEVED_AFTER):
                short[name] = Shrunk(before, length, since or self.now)
                text = json.dumps([before, (since or self.now).isoformat()])
            else:
                text = json.dumps([length, None])
            if text != known.get(str(name)):
                fresh[str(name)] = text
        self._store.recall("tags", fresh)
        self._lists |= fresh
        return short

    def doubt(self, name: ImageName, what: What) -> datetime:
        """Since when something about an image has been in doubt without a break."""
        key = f"{name} {what}"
        with self._lock:
            self._doubted.add(key)
        return self._store.first_seen(_DOUBTS, [key], self.now)[key]

    def looked_at(self, names: Iterable[ImageName]) -> None:
        """What this pass does not doubt about these is in doubt no more once it is over."""
        with self._lock:
            self._looked_at |= set(names)

    def refusals(self, branch: str, open_now: int | None) -> tuple[RefusedVersions, ...] | None:
        """What people refused on a branch, if that was asked within the hour; `branch` names its repository too.

        They can have refused more since if the pull request that was open then is not the one that is `open_now`.
        """
        known = self._store.recalled("closed", [branch]).get(branch)
        if known is None:
            return None
        at, then, items = json.loads(known)
        if then != open_now or not timedelta() <= self.now - datetime.fromisoformat(at) < _REFUSALS_LAST:
            return None
        return tuple(
            RefusedVersions(Proposed(*words), datetime.fromisoformat(since), why) for words, since, why in items
        )

    def was_open(self, branch: str) -> tuple[int, datetime] | None:
        """The number of the pull request that was open when refusals were last asked about, and when that was."""
        known = self._store.recalled("closed", [branch]).get(branch)
        if known is None:
            return None
        at, then, _ = json.loads(known)
        return None if then is None else (then, datetime.fromisoformat(at))

    def unlisted_since(self, pulls: str) -> datetime:
        """Since when these pull requests, which git knows, have been on no list of their forge: now, if nobody knew."""
        known = self._store.recalled("unlisted", [pulls]).get(pulls)
        if known is None:
            self._store.recall("unlisted", {pulls: self.now.isoformat()})
            return self.now
        return min(datetime.fromisoformat(known), self.now)

    def are_refused(self, branch: str, open_now: int | None, items: Iterable[RefusedVersions]) -> None:
        """Remember what people refused on a branch, for an hour."""
        words = [[astuple(item.proposed), item.at.isoformat(), item.because] for item in items]
        self._store.recall("closed", {branch: json.dumps([self.now.isoformat(), open_now, words])})

    def counted(self, kind: str, key: str) -> tuple[datetime, ...]:
        """The moments of the last hour at which something was done; none from the future."""
        known = self._store.recalled(kind, [key]).get(key)
        moments = [datetime.fromisoformat(at) for at in json.loads(known)] if known else []
        return tuple(at for at in moments if self.now - at < _HOUR)

    def count(self, kind: str, key: str, moments: Collection[datetime]) -> None:
        """Remember that something was done at these moments too."""
        if moments:
            all_ = sorted((*self.counted(kind, key), *moments))
            self._store.recall(kind, {key: json.dumps([at.isoformat() for at in all_])})

    def last_open(self, url: str) -> int:
        """How many pull requests were open in a repository when it was looked at last."""
        known = self._store.recalled("open", [url]).get(url, "")
        return int(known) if known.isdecimal() and len(known) < 10 else 0

    def left_open(self, url: str, count: int) -> None:
        """Remember how many there are now."""
        if count != self.last_open(url):
            self._store.recall("open", {url: str(count)})

    def ban(self, account: str) -> Ban | None:
        """Until when a server told an account to wait, the last time that it did.

        None for what this bot does not write: whoever may push to it writes what he likes on the branch of the state.
        """
        known = self._store.recalled(BANS, [account]).get(account)
        if known is None:
            return None
        with suppress(ValueError, TypeError, OverflowError, RecursionError):
            at, seconds, because, nth = json.loads(known)
            if 0 < seconds <= LONGEST_S:
                return Ban(account, datetime.fromisoformat(at).astimezone(UTC), seconds, str(because), int(nth))
        return None

    def is_banned(self, ban: Ban) -> None:
        """Remember what a server told an account. At once: who is killed now must not ask again either."""
        self._store.recall(BANS, {ban.account: json.dumps([ban.at.isoformat(), ban.seconds, ban.because, ban.nth])})

    @once
    def verdicts(self) -> Mapping[tuple[str, str, str], LastVerdict]:
        """The last verdicts of the pass before, by app, environment and image."""
        return {(last.app, last.environment, last.image): last for last in self._store.last_verdicts()}

    def let_in(self, policy: Policy, name: ImageName) -> LetIn | None:
        """What the last verdict let in, and since when it has been the last one."""
        last = self.verdicts.get((policy.app, policy.environment, str(name)))
        if last is None or last.tag is None or last.state != Update.__name__:
            return None
        return LetIn(last.tag, last.at)

    def troubles(self, kind: str, keys: Collection[str]) -> Mapping[str, Trouble]:
        """What is remembered of the troubles of one kind, of those that there are."""
        known = self._store.recalled(f"trouble {kind}", keys)
        return {key: Trouble.from_json(text) for key, text in known.items() if text}

    def are_troubles(self, kind: str, troubles: Mapping[str, Trouble | None]) -> None:
        """Remember them; None: it is over."""
        said = {key: "" if trouble is None else trouble.to_json() for key, trouble in troubles.items()}
        self._store.recall(f"trouble {kind}", said)

    def judged(self, verdicts: Sequence[LastVerdict]) -> None:
        """Remember what this pass decided, of those of which something else is remembered."""
        before: dict[tuple[str, str], set[object]] = defaultdict(set)
        after: dict[tuple[str, str], set[object]] = defaultdict(set)
        for last in self.verdicts.values():
            before[last.app, last.environment].add(last.said)
        for verdict in verdicts:
            after[verdict.app, verdict.environment].add(verdict.said)
        news = {place for place, said in after.items() if place in self._judged or said != before[place]}
        self._judged |= news
        self._store.judged([verdict for verdict in verdicts if (verdict.app, verdict.environment) in news])

    def save(self) -> None:
        """Make sure that what must survive does."""
        with self._lock:
            noticed = dict(self._noticed)
        self._stand(noticed)
        self._store.save()

    def settle(self) -> None:
        """Nobody will ask any more in this pass: doubts that nobody had are over. Saves, too."""
        with self._lock:
            every = {f"{name} {what}" for name in self._looked_at for what in get_args(What)} - self._doubted
        self._store.forget(_DOUBTS, self._store.seen(_DOUBTS, every, self.now).keys())
        self.save()


def _signed(digest: str, rule: str) -> str:
    return f"{digest} signed {rule}"


def _read(text: str, now: datetime) -> tuple[int, datetime | None]:
    """The longest list known, and since when it is shorter; a moment in the future is none."""
    if not text:
        return 0, None
    length, since = json.loads(text)
    at = None if since is None else datetime.fromisoformat(since).astimezone(UTC)
    return int(length), at if at is None or at <= now else now
