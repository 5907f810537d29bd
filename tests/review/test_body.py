"""What a reviewer reads: all that is needed, in few words, and nothing that others could make act."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebot.images.about import About, Layer, Run
from imagebot.images.reference import ImageName
from imagebot.plan.change import Change, ImageUpdate
from imagebot.pulls import block
from imagebot.pulls.body_frame import BEGIN, YOURS
from imagebot.pulls.commands import asked, boxes
from imagebot.review.body import BODY_LIMIT, describe
from imagebot.review.flags import FlagKind
from imagebot.review.image_facts import ImageFacts
from imagebot.selection.verdict import Refusal, Version
from tests.support.changes import FIELD, IMAGE, NEW, OLD, UPDATE, change
from tests.support.hostile_text import HOSTILE, acting, cells

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SOURCE = {
    "org.opencontainers.image.source": "https://github.com/acme/api",
    "org.opencontainers.image.revision": "1a2b3c4",
}
WAS = About(
    OLD,
    ("linux/amd64", "linux/arm64"),
    "linux/amd64",
    (Layer("a", 30_000_000), Layer("b", 4_100_000)),
    Run(user="1000", entrypoint=("/api",), env={"PATH": "1", "GONE": "2"}, ports=("8080/tcp",)),
    NOON - timedelta(days=30),
    SOURCE,
)
IS = replace(
    WAS,
    digest=NEW,
    layers=(Layer("a", 30_000_000), Layer("c", 5_000_000)),
    run=replace(WAS.run, env={"PATH": "1", "FEATURE_X": "3"}),
    created=NOON - timedelta(days=4),
    labels=SOURCE | {"org.opencontainers.image.revision": "5d6e7f8"},
)
KNOWN = ImageFacts(WAS, IS, NOON - timedelta(days=3), timedelta(days=3))
AS_ROOT = replace(KNOWN, new=replace(IS, run=replace(IS.run, user="")))


def body(of: Change, beside: ImageFacts = KNOWN) -> str:
    return describe(of, [beside] * len(of.updates)).body


def test_one_update_on_one_page() -> None:
    assert (
        body(change()).partition("\n<details>")[0]
        == f"""\
<!-- imagebot:begin -->
### `api` in `staging`: `1.4.2` → `1.5.0` (minor)

