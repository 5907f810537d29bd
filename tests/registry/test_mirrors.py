"""An image is asked of its registry's mirror, and of the registry itself only where that is wished."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from inspect import signature
from pathlib import Path

import pytest

from imagebot.errors import BadInput, BadResponse, NotFound, Refused, Unavailable, WorldError
from imagebot.images.name_prefix import NamePrefix
from imagebot.images.reference import ImageName
from imagebot.registry import client
from imagebot.registry.client import Registries
from imagebot.secret import Secret
from imagebot.settings.mirrors import RegistryMirror
from imagebot.settings.registries import RegistrySettings
from imagebot.settings.resolve import BasicCredentials, read_settings
from tests.support import oci_folder
from tests.support.fake_registry import challenge, oci_error
from tests.support.web_function import Answer, Asked, Function, HangUp, Raw, Served


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


class Pair:
    """A registry, and one that is its mirror below `hub`: its answer to all that it has not."""

    def __init__(self, folder: Path, stack: ExitStack, answer: Function | None = None) -> None:
        self.digest = oci_folder.publish(folder / "own", "acme/api", "1.0.0")
        oci_folder.publish(folder / "mirror", "hub/acme/api", "1.0.0")
        self.own = stack.enter_context(oci_folder.serve(folder / "own"))
        function: Function = answer or (lambda asked: oci_folder.answer(folder / "mirror", asked))
        self.mirror = stack.enter_context(Served(function))
        self.name = ImageName(self.own.host, "acme/api")

    def registries(self, *, fallback: bool = False, **credentials: BasicCredentials) -> Registries:
        mirror = RegistryMirror(url=NamePrefix(self.mirror.host, "hub"), fallback=fallback)
        own = RegistrySettings(plain_http=True, mirror=mirror, credentials=credentials.get("own"))
        there = RegistrySettings(plain_http=True, credentials=credentials.get("mirror"))
        return Registries({self.own.host: own, self.mirror.host: there})


QUESTIONS: dict[str, Callable[[Registries, ImageName, str], object]] = {
    "tags": lambda asked, name, digest: asked.tags(name),
    "digest": lambda asked, name, digest: asked.digest(name, "1.0.0"),
    "shown": lambda asked, name, digest: asked.shown(name, "1.0.0"),
    "exists": lambda asked, name, digest: asked.exists(name, "1.0.0"),
    "verify": lambda asked, name, digest: asked.verify(name, digest),
    "platforms": lambda asked, name, digest: asked.platforms(name, digest),
    "about": lambda asked, name, digest: asked.about(name, digest),
    "attestations": lambda asked, name, digest: asked.attestations(name, digest),
    "created": lambda asked, name, digest: asked.created(name, digest),
    "signatures": lambda asked, name, digest: asked.signatures(name, digest, frozenset(), lambda _: True),
}


def test_every_question_about_an_image_has_a_row() -> None:
    methods = {name: method for name, method in vars(Registries).items() if not name.startswith("_")}
    about = {name for name, method in methods.items() if callable(method) and "name" in signature(method).parameters}
    assert about - {"upstream", "mirror", "as_whom"} == QUESTIONS.keys(), "these ask nobody"


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_a_registry_that_has_a_mirror_is_not_asked(
    tmp_path: Path, stack: ExitStack, ask: Callable[[Registries, ImageName, str], object]
) -> None:
    pair = Pair(tmp_path, stack)
    asked = pair.registries()
    ask(asked, pair.name, asked.digest(pair.name, "1.0.0"))
    assert pair.own.asked == []
    assert {one.path.rpartition("/hub/acme/api/")[0] for one in pair.mirror.asked} == {"/v2"}


def test_a_list_says_by_which_name_it_was_asked_for(tmp_path: Path, stack: ExitStack) -> None:
    pair = Pair(tmp_path, stack)
    assert pair.registries().tags(pair.name).asked == ImageName(pair.mirror.host, "hub/acme/api")


def hang_up(asked: Asked) -> Answer:
    raise HangUp


FAILS: dict[str, tuple[Function, type[WorldError], str]] = {
    "has no such thing": (lambda _: oci_error(404, "NAME_UNKNOWN"), NotFound, "404 NAME_UNKNOWN"),
    "refuses": (lambda _: oci_error(403, "DENIED"), Refused, "403 DENIED"),
    "fails": (lambda _: Answer(500), Unavailable, "(500), twice"),
    "is cut": (hang_up, Unavailable, "cut the connection, twice"),
    "says later": (lambda _: Answer(429, (("Retry-After", "60"),)), Unavailable, "asks to be left alone (429)"),
    "speaks nonsense": (lambda _: Answer(200, (), b"<html>"), BadResponse, "sent something that is no JSON"),
}


@pytest.mark.parametrize(("function", "error", "words"), FAILS.values(), ids=FAILS)
def test_without_fallback_what_a_mirror_does_not_say_is_not_known(
    tmp_path: Path, stack: ExitStack, function: Function, error: type[WorldError], words: str
) -> None:
    pair = Pair(tmp_path, stack, function)
    with pytest.raises(error) as caught:
        pair.registries().tags(pair.name)
    assert pair.mirror.host in str(caught.value)
    assert words in str(caught.value)
    assert not isinstance(caught.value, NotFound) or caught.value.absent == "", "a mirror attests nothing"
    assert pair.own.asked == []


@pytest.mark.parametrize("function", [one for one, _, _ in FAILS.values()], ids=FAILS)
def test_with_fallback_the_registry_itself_has_the_last_word(
    tmp_path: Path, stack: ExitStack, function: Function
) -> None:
    pair = Pair(tmp_path, stack, function)
    asked = pair.registries(fallback=True)
    listed = asked.tags(pair.name)
    assert (listed.tags, listed.asked) == (("1.0.0",), pair.name)
    assert asked.digest(pair.name, "1.0.0") == pair.digest
    assert asked.exists(pair.name, "1.0.0")


def test_with_fallback_nothing_is_there_that_both_do_not_have(tmp_path: Path, stack: ExitStack) -> None:
    asked = (pair := Pair(tmp_path, stack)).registries(fallback=True)
    assert not asked.exists(pair.name, "2.0.0")
    assert [one.method for one in pair.own.asked] == ["HEAD", "GET"]


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (lambda registries, name: registries.tags(ImageName(name.registry, "acme/nothing")), NotFound),
        (lambda registries, name: registries.digest(name, "2.0.0"), NotFound),
    ],
    ids=["image", "tag"],
)
def test_what_both_do_not_have_is_told_of_both(
    tmp_path: Path, stack: ExitStack, ask: Callable[[Registries, ImageName], object], kind: type[WorldError]
) -> None:
    pair = Pair(tmp_path, stack)
    with pytest.raises(kind) as caught:
        ask(pair.registries(fallback=True), pair.name)
    said = str(caught.value)
    assert said.index(pair.mirror.host) < said.index(f"; then {pair.own.host} cannot")


def test_a_mirror_sees_its_own_credentials_and_no_others(tmp_path: Path, stack: ExitStack) -> None:
    def closed(asked: Asked) -> Answer | Raw:
        if "Authorization" not in asked.headers:
            return challenge('Basic realm="the mirror"')
        return oci_error(404, "NAME_UNKNOWN")

    pair = Pair(tmp_path, stack, closed)
    own, mirror = BasicCredentials("own", Secret("c4nary")), BasicCredentials("bot", Secret("0f the mirror"))
    with pytest.raises(NotFound):
        pair.registries(own=own, mirror=mirror).tags(pair.name)
    with pytest.raises(Refused, match="give credentials under registries"):
        pair.registries(own=own).tags(pair.name)
    seen = {one.headers["Authorization"] for one in pair.mirror.asked}
    assert seen == {None, "Basic Ym90OjBmIHRoZSBtaXJyb3I="}


PREFIXES = {
    "https://harbor.corp/v2/hub": "harbor.corp/hub",
    "https://harbor.corp/hub/": "harbor.corp/hub",
    "harbor.corp/proxies/docker-hub": "harbor.corp/proxies/docker-hub",
    "harbor.corp:5000": "harbor.corp:5000",
    "https://mirror.gcr.io/v2": "mirror.gcr.io",
    "https://mirror.gcr.io/v2/": "mirror.gcr.io",
    "index.docker.io": "docker.io",
    "localhost/hub": "localhost/hub",
}


@pytest.mark.parametrize(("text", "meant"), PREFIXES.items(), ids=PREFIXES)
def test_a_prefix_is_read_as_people_write_it(text: str, meant: str) -> None:
    assert str(NamePrefix.parse(text)) == meant


@pytest.mark.parametrize(
    "text",
    [
        "http://harbor.corp/hub",
        "https://corp.example/artifactory/api/docker/hub/v2",
        "hub",
        "harbor",
        "https://bot:word@harbor.corp/hub",
        "https://harbor.corp/v2/hub?x=1",
        "https://harbor.corp/v2/HUB",
        "",
        "ftp://harbor.corp/hub",
        "harbor.corp//hub",
        "harbor.corp/../hub",
    ],
)
def test_what_is_no_prefix_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        NamePrefix.parse(text)


CACHES = {
    "by a path": ("{hub: docker.io}", "hub/library/redis", "docker.io/library/redis"),
    "a word alone": ("{hub: docker.io}", "hub/redis", "docker.io/library/redis"),
    "of an organisation": ("{hub: docker.io}", "hub/grafana/grafana", "docker.io/grafana/grafana"),
    "as a whole": ("docker.io", "library/redis", "docker.io/library/redis"),
    "with a path there": ("{team: ghcr.io/acme}", "team/api", "ghcr.io/acme/api"),
    "the longer path first": ("{a: docker.io, a/b: ghcr.io}", "a/b/acme/api", "ghcr.io/acme/api"),
    "a path of more words": ("{a/b/: ghcr.io}", "a/b/acme/api", "ghcr.io/acme/api"),
    "another path": ("{hub: docker.io}", "hubs/library/redis", None),
    "the path alone": ("{hub: docker.io}", "hub", None),
}


def settings_with(registries: str) -> Registries:
    text = f"policies: [p/]\nrepositories: {{env: {{url: /env}}}}\nregistries: {registries}\n"
    return Registries(read_settings("imagebot.yaml", text.encode(), Path("/nowhere"), {}).registries)


@pytest.mark.parametrize(("rule", "repository", "upstream"), CACHES.values(), ids=CACHES)
def test_a_rule_says_what_an_image_is_a_copy_of(rule: str, repository: str, upstream: str | None) -> None:
    found = settings_with(f"{{harbor.corp: {{pullThrough: {rule}}}}}").upstream(ImageName("harbor.corp", repository))
    assert found == (None if upstream is None else ImageName.parse(upstream))


@pytest.mark.parametrize(
    ("registries", "words"),
    [
        ("{docker.io: {mirror: index.docker.io/x}}", "docker.io is no mirror of itself"),
        ("{harbor.corp: {pullThrough: {hub: harbor.corp/other}}}", "harbor.corp is no cache of itself"),
        ("{harbor.corp: {pullThrough: {hub: dockerhub}}}", "is no registry host"),
        ("{harbor.corp: {pullThrough: {HUB: docker.io}}}", "write what repositories begin with"),
        ("{harbor.corp: {pullThrough: {hub/: docker.io, hub: ghcr.io}}}", "hub is the same path as hub/"),
        ("{docker.io: {mirror: 'https://a:hunter2@harbor.corp/v2/hub'}}", "leave user and password out"),
        ("{docker.io: {mirror: 'oci://harbor.corp/hub'}}", "write it without oci://"),
        ("{harbor.corp: {pullThrough: {hub: 'a:hunter2@docker.io'}}}", "leave user and password out"),
        ("{docker.io: {mirror: {fallback: true}}}", "url"),
        ("{docker.io: {mirror: http://harbor.corp}}", "plainHttp: true for that host"),
    ],
)
def test_a_rule_that_makes_no_sense_is_a_problem_at_its_place(registries: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        settings_with(registries)
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "imagebot.yaml:3:" in str(caught.value)


BY_THEMSELVES = {"created", "mirror", "signatures", "upstream"}
"""Those that choose themselves whom they ask, or ask another of these."""


def test_every_question_about_an_image_goes_where_the_settings_say() -> None:
    """A registry that has a mirror and nothing to fall back on is never asked, whatever the question."""
    house = ast.parse(Path(client.__file__).read_text())
    (door,) = [node for node in house.body if isinstance(node, ast.ClassDef) and node.name == "Registries"]
    methods = [node for node in door.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    about = [node for node in methods if [one.arg for one in node.args.args][1:2] == ["name"]]
    assert about
    direct = {node.name for node in about if "by_mirror" not in map(ast.unparse, node.decorator_list)}
    assert direct <= BY_THEMSELVES
