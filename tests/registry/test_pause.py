"""A registry that wants to be left alone is left alone, for all images, for the rest of the pass."""

from __future__ import annotations

import pytest

from imagebot.errors import Unavailable
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.registry.limits import PAUSE_AT_MOST, PAUSE_WHEN_TOLD
from imagebot.registry.pause import Pauses, retry_after
from imagebot.settings.resolve import RegistrySettings
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
        pytest.param(429, (), PAUSE_WHEN_TOLD, id="429 without"),
        pytest.param(429, (("Retry-After", "99999999"),), PAUSE_AT_MOST, id="429 for years"),
        pytest.param(503, (("Retry-After", "120"),), 120, id="503 with seconds"),
    ],
)
def test_who_asks_for_a_pause_gets_it_from_all_images(
    status: int, headers: tuple[tuple[str, str], ...], wait: float
) -> None:
    with serving(lambda _: oci_error(status, "TOOMANYREQUESTS", *headers)) as served:
        registries = Registries({served.host: RegistrySettings(plain_http=True)})
        with pytest.raises(Unavailable, match=rf"cannot list acme/api now \({status} TOOMANYREQUESTS\)"):
            registries.tags(ImageName(served.host, "acme/api"))
        with pytest.raises(Unavailable, match=rf"asked to be left alone \({status}\); not asked again for") as caught:
            registries.digest(ImageName(served.host, "acme/web"), "1.0.0")
        assert len(served.asked) == 1
    assert caught.value.retry_after is not None
    assert wait - 30 < caught.value.retry_after <= wait


def test_the_first_refusal_says_how_long_too() -> None:
    answer = oci_error(429, "TOOMANYREQUESTS", ("Retry-After", "7"))
    with serving(lambda _: answer) as served, pytest.raises(Unavailable) as caught:
        Registries({served.host: RegistrySettings(plain_http=True)}).tags(ImageName(served.host, "acme/api"))
    assert caught.value.retry_after == 7


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
            with pytest.raises(Unavailable):
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
