"""What the bot says under a pull request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from imagebot.images.reference import ImageName
from imagebot.plan.obsolete import Moot, Why
from imagebot.pulls.block import Proposed
from imagebot.review.comments import closing, frozen_comment, superseded
from imagebot.selection.verdict import Version
from tests.support.changes import NEW, OLD, UPDATE, change
from tests.support.hostile_text import HOSTILE, acting

API = Proposed("api", "ghcr.io/acme/api", "1.4.9", None)
WORKER = replace(UPDATE, image=ImageName("ghcr.io", "acme/worker"), new=Version("2.0.0"), because="2.0.0 is new")


def test_a_newer_version_in_one_line() -> None:
    assert superseded([API], change()) == (
        "Updated: `1.4.9` → `1.5.0`, because `1.5.0` is the newest of 3 tags in `^1.4`."
    )


def test_a_tag_that_was_pushed_again() -> None:
    assert superseded([Proposed("api", "ghcr.io/acme/api", "1.5.0", OLD)], change()) == (
        f"Updated: `1.5.0` is `{NEW}` now, because `1.5.0` is the newest of 3 tags in `^1.4`."
    )


def test_several_images_in_a_list() -> None:
    before = [API, Proposed("api", "ghcr.io/acme/gone", "3.0.0", None)]

    assert superseded(before, change(UPDATE, WORKER)) == (
        "Updated:\n\n"
        "- `ghcr.io/acme/api` `1.4.9` → `1.5.0`, because `1.5.0` is the newest of 3 tags in `^1.4`\n"
        "- `ghcr.io/acme/worker` `2.0.0` is new here, because `2.0.0` is new\n"
        "- `ghcr.io/acme/gone` `3.0.0` is no longer part of this"
    )


def test_of_very_many_only_some() -> None:
    updates = [replace(UPDATE, image=ImageName("ghcr.io", f"acme/app-{number}")) for number in range(50)]

    said = superseded([], change(*updates))

    assert said.count("\n- ") == 21
    assert said.endswith("\n- and 30 more")


def test_nothing_new_is_nothing_to_say() -> None:
    assert superseded([Proposed("api", "ghcr.io/acme/api", "1.5.0", NEW)], change()) == ""


def test_one_image_in_two_apps_is_said_once() -> None:
    assert superseded([API], change(UPDATE, replace(UPDATE, app="other"))).count("1.4.9") == 1


@pytest.mark.parametrize(
    ("labels", "way"),
    [
        (True, "tick **Rebuild** above or add the label `imagebot/rebuild`"),
        (False, "say `imagebot rebuild` in a comment, and nothing else there"),
    ],
)
def test_a_frozen_branch_says_who_and_how_to_lift_it(*, labels: bool, way: str) -> None:
    """Where there is neither label nor box, nobody is told to use one."""
    assert frozen_comment("Ada", "2" * 40, "imagebot/staging/api", labels=labels) == (
        f"`Ada` committed `{'2' * 40}` to `imagebot/staging/api`. That is safe: imagebot leaves branch and words to"
        f" people from now on. To let it rebuild the branch without that commit, {way}."
    )


@pytest.mark.parametrize("why", Why)
def test_a_pull_request_is_closed_with_a_reason(why: Why) -> None:
    said = closing(Moot(why, "api.yaml has no staging"), "main")

    assert "by imagebot" in said
    assert "`api.yaml` has no staging" in said
    assert ("`main`" in said) == (why in (Why.SETTLED, Why.OVERTAKEN))


def test_each_reason_has_a_sentence_of_its_own() -> None:
    assert len({closing(Moot(why, "because"), "main") for why in Why}) == len(Why)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_acts_in_a_comment(text: str) -> None:
    update = replace(UPDATE, image=ImageName(text, text), because=text, new=Version(text, text))
    said = [superseded([Proposed(text, text, text, None)], change(update, UPDATE))]
    said += [frozen_comment(text, text, text, labels=labels) for labels in (True, False)]
    said += [closing(Moot(why, text), text) for why in Why]

    assert [words for each in said for words in acting(each)] == []
    assert not any(line.startswith("/") for each in said for line in each.splitlines())
