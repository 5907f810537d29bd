"""A registry that wants to be left alone is left alone, for all images, over passes and restarts."""

from __future__ import annotations

import pytest

from imagebot.bans import LONGEST_S, UNTOLD_S, Ban, ToldToWait
from imagebot.errors import Unavailable
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.registry.pause import Pauses, retry_after
from imagebot.secret import Secret
from imagebot.settings.resolve import BasicCredentials, RegistrySettings
from tests.support.fake_registry import bearer, challenge, oci_error, tag_list
from tests.support.web_function import Answer, Asked, serving

DATE = "Sat, 21 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("header", "date", "seconds"),
    [
        (None, None, None),
        ("", None, None),
        ("0", None, 0),
        ("120", None, 120),
        ("9" * 400, None, 999_999_999),
        ("Sat, 21 Nov 2026 12:00:30 GMT", DATE, 30),
        ("Sat, 21 Nov 2026 11:59:30 GMT", DATE, 0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", None, None),
        ("Sat, 21 Nov 2026 12:00:30 GMT", "yesterday", None),
        ("soon", DATE, None),
        ("-5", DATE, None),
        ("1e9", DATE, None),
        ("٣", DATE, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, date: str | None, seconds: float | None) -> None:
    assert retry_after(header, date) == seconds


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        pytest.param(429, (("Retry-After", "120"),), 120, id="429 with seconds"),
        pytest.param(429, (("Retry-After", "Sat, 21 Nov 2026 12:01:00 GMT"), ("Date", DATE)), 60, id="429 with a date"),
        pytest.param(429, (), UNTOLD_S, id="429 without"),
        pytest.param(429, (("Retry-After", "-7"),), UNTOLD_S, id="429 with what is no number"),
        pytest.param(429, (("Retry-After", "99999999"),), LONGEST_S, id="429 for years"),
        pytest.param(503, (("Retry-After", "120"),), 120, id="503 with seconds"),
    ],
)
def test_who_asks_for_a_pause_gets_it_from_all_images(
    status: int, headers: tuple[tuple[str, str], ...], wait: float
) -> None:
    words = rf"asks to be left alone \({status} TOOMANYREQUESTS\); nothing is asked of it before 20.* UTC"
    with serving(lambda _: oci_error(status, "TOOMANYREQUESTS", *headers)) as served:
        registries = Registries({served.host: RegistrySettings(plain_http=True)})
        with pytest.raises(ToldToWait, match=words):
            registries.tags(ImageName(served.host, "acme/api"))
        for _ in range(9):
            with pytest.raises(ToldToWait, match=words) as caught:
                registries.digest(ImageName(served.host, "acme/web"), "1.0.0")
        assert len(served.asked) == 1
    assert wait - 30 < caught.value.left <= wait


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param((("Retry-After", "0"),), id="at once"),
        pytest.param((("Retry-After", "Sat, 21 Nov 2026 11:00:00 GMT"), ("Date", DATE)), id="in the past"),
    ],
)
def test_who_wants_to_be_asked_again_at_once_is_asked_by_the_next_pass(headers: tuple[tuple[str, str], ...]) -> None:
    with serving(lambda _: oci_error(429, "TOOMANYREQUESTS", *headers)) as served:
        registries = Registries({served.host: RegistrySettings(plain_http=True)})
        for number in (1, 2):
            registries.new_pass()
            with pytest.raises(Unavailable, match=r"cannot list acme/api now \(429 TOOMANYREQUESTS\)"):
                registries.tags(ImageName(served.host, "acme/api"))
            assert len(served.asked) == number


class Remembered:
    """What another process would find."""

    def __init__(self) -> None:
        self.bans: dict[str, Ban] = {}

    def ban(self, account: str) -> Ban | None:
        return self.bans.get(account)

    def is_banned(self, ban: Ban) -> None:
        self.bans[ban.account] = ban


