"""What the messages of the bot's commits say."""

from __future__ import annotations

import pytest

from imagebot.pulls.trailers import Landed, landed
from imagebot.selection.verdict import Version

A = "sha256:" + "a" * 64
FILE, PATH = "clusters/staging/app.yaml", "spec.containers[0].image"


MESSAGE = f"""deps(staging): api 1.4.0 → 1.5.0

ghcr.io/acme/api: 1.5.0 is the newest

Image-Update: ghcr.io/acme/api 1.4.0, 1.3.0 -> 1.5.0@{A}
Image-Field: {FILE}#{PATH}
Image-Field: with%23 space.yaml#a.%22b c%22
Image-Update: ghcr.io/acme/web untagged -> 2.0.0
Image-Field: {FILE}#spec.containers[1].image
"""


def test_the_trailers_of_the_bot() -> None:
    api = Version("1.5.0", A)
    assert list(landed(["by hand", MESSAGE.replace("%22b c%22", "%22b%20c%22")])) == [
        Landed("ghcr.io/acme/api", api, FILE, PATH),
        Landed("ghcr.io/acme/api", api, "with# space.yaml", 'a."b c"'),
        Landed("ghcr.io/acme/web", Version("2.0.0"), FILE, "spec.containers[1].image"),
    ]


def test_a_message_written_in_a_browser_ends_its_lines_otherwise() -> None:
    text = f"x\r\n\r\nImage-Update: ghcr.io/acme/api 1.4.0 -> 1.5.0\r\nImage-Field: {FILE}#{PATH}\r\n"
    assert list(landed([text])) == [Landed("ghcr.io/acme/api", Version("1.5.0"), FILE, PATH)]


def test_a_digest_alone_lands() -> None:
    (item,) = landed([f"Image-Update: ghcr.io/acme/api {A} -> @{A}\nImage-Field: {FILE}#{PATH}\n"])
    assert item.version == Version("", A)


@pytest.mark.parametrize(
    ("old", "tags"), [("1.4.0, 1.3.0", ("1.4.0", "1.3.0")), ("untagged", ("untagged",)), (f"1.4.0@{A}", ("1.4.0",))]
)
def test_what_was_there_before_is_told_too(old: str, tags: tuple[str, ...]) -> None:
    (item,) = landed([f"Image-Update: ghcr.io/acme/api {old} -> 1.5.0\nImage-Field: {FILE}#{PATH}\n"])
    assert item.old == tags


@pytest.mark.parametrize("end", ["\x0b", "\x0c", "\x85", "\u2028"])
def test_only_the_end_of_a_line_ends_a_line(end: str) -> None:
    """Git reads no trailer there."""
    assert list(landed([f"x{end}Image-Update: ghcr.io/acme/api 1 -> 2\nImage-Field: {FILE}#{PATH}\n"])) == []


@pytest.mark.parametrize(
    "line",
    [
        "Image-Update: x",
        "Image-Update: ghcr.io/acme/api 1 -> ../../etc",
        "Image-Update: ghcr.io/acme/api 1 -> 2@sha256:abc",
        "image-update: ghcr.io/acme/api 1 -> 2",
        " Image-Update: ghcr.io/acme/api 1 -> 2",
    ],
)
def test_nonsense_in_a_message_is_nothing(line: str) -> None:
    assert list(landed([f"{line}\nImage-Field: a.yaml#b\n", "Image-Field: a.yaml#b"])) == []
