"""A forge that says "later" is asked nothing until then: the rest of the pass waits, and so does the next process."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from imagebot.cycle.pass_store import PassStore
from imagebot.cycle.report import Action
from imagebot.forge.credentials import account
from imagebot.secret import Secret
from imagebot.settings.resolve import TokenCredentials
from tests.e2e.conftest import DEPLOYMENT, POLICY, Place
from tests.support.forge_server import Fault
from tests.support.stage import NOON

SAID = b'{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}'


def test_told_to_wait_it_tries_none_of_the_others_and_neither_does_the_next_process(place: Place) -> None:
    for number in range(5):
        policy = POLICY.replace("app: shop", f"app: shop-{number}").replace("production/", f"more/{number}/")
        place.stage.policy(policy, f"{number}.yaml")
        place.stage.commit({f"more/{number}/app.yaml": DEPLOYMENT})
    place.server.next_writes = {1: Fault("*", 403, body=SAID, headers=(("Retry-After", "600"),))}

    first = place.one_pass()
    assert [one.action for one in first.outcomes] == [Action.WAITING] * 6
    assert all("asks us to slow down (403" in one.because and " UTC" in one.because for one in first.outcomes)
    assert len(place.server.writes) == 1

    sent = len(place.server.calls)
    second = place.one_pass()
    assert {one.action for one in second.outcomes} == {Action.WAITING}
    assert len(place.server.calls) == sent
    assert second.exit_code == 0

    credentials = TokenCredentials(Secret(place.server.token))
    memory = PassStore(place.stage.world().store(), NOON)
    ban = memory.ban(account(place.server.host, credentials))
    assert ban is not None
    memory.is_banned(replace(ban, at=ban.at - timedelta(seconds=ban.seconds + 2)))
    assert [one.action for one in place.one_pass().outcomes] == [Action.OPENED] * 6


def test_within_a_ban_the_apps_of_a_forge_wait_and_nothing_has_failed(opened: Place) -> None:
    opened.stage.publish("1.9.2")
    questions = sum(call.verb == "GET" for call in opened.server.calls)
    opened.server.faults = [Fault("GET", 429, questions + 1, headers=(("Retry-After", "600"),))]

    for asked in (1, 0, 0):
        sent = len(opened.server.calls)
        report = opened.one_pass()
        assert len(opened.server.calls) - sent <= asked
        (decision,) = report.decisions
        assert decision.waiting or {one.action for one in report.outcomes} == {Action.WAITING}
        assert report.exit_code == 0
    assert opened.proposed == "1.9.1"
