"""Fields that say no tag, or none that could be one: nothing of that is asked of a registry, nobody else waits."""

from __future__ import annotations

import pytest

from imagebot.cycle.report import Action, Report
from imagebot.selection.verdict import Update, Verdict
from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.support.stage import Stage

SHA256, SHA512 = "sha256:" + "0" * 64, "sha512:" + "0" * 128
OTHER = POLICY.replace("app: podinfo", "app: other").replace("staging/", "other/").replace("IMAGE", "IMAGE-b")


def deployed(text: str) -> str:
    """A deployment whose container says just this."""
    return DEPLOYMENT.replace('"IMAGE:6.5.3"', text)


def values(tag: str, digest: str = "") -> str:
    """The values of a chart."""
    return f"image:\n  repository: IMAGE\n  tag: {tag}\n" + (f"  digest: {digest}\n" if digest else "")


def verdict(report: Report) -> Verdict:
    return next(each for each in report.decisions if each.policy.app == "podinfo").watches[0].verdict


def with_a_sound_app(stage: Stage, text: str, rule: str = "semver: ^6.5") -> Report:
    """One pass over this file beside another app that is one version behind."""
    stage.publish("6.5.3", "6.5.4", repository="acme/podinfo-b")
    stage.policy(OTHER, "other.yaml")
    stage.policy(POLICY.replace("semver: ^6.5", rule))
    stage.commit({"staging/app.yaml": text, "other/app.yaml": DEPLOYMENT.replace("IMAGE", "IMAGE-b")})
    return stage.one_pass()


def test_one_untagged_image_stops_nobody_else(stage: Stage) -> None:
    report = with_a_sound_app(stage, deployed("IMAGE"))
    assert isinstance(verdict(report), Update)
    assert sorted((outcome.name, outcome.action) for outcome in report.outcomes) == [
        ("other", Action.OPENED),
        ("podinfo", Action.OPENED),
    ]
    assert stage.show("staging/app.yaml", "imagebot/staging/podinfo") == deployed("IMAGE:6.5.4")
    pull = next(pull for pull in stage.pulls() if pull.branch == "imagebot/staging/podinfo")
    assert "no tag says nothing about a version" in pull.body
    assert "not known: nothing says which image ran before" in pull.body


@pytest.mark.parametrize("rule", ["digest: latest", "created: newest", "semver: ^6.5\n    pin: digest"])
def test_an_untagged_image_stops_nobody_else_under_any_rule(stage: Stage, rule: str) -> None:
    report = with_a_sound_app(stage, deployed("IMAGE"), rule)
    assert [outcome.action for outcome in report.outcomes] == [Action.OPENED, Action.OPENED]


@pytest.mark.parametrize("rule", ["created: newest", "semver: ^6.5"])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(deployed("IMAGE:latest"), id="latest"),
        pytest.param(deployed(f"IMAGE@{SHA256}"), id="digest alone"),
        pytest.param(deployed(f"IMAGE@{SHA512}"), id="another algorithm"),
        pytest.param(deployed(f"IMAGE:6.5.3@{SHA512}"), id="a tag with another algorithm"),
        pytest.param(deployed(f"IMAGE:{'6' * 129}"), id="a tag too long"),
        pytest.param(deployed('"IMAGE:6.5.3,beta"'), id="no tag at all"),
        pytest.param(deployed('"IMAGE:6.5.3,beta@sha256:123"'), id="both parts odd"),
        pytest.param(values("6.5.3", "sha256:123"), id="a digest too short"),
        pytest.param(values("6.5.3", "md5:" + "0" * 32), id="no algorithm that is known"),
        pytest.param(values("latest", "unset"), id="no digest at all"),
        pytest.param(values("'6.5.3 '"), id="a blank behind the tag"),
        pytest.param(values(f"'{'6' * 129}'"), id="a tag too long under its key"),
        pytest.param(values('"\\u0661.0.0"'), id="digits of another script"),
        pytest.param(values("''", "''"), id="empty"),
    ],
)
def test_what_is_odd_in_one_field_stops_nobody_else(stage: Stage, text: str, rule: str) -> None:
    report = with_a_sound_app(stage, text, rule)
    assert [outcome.action for outcome in report.outcomes if outcome.name == "other"] == [Action.OPENED]
    assert {outcome.action for outcome in report.outcomes} == {Action.OPENED}
    assert not any("%" in str(asked) or "sha256:123" in str(asked) for asked in stage.registry.asked)


def test_every_verb_says_the_same_of_an_untagged_image(stage: Stage) -> None:
    with_a_sound_app(stage, deployed("IMAGE"))
    assert stage.imagebot("lint").code == 0
    for verb in ("status", "plan", "once"):
        said = stage.imagebot(verb)
        assert (said.code, said.err) == (0, ""), verb
        assert "no tag says nothing about a version" in said.out


@pytest.mark.parametrize("text", ["IMAGE", f"IMAGE@{SHA256}", "IMAGE:latest"])
def test_nothing_is_promoted_from_a_field_without_a_version_that_stops_anybody(stage: Stage, text: str) -> None:
    rule = POLICY.replace(
        'staging: {paths: ["staging/"]}',
        'staging: {paths: ["staging/"]}\n  production: {paths: ["production/"], from: {environment: staging}}',
    )
    stage.policy(rule)
    stage.commit({"staging/app.yaml": deployed(text), "production/app.yaml": deployed(text)})
    report = stage.one_pass()
    production = next(each for each in report.decisions if each.policy.environment == "production")
    assert "production" in str(production.policy)
    assert not any(outcome.action is Action.FAILED for outcome in report.outcomes)


def test_a_group_with_an_untagged_image_goes_as_one(stage: Stage) -> None:
    policy = POLICY + "  - image: IMAGE-b\n    semver: ^6.5\npullRequest: {group: {name: all}}\n"
    stage.publish("6.5.3", "6.5.4", repository="acme/podinfo-b")
    stage.policy(policy)
    stage.commit({"staging/app.yaml": deployed("IMAGE"), "staging/b.yaml": DEPLOYMENT.replace("IMAGE", "IMAGE-b")})
    assert [outcome.action for outcome in stage.one_pass().outcomes] == [Action.OPENED]


def test_files_that_nobody_can_read_are_not_read_again_by_the_next_pass(stage: Stage) -> None:
    broken = {f"staging/{number}.yaml": "a: [\nimage: IMAGE:6.5.3\n" for number in range(5)}
    stage.commit(broken)
    world = stage.world()
    stage.one_pass(world)
    read = world.index.parsed
    assert read == 1 + len(broken)

    again = stage.one_pass(world)

    assert world.index.parsed == read
    assert "not YAML" in again.decisions[0].watches[0].verdict.because
