"""What images say about themselves: the one that is deployed, its successor, and any."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from imagebot.images.about import About, Layer, Run

RUN = Run(user="1000", entrypoint=("/bin/api",), command=("serve",), env={"PATH": "1", "MODE": "2"}, ports=("80/tcp",))
OLD = About(
    digest=f"sha256:{'a' * 64}",
    platforms=("linux/amd64", "linux/arm64"),
    platform="linux/amd64",
    layers=(Layer(f"sha256:{'1' * 64}", 70), Layer(f"sha256:{'2' * 64}", 30)),
    run=RUN,
    created=datetime(2026, 1, 1, 12, tzinfo=UTC),
    labels={
        "org.opencontainers.image.source": "https://github.com/acme/api",
        "org.opencontainers.image.revision": "1" * 40,
    },
)


def about(old: About = OLD, **changes: Any) -> About:
    """Another image, equal to `old` but for its digest and `changes`; those in `run` and `labels` are added there."""
    run = replace(old.run, **changes.pop("run", {}))
    named = {f"org.opencontainers.image.{name}": value for name, value in changes.pop("labels", {}).items()}
    return replace(old, digest=f"sha256:{'b' * 64}", run=run, labels={**old.labels, **named}, **changes)


NEW = about(labels={"revision": "2" * 40})

NAMES = st.dictionaries(st.text(max_size=3), st.text(max_size=3))
ABOUTS = st.builds(
    About,
    run=st.builds(Run, env=NAMES),
    created=st.none() | st.datetimes(timezones=st.just(UTC)),
    labels=st.dictionaries(st.sampled_from([*OLD.labels, "org.opencontainers.image.base.name"]), st.text()),
)
