"""Where text leaves, no secret leaves with it, however it is spelt; and no character that fools a reader."""

from __future__ import annotations

import html
import json
import shlex
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.errors import Problem, printable
from imagebot.outgoing import MASK, KnownSecrets, masked, outgoing, outgoing_lines, shortened
from imagebot.secret import Secret, SecretFile
from tests.support.canary import PASSWORD, spellings
from tests.support.effort import calls

PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE+AAAA\nBG5vbmUAAAAE/bm9uZQAA==\n-----END-----\n"
SPELT: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in JSON": json.dumps,
    "in JSON of Go": lambda text: json.dumps(text).replace("&", r"\u0026").replace("<", r"\u003c"),
    "in JSON with escaped slashes": lambda text: json.dumps(text).replace("/", r"\/"),
    "in JSON as UTF-8": lambda text: json.dumps(text, ensure_ascii=False),
    "in a path": quote,
    "in an address": lambda text: quote(text, safe=""),
    "in a form": quote_plus,
    "in an address, small": lambda text: quote(text, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
    "in base64": lambda text: b64encode(text.encode()).decode(),
    "in base64 of addresses": lambda text: urlsafe_b64encode(text.encode()).decode(),
    "in an address in base64": lambda text: quote(b64encode(f"bob:{text}".encode()).decode(), safe=""),
    "as basic authentication": lambda text: b64encode(f"bob:{text}".encode()).decode(),
    "as that of somebody else": lambda text: b64encode(f"alice:{text}".encode()).decode(),
    "of a third": lambda text: b64encode(f"carol1:{text}:x".encode()).decode(),
    "on a page": html.escape,
    "on a page of Go": lambda text: html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    "on a command line": shlex.quote,
    "in Python": repr,
    "written out": printable,
    "as hex": lambda text: text.encode().hex(),
}


