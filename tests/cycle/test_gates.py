"""Gates in whole passes: what is open stays or goes, what people keep back stays back, and nothing moves by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from imagebot.cycle.report import Action, Report
from imagebot.forge import local
from imagebot.selection.hand_holds import HandHold
from imagebot.selection.verdict import Held, Hold, Update, UpToDate, Verdict
from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.support import oci_folder
from tests.support.stage import NOON, Stage

BRANCH = "imagebot/staging/podinfo"
DAY = timedelta(days=1)
PINNED = DEPLOYMENT.replace('"IMAGE:6.5.3"', "IMAGE:6.5.4@DIGEST")


def verdict(report: Report) -> Verdict:
    return report.decisions[0].watches[0].verdict


def held(report: Report) -> Held:
    answer = verdict(report)
    assert isinstance(answer, Held), answer
    return answer


def proposed(stage: Stage) -> list[str]:
    return [pull.title.rpartition(" ")[2] for pull in stage.pulls()]


def in_staging(stage: Stage, keys: str) -> None:
    stage.policy(POLICY.replace('paths: ["staging/"]', f'paths: ["staging/"], {keys}'))


def of_image(stage: Stage, keys: str) -> None:
    stage.policy(f"{POLICY}    {keys}\n")


def test_outside_its_window_a_policy_opens_nothing_and_leaves_alone_what_is_open(stage: Stage) -> None:
    in_staging(stage, 'windows: ["Fri 09:00-17:00"]')
    assert (held(stage.one_pass()).hold, held(stage.one_pass()).until) == (
        Hold.WINDOW,
        datetime(2026, 1, 2, 9, tzinfo=UTC),
    )
    stage.one_pass(now=NOON + DAY)
    assert proposed(stage) == ["6.5.4"]
    stage.publish("6.5.5")

    report = stage.one_pass(now=NOON + 2 * DAY)

    assert (held(report).version.tag, report.outcomes, proposed(stage)) == ("6.5.5", (), ["6.5.4"])
    stage.one_pass(now=NOON + 8 * DAY)
    assert proposed(stage) == ["6.5.5"]


def test_a_freeze_wins_over_a_window(stage: Stage) -> None:
    in_staging(stage, 'windows: ["Thu 09:00-17:00"], freezes: [{from: 2026-01-01, to: 2026-01-02, because: holiday}]')
    report = stage.one_pass()
    assert (held(report).hold, held(report).until) == (Hold.WINDOW, datetime(2026, 1, 8, 9, tzinfo=UTC))
    assert "everything is frozen, 2026-01-01 to 2026-01-02 UTC (holiday)" in held(report).because


def hold(version: str | None) -> HandHold:
    return HandHold("podinfo", "staging", version, "ada", NOON, "it breaks the login")


def test_a_hold_by_hand_takes_back_what_is_open_until_it_is_lifted(opened: Stage) -> None:
    store = opened.world().store()
    store.hold(hold("6.5.4"))

    report = opened.one_pass()

    assert held(report).because == "6.5.4 is kept back by hand: by ada on 2026-01-01, it breaks the login"
    assert (report.outcomes[0].action, proposed(opened)) == (Action.CLOSED, [])
    store.unhold(hold("6.5.4").place)
    opened.one_pass()
    assert proposed(opened) == ["6.5.4"]


def test_a_hold_of_everything_and_a_hold_of_something_else(stage: Stage) -> None:
    store = stage.world().store()
    store.hold(hold("6.5.0"))
    assert isinstance(verdict(stage.one_pass()), Update)
    store.hold(hold(None))
    stage.publish("6.7.0")
    assert held(stage.one_pass()).hold is Hold.BY_HAND


@pytest.mark.parametrize("how", ["--no-ff", "--ff-only", "--squash"])
def test_what_a_person_rolled_back_is_held_until_there_is_a_newer_version(opened: Stage, how: str) -> None:
    if how == "--squash":
        message = opened.git("-C", str(opened.bare), "log", "-1", "--format=%B", BRANCH)
        opened.commit({"staging/app.yaml": opened.show("staging/app.yaml", BRANCH)}, message=f"deps (#1)\n\n{message}")
    else:
        opened.merge(BRANCH, NOON, how=how)
    opened.commit({"staging/app.yaml": DEPLOYMENT}, message="back", at=NOON + DAY)

    report = opened.one_pass()

    assert held(report).hold is Hold.ROLLED_BACK
    assert held(report).because == "6.5.4 was rolled back: Ada took staging/app.yaml:8 back to 6.5.3 on 2026-01-02"
    opened.publish("6.5.5")
    opened.one_pass()
    assert "6.5.5" in proposed(opened)


def test_what_was_rolled_back_or_closed_may_come_again_once_somebody_says_so(opened: Stage) -> None:
    opened.merge(BRANCH, NOON)
    opened.commit({"staging/app.yaml": DEPLOYMENT}, at=NOON + DAY)
    assert held(opened.one_pass()).hold is Hold.ROLLED_BACK

    said = opened.imagebot("unhold", "podinfo", "6.5.4")

    assert (
        said.out == "not held: podinfo@staging 6.5.4; if it was rolled back or closed before now, it may come again\n"
    )
    opened.one_pass()
    assert proposed(opened) == ["6.5.4"]
    assert opened.imagebot("pr", "close", "2").code == 0
    assert held(opened.one_pass()).hold is Hold.CLOSED


def test_regret_what_is_closed_in_the_second_of_lifting_is_closed(opened: Stage) -> None:
    """A forge tells whole seconds, so what came after may seem to have come before."""
    assert opened.imagebot("unhold", "podinfo", "6.5.4").code == 0
    (lifted,) = opened.world().store().holds()
    assert opened.imagebot("pr", "close", "1").code == 0
    file = opened.forge.folder / "1.md"
    record = local.read(file.read_text(), str(file))
    second = lifted.since.replace(microsecond=0).isoformat()
    file.write_text(local.write(replace(record, pull=replace(record.pull, closed_at=second))))
    assert held(opened.one_pass()).hold is Hold.CLOSED


def test_a_hold_by_hand_ends_what_lifted_it(stage: Stage) -> None:
    for verb in (["unhold"], ["hold", "--because", "no"]):
        assert stage.imagebot(verb[0], "podinfo", "6.5.4", *verb[1:]).code == 0
    assert held(stage.one_pass()).hold is Hold.BY_HAND


def test_a_closed_pull_request_is_lifted_too(opened: Stage) -> None:
    opened.imagebot("pr", "close", "1")
    assert held(opened.one_pass()).hold is Hold.CLOSED
    store = opened.world().store()
    lift = HandHold("podinfo", "staging", "6.5.4", "ada", datetime(2100, 1, 1, tzinfo=UTC), "again", lifts=True)
    assert (store.hold(lift), store.holds()) == (lift, (lift,))
    opened.one_pass()
    assert proposed(opened) == ["6.5.4"]


def test_a_rollback_that_was_taken_back_holds_nothing(opened: Stage) -> None:
    opened.merge(BRANCH, NOON)
    opened.commit({"staging/app.yaml": DEPLOYMENT})
    opened.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "6.5.4")})
    assert isinstance(verdict(opened.one_pass()), UpToDate)


def test_a_rollback_in_another_file_is_nobodys_here(stage: Stage) -> None:
    """The versions of other environments are their own."""
    trailers = f"Image-Update: {stage.image} 6.5.3 -> 6.5.4\nImage-Field: production/app.yaml#spec.image\n"
    stage.commit({"README.md": "merged\n"}, message=f"deps\n\n{trailers}")
    assert isinstance(verdict(stage.one_pass()), Update)


def digest_of(stage: Stage, **builds: Any) -> str:
    return oci_folder.publish_index(stage.folder / "registry", "acme/podinfo", "6.5.4", **builds)


BUILT = {"linux/amd64": "2026-01-01T12:00:00Z", "linux/arm64": "2026-01-01T12:00:00Z"}


def test_a_repush_is_a_loud_pull_request_of_its_own_kind_and_only_if_asked_for(stage: Stage) -> None:
    first = digest_of(stage, builds=BUILT)
    stage.commit({"staging/app.yaml": PINNED.replace("DIGEST", first)})
    again = digest_of(stage, builds={**BUILT, "linux/arm64": "2026-02-01T12:00:00Z"})
    assert isinstance(verdict(stage.one_pass()), UpToDate)
    of_image(stage, "repush: allow")

    stage.one_pass()

    (pull,) = stage.pulls()
    assert pull.title == f"deps(staging): podinfo 6.5.4 was pushed again: {first[:19]}… → {again[:19]}…"
    assert pull.labels == ("repush", "needs-attention")
    assert "⚠ `6.5.4`: somebody pushed this tag again." in pull.body
    assert stage.show("staging/app.yaml", BRANCH) == PINNED.replace("DIGEST", again)


@pytest.mark.parametrize(
    ("keys", "builds", "attestations"),
    [
        pytest.param("", BUILT, ["sbom"], id="an attestation"),
        pytest.param("", {**BUILT, "linux/riscv64": "2026-01-01T12:00:00Z"}, [], id="a platform"),
        pytest.param(
            "platforms: [linux/amd64]", {**BUILT, "linux/arm64": "2026-02-01T12:00:00Z"}, [], id="one not in use"
        ),
    ],
)
def test_a_repush_that_leaves_what_runs_as_it_was_is_no_update(
    stage: Stage, keys: str, builds: dict[str, str], attestations: list[str]
) -> None:
    stage.commit({"staging/app.yaml": PINNED.replace("DIGEST", digest_of(stage, builds=BUILT))})
    digest_of(stage, builds=builds, attestations=attestations)
    of_image(stage, f"repush: allow\n    {keys}")

    report = stage.one_pass()

    assert isinstance(verdict(report), UpToDate)
    assert "stayed as it was" in verdict(report).because
    assert stage.pulls() == ()


def test_a_tag_that_lacks_a_platform_of_the_deployed_image_is_no_candidate(stage: Stage) -> None:
    for tag in ("6.5.3", "6.5.4"):
        oci_folder.publish_index(stage.folder / "registry", "acme/podinfo", tag, BUILT)
    stage.publish("6.5.5", "6.5.6")

    report = stage.one_pass()

    assert proposed(stage) == ["6.5.4"]
    assert "6.5.6 has no image for linux/arm64, which the deployed image has" in verdict(report).because
    of_image(stage, "platforms: [linux/amd64]")
    stage.one_pass()
    assert proposed(stage) == ["6.5.6"]


def asked_of(stage: Stage) -> list[str]:
    return [str(asked) for asked in stage.registry.asked]


def test_platforms_are_asked_for_once_for_ever(stage: Stage) -> None:
    stage.one_pass()
    first = asked_of(stage)
    stage.one_pass(now=NOON + 100 * DAY)
    again = asked_of(stage)[len(first) :]
    assert any("/blobs/" in asked for asked in first)
    assert len(again) == 3
    assert not any("sha256" in asked for asked in again)


def test_an_empty_list_writes_nothing(stage: Stage) -> None:
    of_image(stage, "downgrade: allow")
    stage.one_pass()
    stage.unpublish("6.5.0", "6.5.3", "6.5.4", "7.0.0", "latest")
    report = stage.one_pass(now=NOON + 9 * DAY)
    assert (report.outcomes, report.costs.git_pushes, proposed(stage)) == ((), 0, ["6.5.4"])


def test_images_in_the_order_in_which_they_were_made(stage: Stage) -> None:
    stage.policy(POLICY.replace("semver: ^6.5", "created: newest"))
    stage.publish("6.5.3", created="2026-01-02T00:00:00Z")
    stage.publish("nightly-7", created="2026-01-05T00:00:00Z")
    stage.publish("nightly-6", created="2026-01-04T00:00:00Z")
    stage.publish("reproducible", created="1970-01-01T00:00:00Z")

    stage.one_pass()

    assert proposed(stage) == ["nightly-7"]
    before = len(asked_of(stage))
    stage.one_pass()
    assert [asked.rpartition("/")[2] for asked in asked_of(stage)[before + 1 :]] == ["nightly-7", "6.5.3"]
