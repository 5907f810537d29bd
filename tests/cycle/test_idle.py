"""A pass in which nothing is new asks and writes no more where there are more images: counted, not timed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sized
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from imagebot.store.protocol import Store
from tests.support.stage import Stage, set_up


@dataclass
class Counted:
    """A store that counts what it is asked, and what is written to it, with anything to it."""

    store: Store
    calls: Counter[str] = field(default_factory=Counter)

    def __getattr__(self, name: str) -> Any:
        task = getattr(self.store, name)

        def counted(*args: Any, **named: Any) -> Any:
            if not any(isinstance(arg, Sized) and not len(arg) for arg in args):
                self.calls[name] += 1
            return task(*args, **named)

        return counted


def calls_of_a_warm_pass(folder: Path, images: int) -> Counter[str]:
    """What the third pass over so many images, each in a file and a policy of its own, asks its store."""
    stage: Stage = set_up(folder)
    with stage.registry:
        host, files = stage.registry.host, {}
        for number in range(images):
            stage.publish("1.0.0", "1.0.1", repository=f"acme/app{number}")
            head = f"app: app{number}\nrepository: environments\nenvironments: {{e: {{paths: [app{number}/]}}}}\n"
            stage.policy(f"{head}images: [{{image: {host}/acme/app{number}, semver: ^1}}]\n", f"{number}.yaml")
            files[f"app{number}/pod.yaml"] = f"image: {host}/acme/app{number}:1.0.1\n"
        stage.commit(files)
        world = stage.world()
        stage.one_pass(world)
        stage.one_pass(world)
        counted = Counted(world.store())
        report = stage.one_pass(replace(world, store=lambda: counted))
        assert report.exit_code == 0
        return counted.calls


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    return calls_of_a_warm_pass(tmp_path_factory.mktemp("few"), 2)


def test_an_idle_pass_writes_nothing(few: Counter[str]) -> None:
    assert {name: few[name] for name in ("recall", "judged", "forget", "moved", "hold")} == dict.fromkeys(
        ("recall", "judged", "forget", "moved", "hold"), 0
    )


def test_an_idle_pass_asks_its_store_no_more_often_for_more_images(few: Counter[str], tmp_path: Path) -> None:
    assert calls_of_a_warm_pass(tmp_path, 8) == few
