"""Signatures in whole passes: what is signed is proposed, what is not waits, and people read why."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from imagebot.cycle.report import Action
from imagebot.observe.signatures import SignatureRefused
from imagebot.selection.verdict import Held, Hold, Unknown, Update
from tests.cycle.conftest import GONE, POLICY, World, actions, assert_quiet, verdict
from tests.support import oci_folder
from tests.support.fake_registry import oci_error
from tests.support.signed_images import Laid, referred, tagged
from tests.support.signing import Key, bundle, key, payload, pem, private_pem, simple, statement
from tests.support.stage import Stage
from tests.support.web_function import Answer

OURS, THEIRS = key("release"), key("theirs")
SIGNED = f"{POLICY}    verify: [{{keys: [release]}}]\n"
TRUST = "trust: {keys: {release: release.pub}}\n"


def digest(stage: Stage, tag: str) -> str:
    """Publishing the same again changes nothing."""
    return oci_folder.publish(stage.folder / "registry", "acme/podinfo", tag)


def hang(stage: Stage, laid: Sequence[Laid]) -> None:
    for one in laid:
        oci_folder.hang(stage.folder / "registry", "acme/podinfo", one.reference, one.manifest, one.blobs)


def sign(stage: Stage, tag: str, by: Key = OURS, form: str = "tag") -> None:
    """As cosign does, in its first form or in its new one."""
    image = digest(stage, tag)
    in_a_tag = [tagged(image, [simple(by, payload(image))])]
    hang(stage, in_a_tag if form == "tag" else referred(image, [bundle(by, statement(image))]))


def requires(stage: Stage, policy: str = SIGNED, settings: str = TRUST) -> None:
    (stage.folder / "release.pub").write_text(pem(OURS))
    stage.settings(settings)
    stage.policy(policy)


def searches(stage: Stage) -> int:
    """How often somebody looked beside an image."""
    return sum(asked.path.endswith(".sig") for asked in stage.registry.asked)


@pytest.mark.parametrize("form", ["tag", "referrer"])
def test_an_image_that_is_signed_is_proposed_with_its_signer(stage: Stage, form: str) -> None:
    requires(stage)
    sign(stage, "6.5.4", form=form)

    report = stage.one_pass()

    assert isinstance(verdict(report), Update)
    [pull] = stage.pulls()
    assert "| signature | – | verified, signed by key release; of `" in pull.body
    assert (
        "says the tag alone, which may stand for another image when it is pulled: `pin: digest` ties them" in pull.body
    )
    before = searches(stage)
    assert_quiet(stage)
    assert searches(stage) == before, "who signed is remembered"


def test_with_a_digest_what_was_signed_is_what_runs(stage: Stage) -> None:
    requires(stage, SIGNED + "    pin: digest\n")
    sign(stage, "6.5.4")
    stage.one_pass()
    [pull] = stage.pulls()
    assert "| signature | – | verified, signed by key release |" in pull.body


def test_what_is_not_signed_is_not_proposed_until_it_is(stage: Stage) -> None:
    requires(stage)
    report = stage.one_pass()
    held = verdict(report)
    assert isinstance(held, Held)
    assert held.hold is Hold.SIGNATURE
    assert held.because.startswith(
        "6.5.4 is not signed as it must be: there is not a signature by key release (of sha256:"
    )
    assert (stage.pulls(), report.exit_code) == ((), 0)

    sign(stage, "6.5.4", THEIRS)
    assert "6.5.4 has an invalid signature: it is not by key release" in verdict(stage.one_pass()).because

    sign(stage, "6.5.4")
    assert actions(stage.one_pass()) == [Action.OPENED]


def test_one_that_somebody_else_signed_is_told_loudly_and_an_older_one_may_come(stage: Stage) -> None:
    requires(stage)
    stage.publish("6.5.5")
    sign(stage, "6.5.4")
    sign(stage, "6.5.5", THEIRS)

    world = stage.world()
    stage.one_pass(world)

    [pull] = stage.pulls()
    assert pull.title.endswith("6.5.4")
    assert "⚠ A better version was **not taken for its signature**: `6.5.5` has an invalid signature" in pull.body
    assert "needs-attention" in pull.labels
    loud = [event for event in stage.events if isinstance(event, SignatureRefused)]
    assert [event.because for event in loud] == ["6.5.5 has an invalid signature: it is not by key release"]
    stage.one_pass(world)
    assert len([event for event in stage.events if isinstance(event, SignatureRefused)]) == 1, "once an hour"


def test_a_signature_of_another_image_is_no_signature_of_this_one(stage: Stage) -> None:
    requires(stage)
    hang(stage, [tagged(digest(stage, "6.5.4"), [simple(OURS, payload(digest(stage, "6.5.3")))])])
    assert "what key release signed is another image" in verdict(stage.one_pass()).because


def test_what_holds_for_all_holds_beside_what_a_policy_says(stage: Stage) -> None:
    (stage.folder / "security.pub").write_text(pem(THEIRS))
    keys = "trust: {keys: {release: release.pub, security: security.pub}}\n"
    requires(stage, SIGNED, f"{keys}verify: [{{keys: [security]}}]\n")
    sign(stage, "6.5.4")
    assert "it is not by key security" in verdict(stage.one_pass()).because
    image = digest(stage, "6.5.4")
    hang(stage, [tagged(image, [simple(OURS, payload(image)), simple(THEIRS, payload(image))])])
    assert actions(stage.one_pass()) == [Action.OPENED]


def test_a_key_that_is_revoked_takes_back_what_it_signed(stage: Stage) -> None:
    requires(stage)
    sign(stage, "6.5.4")
    stage.one_pass()
    assert stage.pulls()

    (stage.folder / "release.pub").write_text(pem(THEIRS))
    report = stage.one_pass()

    assert actions(report) == [Action.CLOSED]
    assert "taken back, for now: 6.5.4 has an invalid signature" in report.outcomes[0].because


UNUSABLE = {
    "": "cannot read the key release",
    "no key": "cannot be used: this is no public key",
    private_pem(OURS): "cannot be used: this is a private key",
}


def test_a_key_that_cannot_be_used_leaves_it_unknown_and_is_not_shown(stage: Stage) -> None:
    requires(stage)
    for text, words in UNUSABLE.items():
        (stage.folder / "release.pub").unlink(missing_ok=True)
        if text:
            (stage.folder / "release.pub").write_text(text)
        found = verdict(stage.one_pass())
        assert isinstance(found, Unknown)
        assert found.because.startswith("whether 6.5.4 is signed as it must be is not known:")
        assert words in found.because
        assert private_pem(OURS).splitlines()[1] not in found.because


def test_a_registry_that_hides_signatures_closes_nothing(world: World) -> None:
    """6.5.4 is proposed already; that it is signed was not asked for then."""
    requires(world.stage)
    world.faults.append(lambda asked: oci_error(503, "UNAVAILABLE") if asked.path.endswith(".sig") else None)
    assert isinstance(verdict(world.passes()), Unknown)
    assert len(world.stage.pulls()) == 1


NONSENSE = {
    "a page": Answer(200, (("Content-Type", "text/html"),), b"<h1>Log in</h1>"),
    "nothing": Answer(204),
    "another type": Answer(200, (("Content-Type", "application/json"),), b"{}"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_in_place_of_a_signature_closes_nothing(world: World, name: str) -> None:
    """Nobody can push a page, so it says nothing about the image."""
    requires(world.stage)
    world.faults.append(lambda asked: NONSENSE[name] if asked.path.endswith(".sig") else None)
    assert isinstance(verdict(world.passes()), Unknown)
    assert len(world.stage.pulls()) == 1
    assert not [event for event in world.stage.events if isinstance(event, SignatureRefused)]


def test_a_signature_that_is_shown_every_second_time_makes_no_pull_request_flap(world: World) -> None:
    """Replicas lag, and where the state is kept on a branch who signed is not remembered."""
    requires(world.stage, settings=f"{TRUST}database: {{repository: environments}}\n")
    sign(world.stage, "6.5.4")
    world.passes()
    [before] = world.stage.pulls()
    world.faults.append(lambda asked: GONE if asked.path.endswith(".sig") else None)
    for minute in range(1, 6, 2):
        found = verdict(world.passes(minute / 1440))
        assert isinstance(found, Unknown)
        assert "was signed as it must be, and now there is not a signature by key release" in found.because
        fault = world.faults.pop()
        assert actions(world.passes((minute + 1) / 1440)) == [Action.KEPT]
        world.faults.append(fault)
    assert world.stage.pulls() == (before,)

    world.passes(1)
    assert actions(world.passes(2.1)) == [Action.CLOSED], "what is gone for a day is gone"


def test_people_read_what_is_signed_of_what_runs(stage: Stage) -> None:
    requires(stage)
    sign(stage, "6.5.4", THEIRS)

    said = stage.imagebot("status", "--verify")
    assert said.code == 1
    assert "podinfo@staging" in said.out
    assert (
        "6.5.3  unsigned\n    there is not a signature by key release, of what the tag stands for now, sha256:"
        in said.out
    )

    sign(stage, "6.5.3", form="referrer")
    said = stage.imagebot("status", "--verify", "--json")
    [one] = json.loads(said.out)["signatures"]
    assert (said.code, one["state"], one["because"]) == (0, "verified", "verified, signed by key release")
    assert (one["tag"], one["digest"], one["byTag"]) == ("6.5.3", digest(stage, "6.5.3"), True)

    explained = stage.imagebot("explain", "podinfo").out
    assert "signature  shut  6.5.4 has an invalid signature: it is not by key release" in explained

    assert "signatures" not in json.loads(stage.imagebot("status", "--json").out)


def test_what_runs_is_told_once_though_major_versions_go_apart(stage: Stage) -> None:
    requires(stage, f"{SIGNED}pullRequest: {{group: {{separateMajor: true}}}}\n")
    sign(stage, "6.5.3")

    said = stage.imagebot("status", "--verify", "--json")

    [one] = json.loads(said.out)["signatures"]
    assert (said.code, one["tag"], one["state"]) == (0, "6.5.3", "verified")


def test_no_requirement_costs_no_request(stage: Stage) -> None:
    stage.one_pass()
    assert "6.5.3  not required" in stage.imagebot("status", "--verify").out
    assert searches(stage) == 0
