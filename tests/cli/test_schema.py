"""The schemas that editors get agree with the bot, and the pages in docs/ are current."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from imagebot.documents.model import Model
from imagebot.documents.read import read
from imagebot.policy.defaults import Defaults
from imagebot.policy.model import PolicyFile
from imagebot.settings.file import SettingsFile
from tests.policy.test_model import EXAMPLE as POLICY
from tests.settings.test_resolve import EXAMPLE as SETTINGS
from tests.support.forked import run_verb

ROOT = Path(__file__).parent.parent.parent
MODELS: dict[str, type[Model]] = {"policy": PolicyFile, "settings": SettingsFile, "defaults": Defaults}


@cache
def schema(file: str) -> dict[str, Any]:
    """What an editor gets, of a process that knows no secret of other tests: these would be masked in it."""
    code, out, _ = run_verb(ROOT, ["schema", file], {})
    assert code == 0
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


def accepts(file: str, text: str) -> bool:
    """Whether an editor finds nothing to complain about; editors resolve scalars as YAML 1.2 does."""
    errors = jsonschema.Draft202012Validator(schema(file)).iter_errors(YAML(typ="safe", pure=True).load(text))
    return not list(errors)


@pytest.mark.parametrize("file", sorted(MODELS))
def test_a_sound_schema(file: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(file))


@pytest.mark.parametrize(("file", "example"), [("policy", POLICY), ("settings", SETTINGS)])
def test_the_example_is_fine_in_an_editor(file: str, example: str) -> None:
    assert accepts(file, example)


LEAST = {
    "policy": "app: a\nrepository: e\nenvironments: {dev: }\nimages: [{image: nginx, semver: 1.x}]\n",
    "settings": "policies: [p]\nrepositories: {e: {url: /x}}\n",
    "defaults": "repository: e\nimage: {semver: 1.x}\n",
}


@pytest.mark.parametrize(
    ("file", "old", "new", "fine"),
    [
        pytest.param("policy", "semver: 1.x", "semver: 1.10", True, id="a number as text"),
        pytest.param(
            "policy", "semver: 1.x", "semver: 1.x, tags: {ignore: [1.10, {range: 2}]}", True, id="ignored numbers"
        ),
        pytest.param("policy", "semver: 1.x", "semver: 1.x, loose: true", True, id="a flag"),
        pytest.param("policy", "semver: 1.x", "semver: 1.x, loose: 1", False, id="a number as flag"),
        pytest.param("policy", "semver: 1.x", "semver: [1.x]", False, id="a list as text"),
        pytest.param("policy", "semver: 1.x", "semvar: 1.x", False, id="an unknown key"),
        pytest.param("policy", "semver: 1.x", "semver: 1.x, pin: yes", False, id="an unknown pin"),
        pytest.param("policy", "{dev: }", "{}", False, id="no environment"),
        pytest.param("policy", "{dev: }", "{dev: {paths: [a]}}", True, id="paths"),
        pytest.param("settings", "url: /x", "url: /x, limits: {openPullRequests: 3}", True, id="a limit"),
        pytest.param("settings", "url: /x", "url: /x, limits: {openPullRequests: -3}", False, id="a negative limit"),
        pytest.param("settings", "url: /x", "url: /x, forge: sourcehut", False, id="an unknown forge"),
        pytest.param("settings", "[p]", "[]", False, id="no policies"),
        pytest.param("settings", "[p]", "[{from: p, may: {apps: [a]}}]", True, id="a fence"),
        pytest.param("settings", "[p]", "[p]\ndefaults: {image: {pin: digest}}", True, id="defaults"),
        pytest.param("settings", "[p]", "[p]\ndefaults: {app: x}", False, id="identity in defaults"),
        pytest.param("defaults", "semver: 1.x", "pin: digest", True, id="no order"),
        pytest.param("defaults", "repository: e", "environments: {dev: {paths: [a]}}", True, id="an environment"),
        pytest.param("defaults", "repository: e", "images: []", False, id="images in defaults"),
        pytest.param("settings", "[p]", "[p]\nevery: 1h30m", True, id="a duration"),
        pytest.param("settings", "[p]", "[p]\nevery: 5 minutes", False, id="no duration"),
        pytest.param("settings", "[p]", "[p]\nbranch_prefix: a/", False, id="Python's spelling"),
    ],
)
def test_editor_and_bot_agree(file: str, old: str, new: str, fine: bool) -> None:
    text = LEAST[file].replace(old, new)
    assert text != LEAST[file]
    assert accepts(file, text) is fine
    assert isinstance(read(MODELS[file], "x", text.encode()), MODELS[file]) is fine


def mappings(file: str) -> Iterator[tuple[str, dict[str, Any]]]:
    whole = schema(file)
    yield file, whole
    yield from whole["$defs"].items()


@pytest.mark.parametrize("file", sorted(MODELS))
def test_every_mapping_and_key_is_described(file: str) -> None:
    for name, mapping in mappings(file):
        assert mapping["description"], name
        for key, value in mapping["properties"].items():
            assert value["description"].endswith((".", "`.", "?")), f"{name}.{key}"


@cache
def pages() -> dict[Path, str]:
    """What `python docs/make.py` writes."""
    found: dict[Path, str] = runpy.run_path(str(ROOT / "docs" / "make.py"))["contents"]()
    return found


@pytest.mark.parametrize("path", ["policy.schema.json", "settings.schema.json", "reference.md", "metrics.md"])
def test_the_pages_are_current(path: str) -> None:
    """Run `python docs/make.py` after a change of a model."""
    page = ROOT / "docs" / path
    assert page.read_text(encoding="utf-8") == pages()[page]


@pytest.mark.parametrize("file", sorted(MODELS))
def test_the_verb_prints_the_page(file: str) -> None:
    assert schema(file) == json.loads((ROOT / "docs" / f"{file}.schema.json").read_text(encoding="utf-8"))


def test_the_reference_names_every_key() -> None:
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    for file in MODELS:
        for _, mapping in mappings(file):
            for key in mapping["properties"]:
                assert f"\n| `{key}` |" in page


def test_an_editor_takes_a_policy_whose_defaults_say_the_rest() -> None:
    assert accepts("policy", "app: a\nenvironments: {dev: }\nimages: [{image: nginx}]\n")
    assert not accepts("policy", "app: a\nenvironments: {dev: }\nimages: [{image: nginx, semver: 1, numeric: asc}]\n")
