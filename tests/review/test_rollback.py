"""A rollback's title, message and body, and what stands in them that others wrote."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime

import pytest

from imagebot.errors import CannotEdit
from imagebot.fields.field import Value
from imagebot.fields.find import find
from imagebot.plan.change import Change
from imagebot.plan.rollback import PutBack, RollbackBranch, RollbackWish, roll_back, rollback_branch
from imagebot.pulls import block
from imagebot.pulls.trailers import landed, rolls_back
from imagebot.review.rollback import body, message, worded
from imagebot.selection.hand_holds import HandHold
from tests.support.commits import policies
from tests.support.hostile_text import HOSTILE, acting, referring

OLD, NEW = (f"sha256:{digit * 64}" for digit in "ab")
WISH = RollbackWish("Ada", "breaks the login page")
(POLICY,) = policies()
SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def back(*values: str, now: str = "1.5.0", wish: RollbackWish = WISH) -> Change:
    """The fields of a file put back to these values."""
    data = "".join(f"- image: podinfo:{now}\n" for _ in values).encode()
    fields = find("s/app.yaml", data).fields
    wanted = [Value(tag or None, digest or None) for tag, _, digest in (value.partition("@") for value in values)]
    backs = [PutBack(POLICY.watches[0], field, value) for field, value in zip(fields, wanted, strict=True)]
    place = RollbackBranch("main", rollback_branch("imagebot/", POLICY))
    return worded(roll_back(POLICY, backs, wish, place, {"s/app.yaml": data}), wish)


def hold(version: str | None) -> HandHold:
    return HandHold("podinfo", "staging", version, "Ada", SINCE, "breaks")


@pytest.mark.parametrize(
    ("change", "title"),
    [
        pytest.param(back("1.4.2"), "rollback(staging): podinfo 1.5.0 → 1.4.2", id="one"),
        pytest.param(back("1.4.2", "1.4.2"), "rollback(staging): podinfo 1.5.0 → 1.4.2", id="two to one"),
        pytest.param(back("1.4.2", "1.4.1"), "rollback(staging): podinfo 1.5.0 → 1.4.2, 1.4.1", id="two to two"),
        pytest.param(
            back(f"1.5.0@{OLD}", now=f"1.5.0@{NEW}"),
            f"rollback(staging): podinfo 1.5.0 sha256:{'b' * 12}… → 1.5.0 sha256:{'a' * 12}…",
            id="re-push",
        ),
    ],
)
def test_the_title_says_from_where_to_where(change: Change, title: str) -> None:
    assert (change.title, change.branch) == (title, "imagebot/staging/podinfo+rollback")
    assert change.labels == ("rollback",)


def test_a_rollback_writes_the_values_and_nothing_else() -> None:
    change = back("1.4.2", f"1.4.1@{OLD}")
    assert change.files == {"s/app.yaml": f"- image: podinfo:1.4.2\n- image: podinfo:1.4.1@{OLD}\n".encode()}
    with pytest.raises(CannotEdit, match="is pinned to a digest"):
        back("1.4.2", now=f"1.5.0@{NEW}")


def test_its_trailers_say_what_came_back_and_that_it_is_a_rollback() -> None:
    text = message(back("1.4.2", f"1.4.1@{OLD}"), WISH, "imagebot <bot@example.com>")
    assert rolls_back(text)
    assert [(str(each.version), each.path) for each in landed([text])] == [
        ("1.4.2", "[0].image"),
        (f"1.4.1@{OLD}", "[1].image"),
    ]
    read = subprocess.run(
        ["git", "interpret-trailers", "--parse"], input=text, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert read[-2:] == ["Image-Rollback: podinfo@staging", "Signed-off-by: imagebot <bot@example.com>"]
    assert len(read) == 6


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        pytest.param("x\n\nImage-Rollback: a@b\n", True, id="trailer"),
        pytest.param("x\n\nImage-Update: a 1 -> 2\n", False, id="update"),
        pytest.param("x\n\n> Image-Rollback: a@b\n", False, id="quoted"),
        pytest.param("Image-Rollback:", False, id="empty"),
    ],
)
def test_a_rollback_is_known_by_its_trailer(text: str, is_one: bool) -> None:
    assert rolls_back(text) is is_one


def test_the_body_says_who_asked_what_is_held_and_how_to_lift_it() -> None:
    change = back("1.4.2")
    said = body(change, WISH, [hold("1.5.0"), hold(None)], ["the tag is gone"])
    assert said.removeprefix("<!-- imagebot:begin -->\n").startswith(
        "### Roll back `podinfo` in `staging`: `1.5.0` → `1.4.2`\n\n- ⚠ the tag is gone\n\n"
    )
    assert "**Asked for** by `Ada`: breaks the login page" in said
    assert "- `s/app.yaml:1` `[0].image`: `1.5.0` → `1.4.2`" in said
    assert "- `1.5.0`, until somebody lifts it with `imagebot unhold podinfo@staging 1.5.0`" in said
    assert "- every version, until somebody lifts it with `imagebot unhold podinfo@staging`" in said
    found = block.read(said)
    assert found is not None
    assert (found.fingerprint, [item.tag for item in found.proposed]) == (change.fingerprint, ["1.4.2"])


def test_another_reason_is_no_other_proposal_and_another_value_is() -> None:
    same = back("1.4.2", wish=RollbackWish("Bob", "another reason"))
    assert same.fingerprint == back("1.4.2").fingerprint
    assert back("1.4.1").fingerprint != back("1.4.2").fingerprint


def test_of_very_many_fields_only_some_are_shown() -> None:
    assert "\n- and 50 more\n" in body(back(*["1.4.2"] * 150), WISH, [hold("1.5.0")], [])


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_it_acts(text: str) -> None:
    """The command line takes one printable line; whatever comes some other way is inert as well."""
    change = back("1.4.2")
    assert acting(body(change, RollbackWish(text, text), [hold(text)], [text])) == []
    line = message(change, RollbackWish(text, text)).splitlines()[2]
    assert line.startswith("Asked for by ")
    assert len(message(change, RollbackWish(text, text)).splitlines()) == len(message(change, WISH).splitlines())
    assert [found for found in referring(line) if len(found) < 7] == []
