"""What is deployed is never replaced by something older, however it is written: whole passes."""

from __future__ import annotations

import pytest

from imagebot.errors import FINE, NOT_ALL_DONE
from imagebot.selection.verdict import Held, Hold, Unknown, Update, UpToDate
from tests.cycle.conftest import DEPLOYMENT, POLICY, verdict
from tests.support import oci_folder
from tests.support.stage import NOON, Stage

ANY = POLICY.replace("^6.5", '">0.0.1"')
OLD_CHART, CHART, NEW_CHART = "0.20250101.1", "0.20250616.4188_ref.2dec694", "0.20250617.4190_ref.aaaaaaa"
HELMFILE = "releases:\n  - name: web\n    chart: oci://IMAGE\n    version: {}\n"
FLUX = "kind: OCIRepository\nspec:\n  url: oci://IMAGE\n  ref:\n    tag: {}\n"
BRANCH = "imagebot/staging/podinfo"


def deploy(stage: Stage, value: str) -> None:
    stage.commit({"staging/app.yaml": DEPLOYMENT.replace('"IMAGE:6.5.3"', value)})


def digest_of(stage: Stage, tag: str) -> str:
    return oci_folder.publish(stage.folder / "registry", "acme/podinfo", tag)


@pytest.mark.parametrize(
    ("text", "version", "becomes"),
    [
        pytest.param("image: IMAGE:{}\n", CHART, NEW_CHART, id="image"),
        pytest.param(FLUX, CHART, NEW_CHART, id="Flux"),
        pytest.param(HELMFILE, CHART, NEW_CHART, id="Helmfile, as in the tag"),
        pytest.param(HELMFILE, CHART.replace("_", "+"), NEW_CHART.replace("_", "+"), id="Helmfile, as in the chart"),
        pytest.param(HELMFILE, "0.20250616.1", NEW_CHART.replace("_", "+"), id="Helmfile, without metadata"),
    ],
)
def test_a_chart_with_build_metadata_is_never_set_back(stage: Stage, text: str, version: str, becomes: str) -> None:
    stage.unpublish("6.5.0", "6.5.3", "6.5.4", "7.0.0")
    stage.publish(OLD_CHART, CHART, NEW_CHART, "0.20250616.1")
    stage.policy(ANY)
    stage.commit({"staging/app.yaml": text.format(version)})

    report = stage.one_pass()

    assert isinstance(verdict(report), Update), verdict(report)
    assert stage.show("staging/app.yaml", BRANCH) == text.format(becomes)
    stage.commit({"staging/app.yaml": text.format(becomes)})
    assert isinstance(verdict(stage.one_pass()), UpToDate)


def test_a_digest_alone_is_found_among_the_tags_and_never_goes_back(stage: Stage) -> None:
    deploy(stage, f"IMAGE@{digest_of(stage, '7.0.0')}")

    report = stage.one_pass()

    held = verdict(report)
    assert isinstance(held, Held)
    assert held.hold is Hold.DOWNGRADE
    assert "staging/app.yaml:8 is at sha256:" in held.because
    assert "which is 7.0.0; 6.5.4 is the newest of 3 tags in ^6.5: only a person takes a step down" in held.because
    assert (report.exit_code, stage.pulls()) == (FINE, ())


def test_a_digest_alone_of_an_older_version_goes_on(stage: Stage) -> None:
    old, new = digest_of(stage, "6.5.0"), digest_of(stage, "6.5.4")
    deploy(stage, f"IMAGE@{old}")
    report = stage.one_pass()
    assert isinstance(verdict(report), Update)
    assert "without a tag, which is 6.5.0)" in verdict(report).because
    assert stage.show("staging/app.yaml", BRANCH) == DEPLOYMENT.replace('"IMAGE:6.5.3"', f"IMAGE@{new}")


