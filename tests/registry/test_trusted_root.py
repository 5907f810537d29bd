"""What keyless signatures are held against, by TUF: keys change, repositories lie, networks end, nobody is harmed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from imagebot import clock
from imagebot.errors import BadInput, BadResponse, ImagebotError, Unavailable
from imagebot.proxies import DIRECT, Proxies, Proxy, WayOut
from imagebot.registry.limits import MIB
from imagebot.registry.trusted_root import TrustedRoots
from imagebot.settings.trust import SIGSTORE, TufRepository
from tests.support.forward_proxy import ForwardProxy, forward_proxy
from tests.support.tuf_repository import TARGET, TufFiles, document
from tests.support.web_function import Answer, Asked, Served

OLD, NEW = document("old"), document("new")
HOUR = timedelta(hours=1, seconds=1)


class Bot:
    """One that begins with the first root of a repository, and whose clock is ours."""

    def __init__(self, folder: Path) -> None:
        self.repository = TufFiles()
        self.repository.publish(OLD)
        self.instead: Callable[[Asked], Answer] | None = None
        self.served = Served(self._answer)
        self.folder = folder
        self.now = clock.now()
        self.settings = TufRepository(url=self.served.url, initial_root_file=self.repository.keep_first(folder))
        self.restart()

    def _answer(self, asked: Asked) -> Answer:
        return self.repository(asked) if self.instead is None else self.instead(asked)

    def restart(self, way: WayOut = DIRECT) -> None:
        self.roots = TrustedRoots(self.settings, self.folder / "tuf", way, lambda: self.now)

    def after(self, passed: timedelta) -> None:
        self.now += passed

    def root(self) -> bytes:
        return self.roots.root().document

    @property
    def trouble(self) -> str:
        return self.roots.root().trouble


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    made = Bot(tmp_path)
    with made.served:
        yield made


def test_a_root_is_asked_for_once_an_hour_over_restarts(bot: Bot) -> None:
    assert bot.root() == OLD
    asked = len(bot.served.asked)
    bot.repository.publish(NEW)
    bot.after(HOUR / 2)
    bot.restart()
    assert (bot.root(), len(bot.served.asked)) == (OLD, asked)
    bot.after(HOUR / 2)
    assert bot.root() == NEW


def test_a_day_without_news_costs_two_small_questions(bot: Bot) -> None:
    bot.root()
    before = len(bot.served.asked)
    bot.after(HOUR)
    bot.root()
    assert [asked.path for asked in bot.served.asked[before:]] == ["/2.root.json", "/timestamp.json"]


def test_keys_of_the_root_may_change_often(bot: Bot) -> None:
    for _ in range(3):
        bot.repository.rotate()
    bot.repository.publish(NEW)
    assert bot.root() == NEW


def test_a_root_that_its_forerunner_did_not_sign_is_not_believed(bot: Bot) -> None:
    bot.root()
    other = TufFiles()
    other.rotate()
    bot.repository.files["/2.root.json"] = other.files["/2.root.json"]
    bot.after(HOUR)
    assert bot.root() == OLD
    assert "it is not believed: root was signed by 0/1 keys" in bot.trouble


def _silent(_: Asked) -> Answer:
    return Answer(503)


def _half(_: Asked) -> Answer:
    return Answer(200, (("Content-Length", "100"),), (b"{",))


def _endless(_: Asked) -> Answer:
    return Answer(200, (), (b" " * MIB for _ in range(64)))


def _deep(_: Asked) -> Answer:
    return Answer(200, (), b'{"signed": ' + b"[" * 5000)


def _elsewhere(_: Asked) -> Answer:
    return Answer(302, (("Location", "http://169.254.169.254/"),))


def _page(_: Asked) -> Answer:
    return Answer(200, (("Content-Type", "text/html"),), b"<html>log in here</html>")


@pytest.mark.parametrize("instead", [_silent, _half, _endless, _deep, _elsewhere, _page])
def test_whoever_is_down_or_lies_harms_nobody_while_what_is_known_holds(
    bot: Bot, instead: Callable[[Asked], Answer]
) -> None:
    bot.root()
    bot.instead = instead
    bot.after(HOUR)
    assert bot.root() == OLD
    assert bot.trouble.startswith(f"the TUF repository {bot.settings.url} gives no {TARGET}: ")
    assert "\n" not in bot.trouble
    asked = len(bot.served.asked)
    bot.root()
    assert len(bot.served.asked) == asked, "it is left alone for a while"
    bot.instead = None
    bot.after(timedelta(minutes=5))
    assert (bot.root(), bot.trouble) == (OLD, "")


def test_an_outage_in_the_middle_of_news_harms_nobody(bot: Bot) -> None:
    bot.root()
    bot.repository.publish(NEW)
    del bot.repository.files["/2.targets.json"]
    bot.after(HOUR)
    assert bot.root() == OLD
    bot.restart()
    assert bot.root() == OLD


def test_what_is_known_ends_and_that_is_said(bot: Bot) -> None:
    bot.root()
    bot.served.close()
    bot.after(timedelta(hours=13))
    with pytest.raises(Unavailable, match=r"cannot be reached.*; what was known of it ended on 20[-0-9]+ [0-9:]+ UTC"):
        bot.root()


def test_a_repository_that_nobody_tends_any_more_is_not_believed(bot: Bot) -> None:
    bot.repository.life = timedelta(days=-1)
    bot.repository.publish(NEW)
    with pytest.raises(BadResponse, match=r"it is not believed: timestamp\.json is expired"):
        bot.root()


def test_nobody_is_led_back_to_an_older_root(bot: Bot) -> None:
    before = dict(bot.repository.files)
    bot.repository.publish(NEW)
    bot.root()
    bot.repository.files = before
    bot.after(HOUR)
    assert bot.root() == NEW
    assert "it is not believed: New timestamp version 1 must be >= 2" in bot.trouble


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"hashes": {"sha256": "0" * 64}}, "hash"),
        ({"length": 5}, "exceeding the maximum allowed length of 5"),
        ({"length": 10**12}, "larger than anything of its kind"),
    ],
    ids=["hash", "longer", "huge"],
)
def test_a_root_that_is_not_the_one_that_is_vouched_for_is_none(bot: Bot, more: dict[str, Any], says: str) -> None:
    bot.repository.publish(NEW, **more)
    with pytest.raises(ImagebotError, match=says):
        bot.root()


def test_a_repository_without_a_root_says_so(bot: Bot) -> None:
    bot.repository.publish(NEW, name="other.json")
    with pytest.raises(BadResponse, match=rf"it has no {TARGET}"):
        bot.root()


def test_it_is_asked_by_the_proxy_alone(bot: Bot) -> None:
    with forward_proxy(ForwardProxy(routes={"tuf.corp:80": ("127.0.0.1", bot.served.port)})) as proxy:
        by = Proxy.parse(proxy.url)
        bot.settings = TufRepository(url="http://tuf.corp", initial_root_file=bot.settings.initial_root_file)
        bot.restart(WayOut(Proxies(by, by)))
        assert bot.root() == OLD


def test_a_metadata_service_is_no_repository(bot: Bot) -> None:
    bot.settings = TufRepository(url="http://169.254.169.254", initial_root_file=bot.settings.initial_root_file)
    bot.restart()
    with pytest.raises(ImagebotError, match="an address that no registry has"):
        bot.root()


def test_a_first_root_that_is_missing_or_none_is_named(bot: Bot) -> None:
    first = bot.settings.initial_root_file
    assert first is not None
    first.write_text("{}")
    with pytest.raises(BadResponse, match="it is not believed"):
        bot.root()
    first.unlink()
    bot.restart()
    with pytest.raises(BadInput, match=r"cannot read its initialRootFile .*: No such file or directory"):
        bot.root()


def test_with_another_first_root_nothing_is_believed_that_came_of_the_one_before(bot: Bot) -> None:
    """Whoever exchanges it may have learnt that the old one is in the wrong hands."""
    assert bot.root() == OLD
    first = bot.settings.initial_root_file
    assert first is not None
    first.write_bytes(TufFiles().first_root)
    bot.restart()
    with pytest.raises(BadResponse, match="it is not believed"):
        bot.root()
    first.write_bytes(bot.repository.first_root)
    bot.restart()
    assert bot.root() == OLD


def test_a_folder_that_cannot_be_written_is_said(bot: Bot) -> None:
    (bot.folder / "tuf").write_text("a file")
    with pytest.raises(Unavailable, match=r"tuf/http.* cannot be written: (Not a directory|File exists)"):
        bot.root()


def test_the_public_sigstores_first_root_comes_with_the_library() -> None:
    """Where it looks is the library's own business: this tells when that changes."""
    assert (files("sigstore") / "_store" / quote(SIGSTORE, safe="") / "root.json").is_file()