def leaks(shown: str, secret: str) -> bool:
    """Whether four characters of the middle of a secret stand there, in its own or in an encoded spelling."""
    inner = secret[len(secret) // 3 :][:6]
    return any(spell(inner).strip("\"'=") in shown for spell in (str, lambda text: text.encode().hex()))


@pytest.mark.parametrize("spell", [pytest.param(spell, id=name) for name, spell in SPELT.items()])
@pytest.mark.parametrize("secret", [PASSWORD, "ghp_0123456789abcdefABCDEF", "p'q\"&<r>/+ s\\t é~", "six±66"])
def test_regret_a_server_that_repeats_a_secret_does_not_publish_it(secret: str, spell: Callable[[str], str]) -> None:
    known = KnownSecrets()
    known.add(secret)
    said = f"403: you sent {spell(secret)}, go away"
    shown = known.masked(said)
    assert MASK in shown
    assert not leaks(shown, secret)
    assert shown.startswith("403: you sent ")
    assert shown.endswith(", go away")


def test_every_spelling_of_the_canary_is_known() -> None:
    known = KnownSecrets()
    known.add(PASSWORD)
    for spelling in spellings():
        assert "tweet" not in known.masked(spelling)
        assert len(known.masked(spelling)) < len(spelling) / 2


@given(st.text(min_size=6, max_size=40).filter(lambda text: text.splitlines() == [text]), st.sampled_from(list(SPELT)))
def test_any_secret_is_masked_in_any_spelling(secret: str, spelling: str) -> None:
    known = KnownSecrets()
    known.add(secret)
    assert MASK in known.masked(f"({SPELT[spelling](secret)})")


def test_regret_a_secret_cut_off_by_a_limit_on_words_is_masked_as_far_as_it_goes() -> None:
    known = KnownSecrets()
    known.add("ghp_0123456789abcdefABCDEF")
    assert known.masked("you sent ghp_0123456789abc") == "you sent …"
    assert known.masked("you sent ghp_0123456789abc\nABCDEF") == "you sent …\nABCDEF"
    assert known.masked("ghp_01 is how they begin") == "ghp_01 is how they begin"


def test_regret_a_text_that_is_nothing_but_the_shortest_secret_is_masked() -> None:
    known = KnownSecrets()
    known.add("six±66")
    assert known.masked("six±66") == MASK


def test_regret_in_an_address_with_small_escapes_nothing_of_a_secret_is_left() -> None:
    known = KnownSecrets()
    known.add("a/bcdef")
    assert known.masked("https://r.test/?p=a%2fbcdef&q=1") == "https://r.test/?p=…&q=1"


def test_a_key_of_several_lines_is_known_by_each_and_its_armour_is_no_secret() -> None:
    known = KnownSecrets()
    known.add(PEM)
    assert known.masked("b3BlbnNzaC1rZXktdjE+AAAA") == MASK
    assert known.masked("line 3: BG5vbmUAAAAE/bm9uZQAA==") == "line 3: …"
    assert known.masked(b64encode(PEM.encode()).decode()).startswith(MASK)
    assert known.masked("-----BEGIN OPENSSH PRIVATE KEY-----") == "-----BEGIN OPENSSH PRIVATE KEY-----"


def test_a_password_within_a_url_is_known_by_itself() -> None:
    known = KnownSecrets()
    known.add("postgresql://imagebot:s3cr%40t-word@db/imagebot")
    assert known.masked("role imagebot, s3cr@t-word and s3cr%40t-word") == "role imagebot, … and …"


def test_a_secret_of_five_letters_does_not_turn_the_log_into_dots() -> None:
    known = KnownSecrets()
    known.add("admin")
    assert known.masked("the admin administers") == "the admin administers"


def test_what_is_made_or_read_is_known_at_once(tmp_path: Path) -> None:
    Secret("m4de-here-once")
    path = tmp_path / "token"
    path.write_text("read-here-once\n")
    SecretFile(path).reveal()
    assert masked("m4de-here-once read-here-once") == "… …"


def test_of_many_secrets_those_used_last_are_known() -> None:
    known = KnownSecrets(most=10)
    known.add("of-the-settings")
    for number in range(100):
        known.add(f"token-number-{number:03}-of-all")
        known.add("of-the-settings")
    assert known.masked("of-the-settings") == MASK
    assert known.masked("token-number-099-of-all") == MASK
    assert known.masked("token-number-000-of-all") != "token-number-000-of-all"  # its beginning is that of others
    one_by_one = KnownSecrets(most=10)
    for number in range(100):
        one_by_one.add(f"{number:03} a token of its own")
    assert one_by_one.masked("000 a token of its own") == "000 a token of its own"


def test_threads_may_make_secrets_side_by_side() -> None:
    known = KnownSecrets()
    names = [f"{number:04}-of-a-thread" for number in range(400)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(known.add, names))
    assert {known.masked(name) for name in names} == {MASK}


def test_a_text_costs_no_more_with_a_thousand_secrets_than_with_one() -> None:
    text = "the quick brown fox " * 500
    one, many = KnownSecrets(), KnownSecrets()
    one.add("some secret of one")
    for number in range(1000):
        many.add(f"{number:04}{'x' * 40}")
    assert calls(lambda: many.masked(text)) < 1.1 * calls(lambda: one.masked(text)) + 10


FOOLING = (
    "\x00\x07\x08\r\x0b\x1b\x7f\x85\x9b\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2066\u2069\ufeff\ufff9"
)
UNSEEN = "\u034f\u115f\u3164\U000e0041\ud800\udcff\ue000\uffff"


@pytest.mark.parametrize("char", FOOLING + UNSEEN)
def test_a_character_that_fools_a_reader_is_written_out(char: str) -> None:
    shown = outgoing(f"a{char}b")
    assert char not in shown
    assert shown == f"a{char.encode('unicode_escape').decode()}b" if char != "\r" else shown == "a\\x0db"


@pytest.mark.parametrize("text", ["", "shop/api", "naïve 日本 🚀", "❤️", "a\\b"])
def test_text_that_fools_nobody_is_left_alone(text: str) -> None:
    assert outgoing(text) == text


def test_lines_stay_lines_where_they_are_meant() -> None:
    assert outgoing_lines("a\nb\x1b[2J\r\nc") == "a\nb\\x1b[2J\\x0d\nc"
    assert outgoing("a\nb") == "a\\x0ab"


def test_the_caret_stays_below_what_is_wrong_where_a_character_is_written_out() -> None:
    shown = str(Problem("a\x1b.yaml", 1, 8, "no", "a: \u202eb: cd", 2))
    assert shown == "a\\x1b.yaml:1:8: no\n    a: \\u202eb: cd\n                ^~"


@pytest.mark.parametrize("secret", ["half \ud800 a character", "\udfff" * 20])
def test_a_secret_that_no_encoding_has_can_be_remembered(secret: str) -> None:
    """As JSON in a Docker config may spell it: the one who uses it says that it cannot be sent."""
    assert Secret(secret).reveal() == secret


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("shop is closed", "shop is closed"),
        ("shop is closed today", "shop is …"),
        ("shop is closed  today", "shop is …"),
        ("shop/payments/api/worker", "shop/payments…"),
        ("of shop/payments/api/worker", "of shop/payme…"),
        (outgoing("shopshopsho\u202epayments"), "shopshopsho…"),
        (outgoing("shopshops\x07payments"), r"shopshops\x07…"),
        ("shopshopshop" + "e\u0301" * 9, "shopshopshop…"),
    ],
)
def test_what_is_too_long_ends_with_a_whole_word(text: str, shown: str) -> None:
    assert shortened(text, 14) == shown


@given(st.text(), st.integers(2, 60))
def test_no_more_is_shown_than_was_asked_for(text: str, most: int) -> None:
    shown = shortened(text, most)
    assert len(shown) <= most
    assert shown == text or shown.endswith("…")