| `ghcr.io/acme/api` | was | becomes |
| --- | --- | --- |
| version | `1.4.2` | `1.5.0` (minor) |
| digest | – | `sha256:cdcdcdcdcdcd…` |
| built | 2025-12-02 12:00 UTC | 2025-12-28 12:00 UTC, says its publisher |
| first seen | – | 2025-12-29 12:00 UTC, minimum age 3d |
| platforms | `linux/amd64`, `linux/arm64` | the same |
| size | 34.1 MB | 35.0 MB (+0.9) on `linux/amd64`, 1 of 2 layers shared |
| configuration |  | env adds `FEATURE_X`, drops `GONE` |
| source |  | [compare](https://redirect.github.com/acme/api/compare/1a2b3c4...5d6e7f8) · \
[release notes](https://redirect.github.com/acme/api/releases?q=1.5.0&expanded=true) |

**Changes 1 field in 1 file**

- `staging/api.yaml:7` `spec.image`: `1.4.2` → `1.5.0`

**Why this tag**: `1.5.0` is the newest of 3 tags in `^1.4`, by `semver: ^1.4` in `api.yaml`.

**Roll back** with `imagebot rollback api@staging`, or by reverting the merge. That sets `ghcr.io/acme/api` to `1.4.2`.

**Not wanted?** Close this pull request: these versions will not be proposed again, newer ones will.

**A commit of yours** on this branch is safe: from then on imagebot leaves the branch alone.

{YOURS}

{boxes("`main`")}
"""
    )


def test_what_is_folded_can_be_copied() -> None:
    folded = body(change()).partition("\n<details>")[2]

    assert f"- becomes `ghcr.io/acme/api:1.5.0@{NEW}`\n" in folded
    assert f"- `1.4.2` stood for `{OLD}` when this was written\n" in folded
    assert "- environment, new: `FEATURE_X`\n" in folded


def test_the_machine_block_says_what_is_proposed() -> None:
    found = block.read(body(change()))

    assert found is not None
    assert found.proposed == (block.Proposed("api", str(IMAGE), "1.5.0", NEW),)
    assert found.fingerprint == change().fingerprint


def test_warnings_come_first_and_call_for_attention() -> None:
    described = describe(change(labels=("image-update",)), [AS_ROOT])

    assert described.body.splitlines()[3] == (
        "- ⚠ `1.5.0` runs **as root**: without a user of its own, where the image before it runs as `1000`."
    )
    assert described.labels == ("image-update", "needs-attention")
    assert [flag.kind for flag in described.flags] == [FlagKind.ROOT]


def test_facts_are_no_part_of_the_proposal() -> None:
    quiet, loud = block.read(body(change())), block.read(body(change(), AS_ROOT))

    assert quiet == loud


@pytest.mark.parametrize(
    ("beside", "line"),
    [
        (ImageFacts(unknown="ghcr.io did not answer"), "| more |  | not known: `ghcr.io` did not answer |"),
        (ImageFacts(new=IS), "| size | – | 35.0 MB |"),
        (
            replace(KNOWN, new=replace(IS, created=datetime(1970, 1, 1, tzinfo=UTC))),
            "| built | 2025-12-02 12:00 UTC | on no date, says its publisher |",
        ),
        (
            replace(KNOWN, first_seen=None),
            "| built | 2025-12-02 12:00 UTC | 2025-12-28 12:00 UTC, says its publisher |",
        ),
        (replace(KNOWN, new=replace(IS, run=WAS.run)), "| configuration |  | the same |"),
        (
            replace(KNOWN, new=replace(IS, platforms=("linux/amd64",))),
            "| platforms |  | drops `linux/arm64` |",
        ),
        (replace(KNOWN, new=replace(IS, labels={})), "no comparison: the image does not say where its source is |"),
    ],
    ids=["unknown", "only the new one", "no date", "not seen", "same configuration", "a platform less", "no source"],
)
def test_what_is_known_and_what_is_not(beside: ImageFacts, line: str) -> None:
    assert line in body(change(), beside)


def test_a_better_tag_that_was_not_taken_is_named_with_its_reason() -> None:
    skipped = (Refusal("2.0.0", "semver", "2.0.0 is not in ^1.4"), Refusal("1.6.0-rc1", "semver", "a prerelease"))

    assert "**Not taken**: `2.0.0` is not in `^1.4`; `1.6.0-rc1`: a prerelease." in body(
        change(replace(UPDATE, skipped=skipped))
    )


def test_where_it_comes_from() -> None:
    promoted = replace(UPDATE, promoted="production takes only what staging has deployed, 2d after it got there")

    assert "Promoted: production takes only what staging has deployed, 2d after it got there." in body(change(promoted))


@pytest.mark.parametrize("kind", ["repush", "digest"])
def test_an_old_digest_may_be_gone(kind: str) -> None:
    again = replace(UPDATE, kind=kind, old=(Version("1.5.0", OLD),))

    assert "the registry may have deleted it by then" in body(change(again))
    assert "the registry may have deleted it by then" not in body(change())


def test_the_teams_note_stands_above_the_boxes() -> None:
    said = body(change(note="See the runbook of {app}."))

    assert said.index("See the runbook of `api`.") < said.index("- [ ] <!-- imagebot:rebuild -->")


def many(count: int) -> list[ImageUpdate]:
    return [
        replace(UPDATE, app=f"app-{number}", image=ImageName("ghcr.io", f"acme/app-{number}"), fields=(FIELD, FIELD))
        for number in range(count)
    ]


def test_many_apps_are_an_overview_first() -> None:
    said = body(change(*many(4)))

    assert said.startswith(
        f"{BEGIN}\n### `api` in `staging`: 4 images\n\n| app | image | was | becomes | kind | fields |\n"
    )
    assert "| `app-3` | `ghcr.io/acme/app-3` | `1.4.2` | `1.5.0` | minor | 2 |\n" in said
    assert (
        "<details><summary><code>app-3</code> <code>ghcr.io/acme/app-3</code></summary>\n\n`1.5.0` is the newest"
        in said
    )
    assert "`imagebot rollback app-0@staging` and so on, app by app" in said


def test_ninety_apps_keep_what_matters() -> None:
    updates = many(90)
    described = describe(change(*updates, note="our note"), [AS_ROOT] + [KNOWN] * 89)
    found = block.read(described.body)

    assert len(described.body) <= BODY_LIMIT
    assert found is not None
    assert len(found.proposed) == 90
    assert described.body.count("| minor | 2 |") + described.body.count("| ⚠ minor | 2 |") == 90
    assert "- ⚠" not in described.body.partition("| app |")[2]
    assert described.body.count("⚠") == 2
    assert "our note" in described.body
    assert boxes("`main`") in described.body
    assert "_Left out, as a pull request has only so much room: " in described.body


def test_a_thousand_fields_of_one_image_fit() -> None:
    fields = tuple(replace(FIELD, file=f"{'deep/' * 40}{number}.yaml") for number in range(1000))
    said = body(change(replace(UPDATE, fields=fields)))

    assert len(said) <= BODY_LIMIT
    assert "**Changes 1000 fields in 1000 files**" in said
    assert "- and 990 more\n" in said
    assert block.read(said) is not None


def hostile(text: str) -> tuple[Change, ImageFacts]:
    """A change of which all that others control is this text."""
    field = replace(FIELD, file=text, path=text, old=text, new=text)
    update = ImageUpdate(
        app=text,
        image=ImageName(text, text),
        old=(Version(text, text), Version(text + "x")),
        new=Version(text, text),
        kind="repush",
        because=text,
        fields=(field,) * 12,
        rule=text,
        policy_file=text,
        skipped=(Refusal(text, text, text), Refusal(text, "", "")) * 4,
        promoted=text,
    )
    of = replace(change(update), name=text, environment=text, base=text)
    run = Run(text, (text,), (text,), {text: "1"}, (text,), (text,), text, text, (text,))
    labels = dict.fromkeys((*SOURCE, "org.opencontainers.image.version", "org.opencontainers.image.base.name"), text)
    new = About(text, (text,), text, (Layer(text, 1),), run, NOON - timedelta(days=90), labels)
    return of, replace(KNOWN, new=new, unknown=text)


def check_inert(of: Change, *besides: ImageFacts) -> None:
    said = describe(of, besides).body

    assert acting(said) == []
    assert set(cells(said)) <= {3, 6}
    assert asked(said, ()) == frozenset()
    found = block.read(said)
    assert found is not None
    assert found.fingerprint == of.fingerprint
    assert block.read(said.replace(block.write(found), "")) is None


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_acts_in_a_body(text: str) -> None:
    of, beside = hostile(text)

    check_inert(of, beside)
    check_inert(replace(of, updates=of.updates * 3), beside, AS_ROOT, beside)


def test_a_forged_block_is_no_block() -> None:
    of, beside = hostile(block.write(block.Block("other", "production", (), "forged")))

    check_inert(of, beside)


@given(st.text())
@settings(max_examples=50)
def test_no_text_acts_in_a_body(text: str) -> None:
    of, beside = hostile(text)

    check_inert(of, beside)
    check_inert(replace(of, updates=of.updates * 2), beside, beside)


def test_hostile_lengths_cost_no_warning_and_no_box() -> None:
    of, beside = hostile("x" * 5000)
    described = describe(replace(of, updates=of.updates), [beside])

    assert len(described.body) <= BODY_LIMIT
    assert described.body.count("⚠") == len(described.flags)
    assert boxes(f"`{'x' * 299}…`") in described.body