def test_a_digest_that_no_tag_stands_for_is_held_with_a_way_out(stage: Stage) -> None:
    gone = digest_of(stage, "6.5.4")
    stage.publish("6.5.4", created="2026-02-02T12:00:00Z")
    deploy(stage, f"IMAGE@{gone}")
    report = stage.one_pass()
    held = verdict(report)
    assert isinstance(held, Held)
    assert "no tag is known that stood for it: whether 6.5.4 is older cannot be told; write its tag" in held.because
    assert (report.exit_code, stage.pulls()) == (FINE, ())
    deploy(stage, f"IMAGE:6.5.3@{gone}")
    assert isinstance(verdict(stage.one_pass()), Update)


def test_a_digest_is_known_by_the_tag_that_it_had_once(stage: Stage) -> None:
    """The tag was pushed again since: remembered from the pass that wrote it."""
    old = digest_of(stage, "6.5.4")
    deploy(stage, f"IMAGE@{digest_of(stage, '6.5.0')}")
    stage.one_pass()
    deploy(stage, f"IMAGE@{old}")
    stage.publish("6.5.4", created="2026-02-02T12:00:00Z")
    stage.publish("6.5.5")
    assert "which is 6.5.4)" in verdict(stage.one_pass()).because


def images_of(tag: str, digest: str) -> dict[str, str]:
    """A tag and a digest that belong to one field, each in a place of its own, or in one."""
    kustomization = f"images:\n- name: IMAGE\n  newTag: {tag}\n  digest: {digest}\n"
    values = f"image:\n  repository: IMAGE\n  tag: {tag}\n  digest: {digest}\n"
    return {
        "one value": DEPLOYMENT.replace('"IMAGE:6.5.3"', f"IMAGE:{tag}@{digest}"),
        "kustomize": kustomization,
        "helm": values,
        "helm, the tag with a digest": values.replace(f"tag: {tag}\n  digest: ", f"tag: {tag}@"),
    }


@pytest.mark.parametrize("where", ["one value", "kustomize", "helm", "helm, the tag with a digest"])
@pytest.mark.parametrize("keys", ["", "pullRequest: {group: {separateMajor: true}}\n"], ids=["", "majors apart"])
def test_a_newer_image_behind_an_older_tag_is_not_taken_back(stage: Stage, where: str, keys: str) -> None:
    """Somebody wrote the digest and forgot the tag: the digest is what runs."""
    stage.policy(POLICY + keys)
    stage.commit({"staging/app.yaml": images_of("6.5.0", digest_of(stage, "7.0.0"))[where]})

    held = verdict(stage.one_pass())

    assert isinstance(held, Held), held
    assert held.hold is Hold.DOWNGRADE
    assert " says 6.5.0, and its digest, which is what runs, is that of 7.0.0; " in held.because


def test_an_image_behind_an_older_tag_is_not_taken_back_to_the_next_best(stage: Stage) -> None:
    """The best cannot run here, and what comes after it is older than what runs."""
    stage.commit({"staging/app.yaml": images_of("6.5.0", digest_of(stage, "6.5.4"))["one value"]})
    oci_folder.publish_index(
        stage.folder / "registry", "acme/podinfo", "6.5.5", {"linux/s390x": "2026-01-01T12:00:00Z"}
    )
    stage.policy(POLICY + "    tags: {ignore: [6.5.4]}\n")

    held = verdict(stage.one_pass())

    assert isinstance(held, Held), held
    assert (held.version.tag, held.hold) == ("6.5.3", Hold.DOWNGRADE)
    assert " says 6.5.0, and its digest, which is what runs, is that of 6.5.4; " in held.because


def test_an_image_behind_a_tag_that_the_order_cannot_read_is_not_replaced(stage: Stage) -> None:
    stage.publish("main-abc")
    stage.commit({"staging/app.yaml": images_of("6.5.0", digest_of(stage, "main-abc"))["one value"]})
    held = verdict(stage.one_pass())
    assert isinstance(held, Held), held
    assert "is that of main-abc, and main-abc is no three-part version: whether 6.5.4 is older" in held.because


