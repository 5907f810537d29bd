"""Which files are looked into, by their names."""

from __future__ import annotations

import pytest

from imagebot.fields.files import Kind, kind_of


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("a/b.yaml", Kind.YAML),
        ("b.yml", Kind.YAML),
        ("chart/templates/a.yaml", Kind.YAML),
        ("a.yaml.j2", Kind.TEMPLATE),
        ("templates/_helpers.tpl", Kind.TEMPLATE),
        ("Dockerfile.j2", Kind.TEMPLATE),
        ("Dockerfile", Kind.DOCKERFILE),
        ("a/Containerfile", Kind.DOCKERFILE),
        ("api.Dockerfile", Kind.DOCKERFILE),
        ("Dockerfile.api", Kind.DOCKERFILE),
        (".env", Kind.OTHER),
        ("main.tf", Kind.OTHER),
        ("Dockerfile.dockerignore", None),
        ("Dockerfile-notes.md", None),
        ("b.json", None),
        ("yaml", None),
        ("Dockerfile/readme", None),
    ],
)
def test_files_that_are_looked_into(file: str, expected: Kind | None) -> None:
    assert kind_of(file) is expected
