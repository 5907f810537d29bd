from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from imagebot.store.lock import only_bot
from tests.support.stage import Stage, set_up

SHOP = """\
app: shop
repository: environments
environments: {staging: {paths: [staging/]}, production: {paths: [production/]}}
images: [{image: IMAGE, semver: ^6.5}]
"""
TILL = """\
app: till
repository: environments
environments: {production: {paths: [till/]}}
images: [{image: IMAGE, semver: ^6.5}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Stage:
    """Two apps; only `till` has one environment."""
    stage = set_up(tmp_path)
    stage.policy(SHOP, "shop.yaml")
    stage.policy(TILL, "till.yaml")
    return stage


def test_a_hold_says_who_since_when_and_why_and_is_lifted(shop: Stage) -> None:
    held = shop.imagebot("hold", "shop@production", "6.5.4", "--because", "breaks the login page")
    assert (held.code, held.err) == (0, "")
    assert held.out.startswith(f"held: shop@production 6.5.4, by {getpass.getuser()} since 20")
    assert held.out.endswith(" UTC: breaks the login page\n")
    (hold,) = shop.world().store().holds()
    assert (hold.app, hold.environment, hold.version) == ("shop", "production", "6.5.4")
    lifted = shop.imagebot("unhold", "shop@production", "6.5.4")
    assert (lifted.code, lifted.out) == (0, held.out.replace("held:", "lifted:"))
    assert shop.world().store().holds() == ()


def test_an_app_of_one_environment_needs_no_environment(shop: Stage) -> None:
    held = shop.imagebot("hold", "till", "--by", "Ada", "--because", "no changes until Monday")
    assert (held.code, held.out[:30]) == (0, "held: till@production, by Ada ")
    assert shop.imagebot("unhold", "till").out.startswith("lifted: till@production, by Ada ")


def test_holding_again_changes_nothing(shop: Stage) -> None:
    first = shop.imagebot("hold", "till", "6.5.4", "--by", "Ada", "--because", "one")
    again = shop.imagebot("hold", "till", "6.5.4", "--by", "Bob", "--because", "two")
    assert again.code == 0
    assert again.out == (
        first.out.replace("held:", "already held:")
        + "to say something else about it, lift it first: imagebot unhold till@production 6.5.4\n"
    )


def test_lifting_what_is_not_held_says_what_is(shop: Stage) -> None:
    held = shop.imagebot("hold", "till", "6.5.4", "--because", "one")
    lifted = shop.imagebot("unhold", "till")
    assert lifted.code == 0
    assert lifted.out == "not held: till@production\n" + held.out.replace("held:", "still held:")


def test_to_let_through_what_nobody_holds_is_no_hold(shop: Stage) -> None:
    said = "not held: till@production 6.5.4; if it was rolled back or closed before now, it may come again\n"
    for _ in range(2):
        assert shop.imagebot("unhold", "till", "6.5.4").out == said
        assert [hold.lifts for hold in shop.world().store().holds()] == [True]

    assert shop.imagebot("hold", "till", "6.5.4", "--because", "one").out.startswith("held: till@production 6.5.4,")


def test_the_hold_of_a_policy_that_is_gone_can_be_lifted(shop: Stage) -> None:
    shop.imagebot("hold", "till", "6.5.4", "--because", "one")
    (shop.folder / "policies" / "till.yaml").unlink()
    assert shop.imagebot("unhold", "till", "6.5.4").out.startswith("lifted: till@production 6.5.4,")


BECAUSE = ("--because", "so")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("hold", "shop", *BECAUSE), "shop has 2 environments: write shop@production or ", id="hold"),
        pytest.param(("unhold", "shop"), "shop has 2 environments: write shop@production or ", id="unhold"),
        pytest.param(("hold", "shop@prod", *BECAUSE), "no policy for 'shop@prod'; did you mean shop@pro", id="unknown"),
        pytest.param(("unhold", "shop@prod"), "no policy for 'shop@prod'; did you mean shop@pro", id="lift unknown"),
        pytest.param(("hold", "till", "a/b:1", *BECAUSE), "'a/b:1' is no tag: write the tag as the ", id="no tag"),
    ],
)
def test_what_writes_does_not_guess(shop: Stage, words: tuple[str, ...], said: str) -> None:
    done = shop.imagebot(*words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"imagebot: {said}")


@pytest.mark.parametrize("text", ["", "  ", "two\nlines", "\x1b[31mred"])
def test_a_reason_is_one_line_of_text(shop: Stage, text: str) -> None:
    done = shop.imagebot("hold", "till", "--because", text)
    assert (done.code, done.err) == (2, "imagebot: --because: write one line of text\n")


def test_a_hold_is_made_while_the_bot_runs(shop: Stage) -> None:
    """The bot's lock is for bots: people hold what they see it do."""
    with only_bot(shop.folder / "state"):
        assert shop.imagebot("hold", "till", "--because", "now").code == 0


def test_a_hold_can_live_on_a_branch(shop: Stage) -> None:
    shop.commit({"README.md": "hello\n"})
    shop.settings("database: {repository: environments}\n")
    assert shop.imagebot("hold", "till", "6.5.4", "--because", "now").code == 0
    assert sorted(shop.heads()) == ["imagebot/+state", "main"]
    assert '"because": "now"' in shop.show("state.json", "imagebot/+state")
    assert not (shop.folder / "state" / "state.db").exists()
    assert shop.imagebot("unhold", "till", "6.5.4").out.startswith("lifted: till@production 6.5.4,")