def test_a_registry_that_told_one_process_to_wait_is_not_asked_by_the_next() -> None:
    remembered = Remembered()
    with serving(lambda _: oci_error(429, "TOOMANYREQUESTS", ("Retry-After", "600"))) as served:
        for _ in range(3):
            registries = Registries({served.host: RegistrySettings(plain_http=True)})
            registries.new_pass(remembered)
            with pytest.raises(ToldToWait):
                registries.tags(ImageName(served.host, "acme/api"))
        assert len(served.asked) == 1


def test_who_is_known_to_a_registry_does_not_wait_for_who_is_not() -> None:
    def function(asked: Asked) -> Answer:
        if "Authorization" in asked.headers:
            return tag_list("1")
        return challenge("Basic") if "api" in asked.path else oci_error(429, "TOOMANYREQUESTS", ("Retry-After", "600"))

    remembered, credentials = Remembered(), BasicCredentials("bot", Secret("hunter2"))
    with serving(function) as served:
        anybody = Registries({served.host: RegistrySettings(plain_http=True)})
        anybody.new_pass(remembered)
        with pytest.raises(ToldToWait):
            anybody.tags(ImageName(served.host, "acme/web"))
        bot = Registries({served.host: RegistrySettings(plain_http=True, credentials=credentials)})
        bot.new_pass(remembered)
        assert bot.tags(ImageName(served.host, "acme/api")).tags == ("1",)
    assert "hunter2" not in str(remembered.bans)


def test_a_store_of_blobs_that_wants_to_be_left_alone_is_and_the_registry_is_not() -> None:
    """Where a registry sends its readers to is another host, which counts for that registry alone."""
    with serving(lambda _: oci_error(429, "", ("Retry-After", "600"))) as blobs:

        def function(asked: Asked) -> Answer:
            if "tags" in asked.path:
                return tag_list("1")
            return Answer(307, (("Location", f"{blobs.url}{asked.path}"),))

        with serving(function) as served, serving(function) as other:
            hosts = (served.host, other.host, blobs.host)
            registries = Registries({host: RegistrySettings(plain_http=True) for host in hosts})
            for host in (served.host, served.host, other.host):
                with pytest.raises(ToldToWait, match=f"^{blobs.host} asks to be left alone"):
                    registries.digest(ImageName(host, "acme/api"), "1")
                assert registries.tags(ImageName(host, "acme/api")).tags == ("1",)
        assert len(blobs.asked) == 2


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 520, 408])
def test_a_failure_of_one_image_is_not_that_of_all(status: int) -> None:
    with serving(lambda asked: oci_error(status, "UNKNOWN") if "api" in asked.path else tag_list("1")) as served:
        registries = Registries({served.host: RegistrySettings(plain_http=True)})
        with pytest.raises(Unavailable):
            registries.tags(ImageName(served.host, "acme/api"))
        assert registries.tags(ImageName(served.host, "acme/web")).tags == ("1",)


def test_a_token_server_can_ask_for_a_pause_too() -> None:
    def function(asked: Asked) -> Answer:
        if asked.path == "/token":
            return oci_error(429, "TOOMANYREQUESTS")
        return challenge(bearer(f"http://{asked.headers['Host']}/token"))

    with serving(function) as served:
        registries = Registries({served.host: RegistrySettings(plain_http=True)})
        for _ in range(3):
            with pytest.raises(ToldToWait):
                registries.tags(ImageName(served.host, "acme/api"))
        assert len(served.asked) == 2


def test_a_longer_pause_is_not_made_shorter() -> None:
    pauses = Pauses()
    pauses.begin("r.test", 100, "said so")
    pauses.begin("r.test", 1, "said otherwise")
    pauses.check("another.test")
    with pytest.raises(Unavailable, match=r"r\.test said so; not asked again for 100 s"):
        pauses.check("r.test")


def test_a_pause_of_no_length_is_none() -> None:
    pauses = Pauses()
    pauses.check("r.test")
    pauses.begin("r.test", 0, "said so")
    pauses.check("r.test")
