"""What `hold`, `suspend` and their opposites share: which policy is meant, how a hold is kept and reads."""

from __future__ import annotations

import difflib
import os
import pwd
from collections.abc import Collection, Sequence
from pathlib import PurePath

from imagebot.errors import BadInput
from imagebot.outgoing import outgoing
from imagebot.policy.read import PolicySet
from imagebot.selection.hand_holds import EVERY, HandHold, Place
from imagebot.store.protocol import Store


def one_place(policies: PolicySet, wanted: str, held: Sequence[HandHold] = ()) -> tuple[str, str]:
    """The app and the environment that `wanted` names, as `APP` or `APP@ENVIRONMENT`; `held` may name them, too.

    Raises `BadInput` where that is none, or more than one: what writes does not guess.
    """
    places = {(policy.app, policy.environment) for policy in policies.policies}
    places |= {(hold.app, hold.environment) for hold in held if not hold.suspends}
    found = sorted(place for place in places if wanted in (place[0], "@".join(place)))
    if len(found) == 1:
        return found[0]
    if found:
        names = [f"{app}@{environment}" for app, environment in found]
        raise BadInput(f"{wanted} has {len(names)} environments: write {', '.join(names[:-1])} or {names[-1]}")
    names = sorted({name for place in places for name in (place[0], "@".join(place))})
    raise no_policy(policies, wanted, names)


def many_places(policies: PolicySet, wanted: str, held: Sequence[HandHold] = ()) -> Place:
    """What `wanted` names to be suspended: `APP`, `APP@ENVIRONMENT`, `@ENVIRONMENT`, or nothing for all there is.

    Raises `BadInput` where no policy, and nothing that is `held`, is about it. What a script left empty is not "all".
    """
    app, at, environment = wanted.partition("@")
    if at and not environment:
        raise BadInput(f"{wanted!r} has an @ and no environment behind it: name one, or write --all for everything")
    place = (app or EVERY, environment or EVERY, EVERY)
    known = {(policy.app, policy.environment) for policy in policies.policies}
    there = any(app in ("", one) and environment in ("", other) for one, other in known)
    if there or place == (EVERY, EVERY, EVERY) or place in {hold.place for hold in held}:
        return place
    names = {name for one, other in known for name in (one, f"{one}@{other}", f"@{other}")}
    raise no_policy(policies, wanted, names)


def no_policy(policies: PolicySet, wanted: str, names: Collection[str]) -> BadInput:
    """That nobody is called `wanted`, and who is; or, where a file that is wrong may be about it, what is wrong there.

    A policy file is named after its app, as a rule.
    """
    app = wanted.partition("@")[0]
    meant = [problem for problem in policies.problems if PurePath(problem.file).stem == app]
    if meant:
        return BadInput(f"no policy for {wanted!r}, as this is wrong:", *meant)
    near = difflib.get_close_matches(wanted, names, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(names)) or 'none'}"
    return BadInput(f"no policy for {wanted!r}; {hint}{some_are_wrong(policies)}")


def some_are_wrong(policies: PolicySet) -> str:
    """For the end of a line that says that something is not there."""
    return "; some policy files are wrong, see `imagebot lint`" if policies.problems else ""


def printed_hold(hold: HandHold) -> str:
    """A hold in one line."""
    return outgoing(f"{named(hold.place)}, by {hold.by} since {hold.since:%Y-%m-%d %H:%M} UTC: {hold.because}")


def one_line(flag: str, text: str) -> str:
    """What was given for `flag`, without blanks around it. Raises `BadInput` where it is not one line that shows."""
    if not text.strip() or not text.isprintable():
        raise BadInput(f"{flag}: write one line of text")
    return text.strip()


def login() -> str:
    """Who runs this; not what the environment says, which anybody can set, and which a pod does not have."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"


def keep(store: Store, wish: HandHold, done: str, end: str) -> None:
    """Have it kept, and say that this is `done`, or was before; `end` is how to end that. Raises what stores raise."""
    hold = store.hold(wish)
    store.save()
    print(f"{'' if hold == wish else 'already '}{done}: {printed_hold(hold)}")
    if hold != wish and hold.because != wish.because:
        print(f"to say something else about it, {end} {named(hold.place)}")


def named(place: Place) -> str:
    """A place as it is written on the command line."""
    app, environment, version = place
    if version == EVERY:
        where = "" if environment == EVERY else f"@{environment}"
        return f"{'' if app == EVERY else app}{where}" or "everything"
    return f"{app}@{environment}" + ("" if version is None else f" {version}")
