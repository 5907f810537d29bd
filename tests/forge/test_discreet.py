"""No pull request says a secret, whatever an image, a commit or a server put into its words."""

from __future__ import annotations

from pathlib import Path

from imagebot.forge.forges import connect
from imagebot.forge.manners import Manners
from imagebot.forge.protocol import Forge, Proposal
from imagebot.secret import Secret
from imagebot.settings.resolve import RepositorySettings
from tests.support.canary import PASSWORD, spellings

BRANCH = "imagebot/production/shop"


def local(folder: Path) -> Forge:
    return connect(RepositorySettings(name="environments", url=str(folder / "environments.git")), Manners())


def test_regret_an_image_whose_labels_hold_our_password_does_not_publish_it(tmp_path: Path) -> None:
    forge = local(tmp_path)
    Secret(PASSWORD)
    loud = " ".join(sorted(spellings()))
    proposal = Proposal(BRANCH, "main", f"title {loud}", f"body {loud}")

    pull = forge.create(proposal).pull
    pull = forge.rewrite(pull, Proposal(BRANCH, "main", f"new {loud}", f"newer {loud}")).pull
    pull = forge.say(pull, f"comment {loud}", f"newest {loud}")
    forge.close(pull, f"reason {loud}", f"last {loud}")

    (said,) = [path.read_text() for path in tmp_path.rglob("*.md")]
    assert [words for words in ("new", "comment", "reason", "last") if f"{words} " not in said] == []
    assert "…" in said
    assert [spelling for spelling in spellings() if spelling in said] == []
    assert "tweet" not in said


def test_asking_again_writes_nothing_where_words_are_masked(tmp_path: Path) -> None:
    forge = local(tmp_path)
    Secret(PASSWORD)
    pull = forge.create(Proposal(BRANCH, "main", "t", "b")).pull
    pull = forge.say(pull, f"you sent {PASSWORD}", "b")
    writes = forge.writes

    forge.say(pull, f"you sent {PASSWORD}", "b")

    assert forge.writes == writes
