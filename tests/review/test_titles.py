"""Titles and labels: as always, or as the policy wants them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from imagebot.images.reference import ImageName
from imagebot.review.body import describe
from imagebot.review.image_facts import ImageFacts
from imagebot.review.titles import labels
from imagebot.selection.verdict import Version
from tests.support.changes import OLD, UPDATE, change
from tests.support.hostile_text import COMMITS, HOSTILE, referring

WORKER = replace(UPDATE, app="worker", image=ImageName("ghcr.io", "acme/worker"), kind="major", new=Version("2.0.0"))
AGAIN = replace(UPDATE, kind="repush")


def test_by_default() -> None:
    assert change().title == "deps(staging): api 1.4.2 → 1.5.0"
    assert change(UPDATE, WORKER).title == "deps(staging): api: 2 images"
    assert change(AGAIN).title == "deps(staging): api 1.5.0 was pushed again"


@pytest.mark.parametrize(
    ("form", "title"),
    [
        ("deps({environment}): {app} {from} → {to}", "deps(staging): api, worker 1.4.2 → 1.5.0, 2.0.0"),
        ("chore(deps): bump {count} images of {name}", "chore(deps): bump 2 images of api"),
        ("{kind} update: {image}", "major update: ghcr.io/acme/api, ghcr.io/acme/worker"),
        ("{{not}} {{{name}}}", "{not} {api}"),
        ("no placeholder", "no placeholder"),
    ],
)
def test_as_the_policy_wants_it(form: str, title: str) -> None:
    assert change(UPDATE, WORKER, title=form).title == title
    assert change(UPDATE, WORKER, title=form).message.partition("\n")[0] == title


def test_of_many_the_first_are_named_and_it_fits_every_forge() -> None:
    many = [replace(UPDATE, app=f"app-{number}", new=Version(f"1.{number}.0" + "x" * 100)) for number in range(9)]

    assert change(*many, title="{app}").title == "app-0, app-1, app-2, …"
    assert len(change(*many, title="{to}" * 40).title) == 250


def test_a_label_for_each_value_of_its_placeholders() -> None:
    wanted = change(UPDATE, WORKER, labels=("image-update", "env/{environment}", "app/{app}", "{kind}"))

    assert wanted.labels == ("image-update", "env/staging", "app/api", "app/worker", "minor", "major")


def test_loud_labels_come_by_themselves() -> None:
    assert labels(change(AGAIN, labels=("a",)), flagged=True) == ("a", "repush", "needs-attention")


def test_labels_fit_every_forge() -> None:
    many = [replace(UPDATE, app=f"app-{number}-{'x' * 50}") for number in range(200)]
    found = labels(change(*many, labels=("{app}", "{name}")), flagged=True)

    assert len(found) <= 100
    assert max(map(len, found)) == 50
    assert found[-1] == "needs-attention"


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_acts_in_a_title_or_a_label(text: str) -> None:
    update = replace(UPDATE, app=text, old=(Version(text),), new=Version(text))
    named = change(update, title="a {app} {from} {to}", labels=("a/{app}",))

    assert text in COMMITS or referring(named.title) == []
    assert text in COMMITS or referring(named.labels[0]) == []
    assert "," not in named.labels[0]


WAS, IS = f"sha256:{'ab' * 6}…", f"sha256:{'cd' * 6}…"


@pytest.mark.parametrize(
    ("old", "kind", "title"),
    [
        pytest.param([Version("1.5.0", OLD)], "digest", f"1.5.0 {WAS} → 1.5.0 {IS}", id="a moving tag"),
        pytest.param([Version("1.5.0")], "digest", f"1.5.0 → 1.5.0 {IS}", id="a tag that is pinned"),
        pytest.param([Version("", OLD)], "other", f"{WAS} → 1.5.0 {IS}", id="a digest alone"),
        pytest.param([Version("", None)], "other", "untagged → 1.5.0", id="neither tag nor digest"),
        pytest.param([Version("1.5.0", OLD), Version("", OLD)], "digest", f"1.5.0 {WAS}, {WAS} → 1.5.0 {IS}", id="two"),
        pytest.param([Version("1.5.0", OLD)], "repush", f"1.5.0 was pushed again: {WAS} → {IS}", id="pushed again"),
        pytest.param([Version("1.4.2", OLD)], "minor", "1.4.2 → 1.5.0", id="another tag"),
    ],
)
def test_a_title_tells_what_was_from_what_becomes(old: list[Version], kind: str, title: str) -> None:
    made = change(replace(UPDATE, old=tuple(old), kind=kind))

    assert made.title == f"deps(staging): api {title}"
    was, _, becomes = title.partition(" → ")
    if kind != "repush":
        assert change(replace(UPDATE, old=tuple(old), kind=kind), title="{from} to {to}").title == f"{was} to {becomes}"
        assert f"ghcr.io/acme/api: {was} -> {becomes} ({kind})" in made.message
        assert f"`{was}` → `{becomes}` ({kind})" in describe(made, [ImageFacts()]).body
