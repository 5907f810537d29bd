"""What must be said of each shape, a new one too."""

from __future__ import annotations

from imagebot.fields.all_shapes import RUNNING, SHAPES

OF_WHATEVER = {
    "image volume": "Kubernetes mounts any artifact",
    "argo cd chart": "a chart",
    "oci repository": "Flux applies what is in it",
    "oci chart": "a chart",
}
"""The shapes whose images run in no container, and what may stand there instead."""


def test_each_shape_says_whether_what_it_finds_runs_in_containers() -> None:
    """Where it does, a tag that is no image at all is never written."""
    names = {name for shapes in SHAPES.values() for name, _ in shapes}
    unsaid = names - RUNNING - OF_WHATEVER.keys()
    assert not unsaid, f"name {unsaid} in RUNNING of fields/all_shapes.py, or with a reason in OF_WHATEVER here"
    assert not RUNNING & OF_WHATEVER.keys()
