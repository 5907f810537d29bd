"""What differs between two images is told, by name where a value may be a secret."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from imagebot.images.about import About, Layer, Run
from imagebot.review.compare import Names, Setting, compare
from tests.support.abouts import ABOUTS, NEW, OLD, about


def test_nothing_differs_between_equals() -> None:
    same = compare(OLD, NEW)
    assert same.same_config
    assert not same.platforms
    assert (same.platform, same.size, same.layers, same.shared) == ("linux/amd64", (100, 100), 2, 2)


def test_layers_are_shared_by_digest() -> None:
    told = compare(OLD, about(layers=(OLD.layers[0], Layer(f"sha256:{'3' * 64}", 31), OLD.layers[0])))
    assert (told.size, told.layers, told.shared) == ((100, 171), 3, 2)


def test_sizes_of_two_platforms_are_not_compared() -> None:
    told = compare(OLD, about(platforms=("linux/arm64", "linux/s390x"), platform="linux/arm64"))
    assert told.platforms == Names(added=("linux/s390x",), removed=("linux/amd64",))
    assert (told.platform, told.size) == (None, None)


def test_charts_are_compared_by_size() -> None:
    chart = About(f"sha256:{'c' * 64}", (), None, OLD.layers, Run())
    assert compare(chart, chart).size == (100, 100)


@pytest.mark.parametrize(
    ("run", "setting"),
    [
        ({"user": ""}, Setting("user", "1000", "")),
        ({"entrypoint": ("/bin/sh", "-c", "a b")}, Setting("entrypoint", "/bin/api", "/bin/sh -c 'a b'")),
        ({"command": ()}, Setting("command", "serve", "")),
        ({"workdir": "/srv"}, Setting("working directory", "", "/srv")),
        ({"stop_signal": "SIGINT"}, Setting("stop signal", "", "SIGINT")),
        ({"healthcheck": ("NONE",)}, Setting("health check", "", "NONE")),
    ],
    ids=lambda value: value.name if isinstance(value, Setting) else "",
)
def test_each_setting_is_told(run: dict[str, Any], setting: Setting) -> None:
    told = compare(OLD, about(run=run))
    assert told.settings == (setting,)
    assert not told.same_config


def test_variables_ports_and_volumes_are_told_by_name() -> None:
    told = compare(OLD, about(run={"env": {"PATH": "9", "NEW": "1"}, "ports": ("81/tcp",), "volumes": ("/data",)}))
    assert told.env == Names(added=("NEW",), removed=("MODE",), changed=("PATH",))
    assert told.ports == Names(added=("81/tcp",), removed=("80/tcp",))
    assert told.volumes == Names(added=("/data",))
    assert not told.same_config


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        ({"base.name": "docker.io/library/alpine:3.20"}, "docker.io/library/alpine:3.20"),
        ({"base.name": "alpine:3.20", "base.digest": "sha256:ab"}, "alpine:3.20@sha256:ab"),
        ({"base.name": "alpine:3.20@sha256:cd", "base.digest": "sha256:ab"}, "alpine:3.20@sha256:cd"),
        ({"base.digest": "sha256:ab"}, "sha256:ab"),
    ],
)
def test_another_base_image_is_told(labels: dict[str, str], shown: str) -> None:
    assert compare(OLD, about(labels=labels)).settings == (Setting("base image", "", shown),)


@given(ABOUTS, ABOUTS)
def test_back_is_the_reverse_of_there(one: About, other: About) -> None:
    there, back = compare(one, other), compare(other, one)
    for name in ("platforms", "env", "ports", "volumes"):
        ours, theirs = getattr(there, name), getattr(back, name)
        assert (ours.added, ours.removed, ours.changed) == (theirs.removed, theirs.added, theirs.changed)
    assert [(each.name, each.was, each.now) for each in there.settings] == [
        (each.name, each.now, each.was) for each in back.settings
    ]


@given(ABOUTS)
def test_an_image_equals_itself(one: About) -> None:
    assert compare(one, one).same_config
