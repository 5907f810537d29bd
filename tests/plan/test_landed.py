"""What the messages of merged commits say, and which versions people took back."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from imagebot.fields.field import Field
from imagebot.fields.find import find
from imagebot.images.reference import ImageName
from imagebot.plan.landed import Landed, TakenBack, landed, taken_back
from imagebot.selection.rank import version_of
from imagebot.selection.verdict import Version
from tests.support.watches import watch

A, B = ("sha256:" + letter * 64 for letter in "ab")
FILE, PATH = "clusters/staging/app.yaml", "spec.containers[0].image"


@dataclass
class History:
    """Versions that landed in one field, newest first, and what the field says."""

    said: str
    landed: list[str]

    @property
    def field(self) -> Field:
        data = f"kind: Pod\nspec:\n  containers:\n    - image: ghcr.io/acme/api{self.said}\n".encode()
        (field,) = find(FILE, data).fields
        return field

    def taken_back(self, *, other: Landed | None = None) -> list[str]:
        name = str(ImageName("ghcr.io", "acme/api"))
        versions = [Version(tag, digest or None) for tag, _, digest in (text.partition("@") for text in self.landed)]
        history = [Landed(name, version, FILE, self.field.path) for version in versions]
        found = taken_back([self.field], [*([other] if other else []), *history], lambda tag: version_of(watch(), tag))
        return [str(item.version) for item in found if item == TakenBack(self.field, item.version)]


@pytest.mark.parametrize(
    ("history", "back"),
    [
        pytest.param(History(":1.5.0", ["1.5.0", "1.4.0"]), [], id="what landed last is there"),
        pytest.param(History(":1.4.0", ["1.5.0", "1.4.0"]), ["1.5.0"], id="one step back"),
        pytest.param(History(":1.4.0", ["1.6.0", "1.5.0", "1.4.0"]), ["1.6.0", "1.5.0"], id="two steps back"),
        pytest.param(History(":1.3.9", ["1.5.0"]), ["1.5.0"], id="back to what never landed"),
        pytest.param(History(":1.5.1", ["1.5.0", "1.4.0"]), [], id="on by hand"),
        pytest.param(History(":1.4.0", ["1.4.0", "1.5.0"]), [], id="the bot itself went down"),
        pytest.param(History(":latest", ["1.5.0"]), [], id="away to what is no version"),
        pytest.param(History(f":1.5.0@{A}", [f"1.5.0@{B}", f"1.5.0@{A}"]), [f"1.5.0@{B}"], id="another digest"),
        pytest.param(History(f":1.5.0@{A}", [f"1.5.0@{A}", f"1.5.0@{B}"]), [], id="the last digest"),
        pytest.param(History(f"@{A}", [f"1.5.0@{B}", f"1.5.0@{A}"]), [f"1.5.0@{B}"], id="a digest alone"),
        pytest.param(History(f":1.4.0@{A}", [f"1.5.0@{B}", f"1.4.0@{A}"]), ["1.5.0"], id="back with a digest"),
    ],
)
def test_what_people_took_back(history: History, back: list[str]) -> None:
    assert history.taken_back() == back


@pytest.mark.parametrize(
    "other",
    [
        Landed("ghcr.io/acme/web", Version("1.9.0"), FILE, PATH),
        Landed("ghcr.io/acme/api", Version("1.9.0"), "clusters/production/app.yaml", PATH),
        Landed("ghcr.io/acme/api", Version("1.9.0"), FILE, "spec.containers[1].image"),
    ],
    ids=["image", "file", "path"],
)
def test_what_landed_elsewhere_is_nothing_here(other: Landed) -> None:
    assert History(":1.5.0", ["1.5.0"]).taken_back(other=other) == []


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
