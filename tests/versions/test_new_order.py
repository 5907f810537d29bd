"""An order as a newcomer adds it: one file, and its place in the list. Everything that people see of it follows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cycle.conftest import DEPLOYMENT
from tests.support.house_copy import HouseCopy
from tests.support.stage import Stage, set_up

NEW_FILE = '''"""By how long a text is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from imagebot.versions.known import OrderInputs
from imagebot.versions.order import Key, Order, Out, counted
from imagebot.versions.order_keys import OrderFacts, OrderFlag, OrderKeys


@dataclass(frozen=True, slots=True)
class Length(Order):
    name: ClassVar[str] = "length"
    direction: str

    def __str__(self) -> str:
        return self.direction

    def place(self, text: str) -> Key | Out:
        return self.loosely(text) if text.startswith("a") else Out.UNREAD

    def loosely(self, text: str) -> Key:
        return (len(text),)

    def why(self, key: Key) -> str:
        return f"has {key[0]} characters"

    def why_not(self, text: str, out: Out) -> str:
        return "does not begin with an a"

    def praise(self, admitted: int, best: Key) -> str:
        return counted(admitted, "text", "the longest")

    def step(self, old: Key | None, new: Key | None) -> str:
        return "character"


class LengthKeys(OrderKeys):
    """The longest tag, of those that begin with an a."""

    length: Literal["asc"] | None = None
    """Lengths: `asc` chooses the longest."""

    facts: ClassVar = OrderFacts(
        order=Length,
        example="length: asc",
        steps=("character",),
        flags=(OrderFlag("length", choices=("asc",), help="Lengths: asc takes the longest."),),
        excludes={("tags", "variant"): "length knows no variants"},
    )

    def build(self, known: OrderInputs) -> Order:
        assert self.length is not None
        return Length(self.length)
'''
POLICY = """\
app: podinfo
repository: environments
environments: {staging: {paths: [staging/]}}
images:
  - image: IMAGE
    length: asc
pullRequest: {autoMerge: [character]}
tests:
  - {tags: [a, aaa, aa, b], current: aa, chosen: aaa, because: the longest of 3 texts}
"""


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> HouseCopy:
    """A copy of this house with one more order."""
    house = HouseCopy.of(tmp_path_factory.mktemp("house"))
    (house.folder / "imagebot/versions/length.py").write_text(NEW_FILE)
    listed = "imagebot/versions/all_orders.py"
    house.replace(listed, "    DigestKeys,\n", "    DigestKeys,\n    LengthKeys,\n")
    house.replace(listed, "\n\n\n", "\nfrom imagebot.versions.length import LengthKeys\n\n\n")
    return house


def test_the_schema_has_its_key_and_lets_it_stand_alone(extended: HouseCopy) -> None:
    schema: Any = json.loads(extended.imagebot("schema", "policy").stdout)
    watch = schema["$defs"]["Watch"]
    assert watch["properties"]["length"]["description"] == "Lengths: `asc` chooses the longest."
    assert {"required": ["length"]} in watch["oneOf"]
    assert "character" in schema["$defs"]["PullRequestKeys"]["properties"]["autoMerge"]["items"]["enum"]


def test_the_reference_has_its_key_and_its_page(extended: HouseCopy) -> None:
    assert extended.python("docs/make.py").returncode == 0
    reference = (extended.folder / "docs/reference.md").read_text()
    assert "| `length` | `asc` |  | Lengths: `asc` chooses the longest. |" in reference
    _, _, page = reference.partition("### `length`\n")
    assert "The longest tag, of those that begin with an a." in page
    assert "- Means nothing beside it: `tags.variant`\n- Kinds of its updates, for `autoMerge`: `character`" in page
    assert page.endswith("- Flags of `imagebot select`: `--length asc`\n")


def test_select_has_its_flag_and_says_its_words(extended: HouseCopy) -> None:
    assert "Lengths: asc takes the longest." in extended.imagebot("select", "--help").stdout
    done = extended.imagebot("select", "--length", "asc", "--json", stdin="a\naaa\nbb\n")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["chosen"], said["because"]) == ("aaa", "aaa is the longest of 2 texts")
    assert said["refused"] == [{"tag": "bb", "rule": "length", "because": "bb does not begin with an a"}]
    none = extended.imagebot("select", stdin="a\n")
    assert "--commit and --length" in none.stderr


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("length: up", "6:13: expected 'asc'"),
        ("length: asc\n    semver: 1.x", "6:13: semver and length are two orders; keep one"),
        ("length: asc\n    loose: true", "7:12: loose is about semver; length has no parts that could be missing"),
        ("length: asc\n    prereleases: true", "7:18: length knows no prereleases"),
        ("length: asc\n    tags: {variant: keep}", "7:21: length knows no variants"),
        ("length: asc\n    tags: {ignore: [{range: '>1'}]}", "7:29: length knows no ranges; write an exact tag"),
        ("pin: keep", "5:5: write how tags are ordered: exactly one of semver, "),
    ],
)
def test_lint_knows_what_goes_with_it(extended: HouseCopy, tmp_path: Path, keys: str, problem: str) -> None:
    file = tmp_path / "podinfo.yaml"
    file.write_text(POLICY.replace("length: asc", keys, 1).replace("IMAGE", "acme/api"))
    done = extended.imagebot("lint", "podinfo.yaml", at=tmp_path)
    assert done.returncode == 2
    assert f"podinfo.yaml:{problem}" in done.stdout


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = set_up(tmp_path)
    stage.publish("a", "aaa", "aa", "b")
    stage.policy(POLICY)
    stage.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "aa")})
    with stage.registry:
        yield stage


def test_a_pass_follows_it_and_explain_says_why(extended: HouseCopy, stage: Stage) -> None:
    assert "1 sound policy, 1 test" in extended.imagebot("lint", at=stage.folder).stdout
    explained = extended.imagebot("explain", "podinfo", at=stage.folder)
    assert explained.returncode == 0, explained.stderr
    assert "  rule      length: asc  (policies/podinfo.yaml)\n" in explained.stdout
    assert "update: aaa is the longest of 3 texts (now aa)" in explained.stdout
    assert "  Refused by length: 1 tag\n    b  b does not begin with an a\n" in explained.stdout
    once = extended.imagebot("once", at=stage.folder)
    assert once.returncode == 0, once.stderr
    message = stage.git("-C", str(stage.bare), "log", "-1", "--format=%B", "imagebot/staging/podinfo")
    assert "aa -> aaa (character), by length: asc in podinfo.yaml" in message
