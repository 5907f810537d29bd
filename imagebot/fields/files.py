"""Which files are looked into without being named in a policy, told from their names."""

from __future__ import annotations

from enum import Enum, auto

_YAML = (".yaml", ".yml")
_TEMPLATES = (".tpl", ".tmpl", ".gotmpl", ".tftpl", ".template", ".j2", ".jinja", ".jinja2")
_CONFIGURATION = (".env", ".tf", ".tfvars", ".hcl")
_DOCKERFILES = ("Dockerfile", "Containerfile")


class Kind(Enum):
    """How a file is read.

    `YAML` by its shapes; a `DOCKERFILE` by its instructions; both also at markers. A `TEMPLATE` only at markers, and
    what it deploys is unknown if it names an image anywhere else. `OTHER` only at markers.
    """

    YAML = auto()
    TEMPLATE = auto()
    DOCKERFILE = auto()
    OTHER = auto()


def is_words(file: str) -> bool:
    """Whether a file is no YAML, told from its name."""
    return kind_of(file) not in (Kind.YAML, None)


def kind_of(file: str) -> Kind | None:
    """What a file is by its name; None if it is not looked into."""
    name = file.rpartition("/")[2]
    if name.endswith(_YAML):
        return Kind.YAML
    if name.endswith(_TEMPLATES):
        return Kind.TEMPLATE
    if name.endswith(".dockerignore"):
        return None
    if any(name == each or name.startswith(f"{each}.") or name.endswith(f".{each}") for each in _DOCKERFILES):
        return Kind.DOCKERFILE
    return Kind.OTHER if name.endswith(_CONFIGURATION) else None
