"""Images in a pull-through cache: their tags are those of what it is a copy of, all else is asked of the cache."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from imagebot.observe.events import TagsListed
from imagebot.selection.verdict import Held, Hold, Unknown, Update, UpToDate
from tests.cycle.conftest import DEPLOYMENT, verdict
from tests.support import oci_folder
from tests.support.stage import Stage, set_up
from tests.support.web_function import Answer, Asked, Raw, Served

POLICY = """\
app: podinfo
repository: environments
environments:
  staging: {paths: ["staging/"]}
images:
  - image: CACHE
    semver: ^6.5
"""
PLAIN = "plainHttp: true"


@dataclass
class Cached:
    """A stage whose app runs an image of a cache, which fetches what it is asked for unless it `refuses` that."""

    stage: Stage
    refuses: set[str] = field(default_factory=set)
    tags: bytes = b'["6.5.3"]'
    cache: Served = field(init=False)

    def answer(self, asked: Asked) -> Answer | Raw:
        path = asked.path.replace("/v2/hub/", "/v2/")
        if path == asked.path or path.endswith("/tags/list"):
            return Answer(200, (("Content-Type", "application/json"),), b'{"name": "x", "tags": %s}' % self.tags)
        if path.rpartition("/")[2] in self.refuses:
            return Answer(404, (("Content-Type", "application/json"),), b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')
        return oci_folder.answer(self.stage.folder / "registry", Asked(asked.method, path, asked.headers, asked.body))

    @property
    def image(self) -> str:
        return f"{self.cache.host}/hub/acme/podinfo"

    def written(self, text: str) -> str:
        return text.replace("CACHE", self.image)

    def asked(self, served: Served) -> list[str]:
        return [f"{one.method} {one.path.rpartition('podinfo/')[2]}" for one in served.asked]


@pytest.fixture
def cached(tmp_path: Path) -> Iterator[Cached]:
    stage = set_up(tmp_path)
    found = Cached(stage)
    stage.publish("6.5.3", "6.5.4", "7.0.0")
    with Served(found.answer) as found.cache, stage.registry:
        rule = f"pullThrough: {{hub: '{stage.registry.host}'}}"
        stage.settings(registries={found.cache.host: f"{PLAIN}, {rule}"})
        stage.policy(found.written(POLICY))
        stage.commit({"staging/app.yaml": DEPLOYMENT.replace("IMAGE", found.image)})
        yield found


def without_rule(cached: Cached) -> None:
    cached.stage.settings(registries={cached.cache.host: PLAIN})


@pytest.mark.parametrize("way", ["settings", "policy"])
def test_a_new_tag_upstream_is_an_update_of_the_copy(cached: Cached, way: str) -> None:
    if way == "policy":
        without_rule(cached)
        cached.stage.policy(
            cached.written(POLICY).replace("    semver", f"    upstream: {cached.stage.image}\n    semver")
        )
    report = cached.stage.one_pass()
    assert isinstance(verdict(report), Update)
    (pull,) = cached.stage.pulls()
    assert f"{cached.image}:6.5.4" in cached.stage.show("staging/app.yaml", pull.branch)
    assert cached.asked(cached.stage.registry) == ["GET tags/list"], "nothing is pulled there"
    assert "GET tags/list" not in cached.asked(cached.cache)
    assert "HEAD manifests/6.5.4" in cached.asked(cached.cache)


def test_without_a_word_the_copy_lists_only_what_was_pulled(cached: Cached) -> None:
    without_rule(cached)
    assert isinstance(verdict(cached.stage.one_pass()), UpToDate)


def test_what_the_cache_does_not_show_waits_with_words_and_comes_once_it_does(cached: Cached) -> None:
    cached.refuses.add("6.5.4")
    held = verdict(cached.stage.one_pass())
    assert isinstance(held, Held)
    assert held.hold is Hold.MIRROR
    assert held.because == (
        f"{cached.stage.image} has 6.5.4, and {cached.image}, its cache, does not show it: it comes once that does"
    )
    assert cached.stage.pulls() == ()
    said = cached.stage.imagebot("explain", "podinfo@staging")
    assert said.code == 0
    assert f"tags      as {cached.stage.image} lists them" in said.out
    assert "its cache, does not show it" in said.out
    cached.refuses.clear()
    assert isinstance(verdict(cached.stage.one_pass()), Update)


def test_what_neither_has_is_passed_by(cached: Cached) -> None:
    cached.stage.publish("6.5.5")
    layout = cached.stage.folder / "registry" / "acme" / "podinfo"
    digest = next(
        one["digest"].removeprefix("sha256:")
        for one in json.loads((layout / "index.json").read_bytes())["manifests"]
        if one["annotations"][oci_folder.TAG_NAME] == "6.5.5"
    )
    (layout / "blobs" / "sha256" / digest).unlink()
    found = verdict(cached.stage.one_pass())
    assert isinstance(found, Update)
    assert found.to.tag == "6.5.4"


def test_a_list_that_lost_what_a_cache_still_has_is_not_cut_short(cached: Cached) -> None:
    cached.stage.publish("6.5.2", "6.5.1", "6.5.0")
    assert isinstance(verdict(cached.stage.one_pass()), Update)
    cached.stage.unpublish("6.5.3")
    found = verdict(cached.stage.one_pass())
    assert not isinstance(found, Unknown), "6.5.3 is gone upstream, whatever the cache remembers"


def test_copies_and_what_they_are_copies_of_are_listed_once(cached: Cached) -> None:
    stage = cached.stage
    files = {}
    for number in range(5):
        name = cached.image if number % 2 else stage.image
        policy = POLICY.replace("podinfo", f"a{number}", 1).replace("staging/", f"a{number}/").replace("CACHE", name)
        stage.policy(policy, f"a{number}.yaml")
        files[f"a{number}/app.yaml"] = DEPLOYMENT.replace("IMAGE:6.5.3", f"{name}:6.5.4")
    stage.commit({**files, "staging/app.yaml": None})
    (stage.folder / "policies" / "podinfo.yaml").unlink()
    report = stage.one_pass()
    assert {type(one.watches[0].verdict) for one in report.decisions} == {UpToDate}
    assert cached.asked(stage.registry) == ["GET tags/list"]
    assert cached.asked(cached.cache) == []


def mirrored(cached: Cached, more: str = "", deployed: str = "6.5.3") -> None:
    """The image is written as its registry has it, which is asked by way of the cache."""
    stage = cached.stage
    mirror = f"mirror: {{url: '{cached.cache.host}/hub'{more}}}"
    stage.settings(registry=f"{PLAIN}, {mirror}", registries={cached.cache.host: PLAIN})
    stage.policy(POLICY.replace("CACHE", stage.image))
    stage.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", deployed)})


def test_a_mirror_that_lists_only_what_was_pulled_is_told_of(cached: Cached) -> None:
    mirrored(cached)
    report = cached.stage.one_pass()
    assert isinstance(verdict(report), UpToDate)
    assert cached.asked(cached.stage.registry) == []
    (listed,) = [event for event in cached.stage.events if isinstance(event, TagsListed)]
    assert (listed.image, listed.asked) == (cached.stage.image, cached.image)
    said = cached.stage.imagebot("explain", "podinfo@staging")
    assert f"tags      as {cached.image} lists them" in said.out


@pytest.mark.parametrize("fallback", [False, True])
def test_what_a_mirror_does_not_show_waits_unless_its_registry_is_asked_too(cached: Cached, fallback: bool) -> None:
    mirrored(cached, ", fallback: true" if fallback else "", deployed="6.5.0")
    cached.refuses.add("6.5.3")
    stage = cached.stage
    found = verdict(stage.one_pass())
    if fallback:
        assert isinstance(found, Update)
        assert "IMAGE:6.5.3" in stage.show("staging/app.yaml", stage.pulls()[0].branch)
    else:
        assert isinstance(found, Held)
        assert found.because.startswith(f"{cached.image}, the mirror of {stage.image}, does not show 6.5.3")
        assert cached.asked(stage.registry) == []


@pytest.mark.parametrize(
    ("deployed", "tags", "words"),
    [
        ("6.5.4", b'["6.5.3"]', "the tag list of {image}, as its mirror {mirror} has it, is cut short: 6.5.4 is"),
        ("9.0.0", b"[]", "the list of tags, as its mirror {mirror} has it, is empty"),
    ],
    ids=["lags", "empty"],
)
def test_a_list_that_is_a_mirrors_is_told_as_its(cached: Cached, deployed: str, tags: bytes, words: str) -> None:
    """With a registry to fall back on nobody would know whose list it is that lacks something."""
    mirrored(cached, ", fallback: true", deployed=deployed)
    cached.tags = tags
    found = verdict(cached.stage.one_pass())
    assert words.format(image=cached.stage.image, mirror=cached.image) in found.because


def test_what_is_proposed_stays_open_while_the_cache_does_not_show_it(cached: Cached) -> None:
    cached.stage.one_pass()
    before = cached.stage.pulls()
    assert [pull.title.rpartition(" ")[2] for pull in before] == ["6.5.4"]
    cached.refuses.add("6.5.4")
    assert isinstance(verdict(cached.stage.one_pass()), Held)
    assert cached.stage.pulls() == before
    assert cached.stage.comments(before[0].number) == ()
