"""A pass over files that are no YAML, and over values that only a marker makes fields."""

from __future__ import annotations

from imagebot.cycle.report import Action
from imagebot.selection.verdict import Unknown
from tests.cycle.conftest import POLICY
from tests.support.stage import Stage

BRANCH = "imagebot/staging/podinfo"
DOCKERFILE = "FROM IMAGE:6.5.3 AS app\nCOPY --from=app /a /b\n"
TEMPLATE = """\
{{- if .Values.on }}
image: IMAGE:6.5.3   # imagebot: IMAGE
{{- end }}
version: {{ .Values.version }}
"""
MARKED = 'appVersion: 6.5.3 # {"$imagepolicy": "apps:podinfo:tag"}\n'
NEW = ("6.5.3", "6.5.4")


def test_a_dockerfile_and_a_template_are_updated_by_one_pull_request(stage: Stage) -> None:
    stage.commit({"staging/Dockerfile": DOCKERFILE, "staging/templates/app.yaml": TEMPLATE})

    assert [outcome.action for outcome in stage.one_pass().outcomes] == [Action.OPENED]

    assert stage.show("staging/Dockerfile", BRANCH) == DOCKERFILE.replace(*NEW)
    assert stage.show("staging/templates/app.yaml", BRANCH) == TEMPLATE.replace(*NEW)
    [pull] = stage.pulls()
    assert "`staging/Dockerfile:1` `FROM[0]`: `6.5.3` → `6.5.4`" in pull.body
    assert "`staging/templates/app.yaml:2` `line[2]`: `6.5.3` → `6.5.4`" in pull.body
    again = stage.one_pass()
    assert (again.costs.git_pushes, again.costs.forge_writes) == (0, 0)


def test_a_template_that_names_the_image_without_a_marker_is_unknown(stage: Stage) -> None:
    stage.commit({"staging/templates/app.yaml": TEMPLATE + "other: IMAGE:6.5.3\n"})

    report = stage.one_pass()

    verdict = report.decisions[0].watches[0].verdict
    assert isinstance(verdict, Unknown)
    assert verdict.because.startswith("staging/templates/app.yaml:5:1: ")
    assert stage.pulls() == ()


def test_a_marker_that_leads_nowhere_keeps_the_app_back(stage: Stage) -> None:
    stage.commit({"staging/more.yaml": "# imagebot: IMAGE\nversion: 6.5.3\n"})

    verdict = stage.one_pass().decisions[0].watches[0].verdict

    assert isinstance(verdict, Unknown)
    assert verdict.because.startswith("staging/more.yaml:1:1: this marker is beside no single value")


def test_the_tag_of_a_flux_policy_is_a_field_of_the_watch_that_names_it(stage: Stage) -> None:
    stage.commit({"staging/flux.yaml": MARKED})
    stage.policy(POLICY + "    imagePolicy: apps:podinfo\n")

    stage.one_pass()

    assert stage.show("staging/flux.yaml", BRANCH) == MARKED.replace(*NEW)


def test_without_its_name_in_a_watch_a_flux_policy_is_nobodys(stage: Stage) -> None:
    stage.commit({"staging/flux.yaml": MARKED + "# of IMAGE\n", "staging/app.yaml": None})

    verdict = stage.one_pass().decisions[0].watches[0].verdict

    assert isinstance(verdict, Unknown)
    assert "write `imagePolicy: apps:podinfo`" in verdict.because


def test_a_part_of_a_value_and_longer_text_are_fields_where_the_policy_says_so(stage: Stage) -> None:
    script = "args: [--release=r-6.5.3-eu]\nrun: |\n  docker run IMAGE:6.5.3 --now\n"
    stage.commit({"staging/job.yaml": script})
    stage.policy(
        POLICY
        + "    embedded: true\n"
        + "    fields: [{file: staging/job.yaml, path: 'args[0]', template: '--release=r-{tag}-eu'}]\n"
    )

    assert [outcome.action for outcome in stage.one_pass().outcomes] == [Action.OPENED]

    assert stage.show("staging/job.yaml", BRANCH) == script.replace("6.5.3", "6.5.4")
    again = stage.one_pass()
    assert (again.costs.git_pushes, again.costs.forge_writes) == (0, 0)


def test_longer_text_is_left_and_told_and_keeps_nothing_back(stage: Stage) -> None:
    stage.commit({"staging/job.yaml": "run: docker run IMAGE:6.5.3\n"})

    report = stage.one_pass()

    assert [outcome.action for outcome in report.outcomes] == [Action.OPENED]
    [line] = report.decisions[0].watches
    assert [(field.file, field.line) for field in line.left] == [("staging/job.yaml", 1)]
    assert stage.show("staging/job.yaml", BRANCH) == stage.show("staging/job.yaml", "main")