@pytest.mark.parametrize("tag", ["6.5.0", "6.5.3", "latest", "pushed again", "nobody's"])
def test_a_digest_that_is_no_newer_than_its_tag_moves_on(stage: Stage, tag: str) -> None:
    if tag == "pushed again":
        digest = digest_of(stage, "6.5.3")
        stage.publish("6.5.3", created="2026-02-02T12:00:00Z")
    else:
        digest = "sha256:" + "7" * 64 if tag == "nobody's" else digest_of(stage, tag)
    stage.commit({"staging/app.yaml": images_of("6.5.3", digest)["one value"]})
    before = len(stage.registry.asked)
    assert isinstance(verdict(stage.one_pass()), Update)
    heads = [asked.path.rpartition("/")[2] for asked in stage.registry.asked[before:] if asked.method == "HEAD"]
    assert ("7.0.0" in heads) == (tag != "6.5.3")


def test_which_tag_a_digest_is_is_looked_for_over_several_passes(stage: Stage) -> None:
    stage.publish(*(f"6.6.{patch}" for patch in range(40)))
    stage.policy(ANY.replace('">0.0.1"', "~6.5"))
    deploy(stage, f"IMAGE@{digest_of(stage, '6.5.0')}")

    first = stage.one_pass()
    before = len(stage.registry.asked)
    second = stage.one_pass()

    assert isinstance(verdict(first), Unknown)
    assert "is not known yet: 19 more are to be asked about, which the next passes do" in verdict(first).because
    assert (first.exit_code, second.exit_code) == (NOT_ALL_DONE, FINE)
    assert isinstance(verdict(second), Update)
    assert len(stage.registry.asked) - before < 40


@pytest.mark.parametrize("tag", ["main-abc", "2026.1.1.7", "build-77"])
def test_what_semver_cannot_read_stays_and_says_how_to_go_on(stage: Stage, tag: str) -> None:
    deploy(stage, f"IMAGE:{tag}")
    stage.publish(tag)
    report = stage.one_pass()
    held = verdict(report)
    assert isinstance(held, Held)
    assert (held.hold, report.exit_code, stage.pulls()) == (Hold.DOWNGRADE, FINE, ())
    assert f"staging/app.yaml:8 is at {tag}, which is no three-part version" in held.because
    stage.policy(POLICY + "    downgrade: allow\n")
    assert isinstance(verdict(stage.one_pass()), Update)


def test_the_time_of_a_deployed_image_is_remembered_when_retention_deletes_it(stage: Stage) -> None:
    stage.unpublish("6.5.0", "6.5.4", "7.0.0", "latest")
    stage.publish("6.5.3", created="2026-01-02T12:00:00Z")
    stage.publish("6.5.4", created="2026-01-01T12:00:00Z")
    stage.policy(POLICY.replace("semver: ^6.5", "created: newest"))
    assert isinstance(verdict(stage.one_pass()), UpToDate)
    stage.unpublish("6.5.3")

    held = verdict(stage.one_pass(now=NOON))

    assert isinstance(held, Held)
    assert held.hold is Hold.DOWNGRADE
    stage.publish("6.5.5", created="2026-01-03T12:00:00Z")
    assert isinstance(verdict(stage.one_pass()), Update)


@pytest.mark.parametrize(("tag", "branch"), [("6.5.0", "+major"), ("7.0.0", "")])
def test_a_new_major_version_of_a_digest_alone_goes_apart_too(stage: Stage, tag: str, branch: str) -> None:
    stage.publish("7.1.0")
    stage.policy(ANY + "pullRequest: {group: {separateMajor: true}}\n")
    deploy(stage, f"IMAGE@{digest_of(stage, tag)}")
    stage.one_pass()
    majors = {pull.branch: pull.body for pull in stage.pulls()}
    assert "7.1.0" in majors[f"{BRANCH}{branch}"]
