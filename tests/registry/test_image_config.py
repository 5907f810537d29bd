"""What an image says about itself is read as far as it makes sense, and never trusted to be small or well-formed."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imagebot.errors import NotFound, WorldError
from imagebot.images.about import About, Layer, Run
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.registry.image_config import Papers, config_of, image
from imagebot.registry.limits import LABELS, LIST_ITEMS, TEXT_CHARACTERS
from imagebot.registry.manifest import Manifest, manifest_of, preferred
from imagebot.settings.resolve import RegistrySettings
from tests.support import oci_folder
from tests.support.oci_folder import Build
from tests.support.web_function import Answer, Served, serving

DIGEST = f"sha256:{'a' * 64}"
CONFIG = {
    "User": "1000:1000",
    "Entrypoint": ["/bin/api"],
    "Cmd": ["--listen", ":8080"],
    "Env": ["PATH=/bin", "TOKEN=hunter2", "EMPTY=", "BARE"],
    "ExposedPorts": {"9090/udp": {}, "8080": {}},
    "Volumes": {"/data": {}},
    "WorkingDir": "/srv",
    "StopSignal": "SIGINT",
    "Healthcheck": {"Test": ["CMD", "/bin/api", "ping"], "Interval": 30_000_000_000},
}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with oci_folder.serve(tmp_path) as served:
        yield served


def ask(served: Served, digest: str, platform: str | None = None) -> About:
    registries = Registries({served.host: RegistrySettings(plain_http=True)})
    return registries.about(ImageName(served.host, "acme/api"), digest, platform)


@pytest.mark.parametrize("docker", [False, True], ids=["OCI", "Docker schema 2"])
def test_a_single_image_tells_how_it_is_run(served: Served, tmp_path: Path, docker: bool) -> None:
    digest = oci_folder.publish(
        tmp_path, "acme/api", "1.0.0", config=CONFIG, labels={"a": "b"}, layers=(70, 30), docker=docker
    )

    told = ask(served, digest)

    assert told.platforms == ("linux/amd64",)
    assert told.platform == "linux/amd64"
    assert told.created == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert told.labels == {"a": "b"}
    assert [layer.size for layer in told.layers] == [70, 30]
    assert told.size == 100
    assert replace(told.run, env={}) == Run(
        user="1000:1000",
        entrypoint=("/bin/api",),
        command=("--listen", ":8080"),
        ports=("8080/tcp", "9090/udp"),
        volumes=("/data",),
        workdir="/srv",
        stop_signal="SIGINT",
        healthcheck=("CMD", "/bin/api", "ping"),
    )
    assert list(told.run.env) == ["BARE", "EMPTY", "PATH", "TOKEN"]
    assert [request.path.rsplit("/", 2)[1] for request in served.asked] == ["manifests", "blobs"]


@pytest.mark.parametrize("docker", [False, True], ids=["OCI", "Docker schema 2"])
@pytest.mark.parametrize(
    ("asked", "shown", "user"),
    [
        ("linux/arm64", "linux/arm64", "arm"),
        ("linux/s390x", "linux/amd64", "amd"),
        (None, "linux/amd64", "amd"),
    ],
)
def test_of_an_index_one_platform_is_looked_at(
    served: Served, tmp_path: Path, docker: bool, asked: str | None, shown: str, user: str
) -> None:
    builds = {
        "linux/386": Build(config={"User": "386"}, docker=docker),
        "linux/amd64": Build(config={"User": "amd"}, docker=docker),
        "linux/arm64/v8": Build(config={"User": "arm"}, docker=docker),
    }
    digest = oci_folder.publish_index(tmp_path, "acme/api", "1.0.0", builds, ["provenance"])

    told = ask(served, digest, asked)

    assert told.digest == digest
    assert told.platforms == ("linux/386", "linux/amd64", "linux/arm64")
    assert (told.platform, told.run.user) == (shown, user)
    assert len(served.asked) == 3


@given(st.sets(st.sampled_from(["linux/386", "linux/arm64", "linux/amd64", "windows/amd64"])), st.none() | st.text())
def test_a_platform_that_is_there_is_preferred(platforms: set[str], asked: str | None) -> None:
    chosen = preferred(platforms, asked)
    assert chosen in platforms if platforms else chosen is None
    if "linux/amd64" in platforms and asked not in platforms:
        assert chosen == "linux/amd64"
    assert preferred(["linux/s390x", "linux/386"], asked) == "linux/386"


def test_labels_come_from_the_config_then_the_manifest_its_entry_and_the_index(served: Served, tmp_path: Path) -> None:
    build = Build(
        labels={"a": "config"}, annotations=dict.fromkeys("ab", "manifest"), entry=dict.fromkeys("abc", "entry")
    )
    builds = {"linux/386": Build(entry={"e": "another's"}), "linux/amd64": build}
    every = dict.fromkeys("abcd", "index")
    digest = oci_folder.publish_index(tmp_path, "acme/api", "1.0.0", builds, annotations=every)
    assert ask(served, digest).labels == {"a": "config", "b": "manifest", "c": "entry", "d": "index"}


def test_a_chart_has_layers_and_annotations_and_is_not_run() -> None:
    chart = {
        "schemaVersion": 2,
        "config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": DIGEST, "size": 2},
        "layers": [{"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "digest": DIGEST, "size": 7}],
        "annotations": {"org.opencontainers.image.version": "1.2.3"},
    }
    body = json.dumps(chart).encode()
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    with serving(lambda _: Answer(200, (("Content-Type", oci_folder.MANIFEST),), body)) as served:
        told = ask(served, digest)
        assert len(served.asked) == 1
    assert told == About(
        digest, (), None, (Layer(DIGEST, 7),), Run(), labels={"org.opencontainers.image.version": "1.2.3"}
    )


def test_an_index_whose_image_is_gone_is_not_described(served: Served, tmp_path: Path) -> None:
    digest = oci_folder.publish_index(tmp_path, "acme/api", "1.0.0", {"linux/amd64": Build()})
    index = json.loads((tmp_path / "acme/api/blobs/sha256" / digest.removeprefix("sha256:")).read_bytes())
    child = index["manifests"][0]["digest"]
    (tmp_path / "acme/api/blobs/sha256" / child.removeprefix("sha256:")).unlink()
    with pytest.raises(NotFound):
        ask(served, digest)


def test_values_of_variables_are_not_kept_but_their_changes_are(served: Served, tmp_path: Path) -> None:
    told = [
        ask(served, oci_folder.publish(tmp_path, "acme/api", "1.0.0", config={"Env": env}))
        for env in (["TOKEN=hunter2"], ["TOKEN=hunter3"], ["TOKEN=hunter3", "TOKEN=hunter2"])
    ]
    assert "hunter" not in "".join(each.to_json() for each in told)
    first, second, again = (each.run.env["TOKEN"] for each in told)
    assert first != second
    assert first == again, "the last setting counts"


def described(config: Any = None, manifest: Any = None) -> About:
    return image(DIGEST, Papers(manifest_of(manifest or {}), config_of({"config": config})))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
SETTINGS = st.dictionaries(st.sampled_from([*CONFIG, "Labels"]), ANYTHING)
MANIFESTS = st.fixed_dictionaries(
    {}, optional={"layers": st.lists(ANYTHING) | ANYTHING, "annotations": ANYTHING, "manifests": ANYTHING}
)


@given(SETTINGS | ANYTHING, MANIFESTS, st.dictionaries(st.sampled_from(["os", "architecture", "created"]), ANYTHING))
@example({"Env": ["\ud800=\ud800"], "User": "\ud800", "Labels": {"\ud800": "\udfff"}}, {}, {})
def test_whatever_it_says_it_is_described_and_fits_into_the_cache(config: Any, manifest: Any, more: Any) -> None:
    index = Manifest({"a/b": DIGEST}, entries={DIGEST: {}})
    told = image(DIGEST, Papers(manifest_of(manifest), config_of({**more, "config": config}), index, "a/b"))
    assert About.from_json(told.to_json()) == told
    assert told.size >= 0
    "".join([told.run.user, *told.run.env, *told.run.command, *told.labels, *told.labels.values()]).encode()


def test_layers_without_a_digest_or_a_possible_size_are_none() -> None:
    sizes = [{"digest": DIGEST, "size": size} for size in (True, -1, 10**400, 1.5, "1", None)]
    digests = [{"digest": digest, "size": 1} for digest in ("sha256:abc", "", None, [DIGEST])]
    good = {"digest": DIGEST, "size": 1}
    assert described(manifest={"layers": [None, [], *sizes, *digests, good, good]}).layers == (Layer(DIGEST, 1),) * 2


LONG = "x" * (4 << 20)


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(lambda: {"Labels": {f"l{n}": "x" * 400 for n in range(10_000)}}, id="many labels"),
        pytest.param(lambda: {"Labels": {"a": LONG, LONG: "a"}}, id="long label"),
        pytest.param(lambda: {"Env": [f"E{n}=1" for n in range(500_000)]}, id="many variables"),
        pytest.param(lambda: {"Env": [f"{LONG}=1", f"A={LONG}"]}, id="long variable"),
        pytest.param(lambda: {"Cmd": ["a"] * 1_000_000, "Entrypoint": [LONG]}, id="many arguments"),
        pytest.param(lambda: {"ExposedPorts": {str(n): {} for n in range(500_000)}}, id="many ports"),
        pytest.param(lambda: {"User": LONG, "WorkingDir": LONG, "StopSignal": LONG}, id="long words"),
    ],
)
def test_however_much_it_says_little_is_kept(config: Callable[[], dict[str, Any]]) -> None:
    said = config()
    tracemalloc.start()
    told = described(said)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(told.to_json()) < 4 * LABELS * TEXT_CHARACTERS
    assert len(told.labels) <= LABELS
    assert peak < 256 << 20


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"User": LONG + "a"}, {"User": LONG + "b"}, id="word"),
        pytest.param({"Cmd": ["a"] * 1000 + ["b"]}, {"Cmd": ["a"] * 1001}, id="argument"),
        pytest.param({"Cmd": ["sh", "-c", LONG + "a"]}, {"Cmd": ["sh", "-c", LONG + "b"]}, id="long argument"),
        pytest.param(
            {"Env": [f"E{n:03}=0" for n in range(LIST_ITEMS + 9)]},
            {"Env": [f"E{n:03}={n // (LIST_ITEMS + 8)}" for n in range(LIST_ITEMS + 9)]},
            id="variable",
        ),
        pytest.param({"Env": [LONG + "a=1"]}, {"Env": [LONG + "b=1"]}, id="long name"),
    ],
)
def test_a_change_behind_what_is_kept_is_still_a_change(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert described(one).run != described(other).run


@given(st.binary(max_size=300))
@example(b"[" * 100_000)
@example(b'{"config": ' * 50_000)
@example(b"9" * 100_000)
def test_a_config_of_any_bytes_raises_nothing_but_world_errors(content: bytes) -> None:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    manifest = json.dumps({"config": {"mediaType": oci_folder.CONFIG, "digest": digest}}).encode()
    named = f"sha256:{hashlib.sha256(manifest).hexdigest()}"

    def answer(asked: Any) -> Answer:
        if "/blobs/" in asked.path:
            return Answer(200, (), content)
        return Answer(200, (("Content-Type", oci_folder.MANIFEST),), manifest)

    with serving(answer) as served:
        try:
            told = ask(served, named)
        except WorldError:
            return
    assert told.digest == named
