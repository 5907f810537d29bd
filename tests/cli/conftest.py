"""A stage for the verbs, with one app that is one version behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.support.stage import Stage, set_up


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """One app that is one version behind."""
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")
    stage.policy(POLICY)
    stage.commit({"staging/app.yaml": DEPLOYMENT})
    with stage.registry:
        yield stage
