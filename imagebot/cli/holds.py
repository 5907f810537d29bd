"""What `hold` and `unhold` share: which policy is meant, and how a hold reads."""

from __future__ import annotations

import difflib
import os
import pwd
from collections.abc import Sequence

from imagebot.errors import BadInput
from imagebot.outgoing import outgoing
from imagebot.policy.read import PolicySet
from imagebot.selection.hand_holds import HandHold, Place


def one_place(policies: PolicySet, wanted: str, held: Sequence[HandHold] = ()) -> tuple[str, str]:
    """The app and the environment that `wanted` names, as `APP` or `APP@ENVIRONMENT`; `held` may name them, too.

    Raises `BadInput` where that is none, or more than one: what writes does not guess.
    """
    places = {(policy.app, policy.environment) for policy in policies.policies}
    places |= {(hold.app, hold.environment) for hold in held}
    found = sorted(place for place in places if wanted in (place[0], "@".join(place)))
    if len(found) == 1:
        return found[0]
    if found:
        names = [f"{app}@{environment}" for app, environment in found]
        raise BadInput(f"{wanted} has {len(names)} environments: write {', '.join(names[:-1])} or {names[-1]}")
    names = sorted({name for place in places for name in (place[0], "@".join(place))})
    near = difflib.get_close_matches(wanted, names, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names) or 'none'}"
    problems = "; some policy files are wrong, see `imagebot lint`" if policies.problems else ""
    raise BadInput(f"no policy for {wanted!r}; {hint}{problems}")


def printed_hold(hold: HandHold) -> str:
    """A hold in one line."""
    return outgoing(f"{named(hold.place)}, by {hold.by} since {hold.since:%Y-%m-%d %H:%M} UTC: {hold.because}")


def login() -> str:
    """Who runs this; not what the environment says, which anybody can set, and which a pod does not have."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"


def named(place: Place) -> str:
    """A place as it is written on the command line."""
    app, environment, version = place
    return f"{app}@{environment}" + ("" if version is None else f" {version}")
