"""Each room, with the tests that must notice whatever goes wrong in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Room:
    """`code` and `tests` are files and folders, from the top of the repository."""

    code: tuple[str, ...]
    tests: tuple[str, ...]

    def modules(self, root: Path) -> Iterator[Path]:
        """Its modules, in order; migrations of the database run once in a life and are left as they are."""
        for place in self.code:
            found = [root / place] if place.endswith(".py") else sorted((root / place).rglob("*.py"))
            yield from (path for path in found if path.name != "__init__.py" and "migrations" not in path.parts)


ROOMS: Mapping[str, Room] = {
    "versions": Room(("imagebot/versions",), ("tests/versions", "tests/cli/test_select.py")),
    "policy": Room(("imagebot/policy",), ("tests/policy", "tests/cli/test_lint.py")),
    "documents": Room(("imagebot/documents",), ("tests/documents", "tests/policy", "tests/cli/test_schema.py")),
    "images": Room(("imagebot/images", "imagebot/gitnames.py"), ("tests/images", "tests/test_gitnames.py")),
    "yamledit": Room(("imagebot/yamledit",), ("tests/yamledit", "tests/fields", "tests/golden")),
    "fields": Room(("imagebot/fields",), ("tests/fields", "tests/golden", "tests/cli/test_set.py")),
    "selection": Room(
        ("imagebot/selection",), ("tests/selection", "tests/cli/test_explain.py", "tests/cli/test_simulate.py")
    ),
    "plan": Room(("imagebot/plan",), ("tests/plan", "tests/review")),
    "review": Room(("imagebot/review",), ("tests/review",)),
    "pulls": Room(("imagebot/pulls",), ("tests/pulls", "tests/review")),
    "history": Room(("imagebot/history",), ("tests/history",)),
    "suggest": Room(("imagebot/suggest",), ("tests/suggest", "tests/cli/test_init.py")),
    "settings": Room(
        ("imagebot/settings", "imagebot/policyfiles.py", "imagebot/secret.py"),
        ("tests/settings", "tests/test_policyfiles.py", "tests/test_secret.py"),
    ),
    "registry": Room(("imagebot/registry",), ("tests/registry",)),
    "gitrepo": Room(("imagebot/gitrepo",), ("tests/gitrepo",)),
    "forge": Room(("imagebot/forge",), ("tests/forge",)),
    "store": Room(("imagebot/store", "imagebot/private.py"), ("tests/store", "tests/gitrepo/test_mirror.py")),
    "observe": Room(
        ("imagebot/observe", "imagebot/outgoing.py", "imagebot/errors.py", "imagebot/clock.py"),
        ("tests/observe", "tests/test_outgoing.py", "tests/test_secret.py", "tests/cycle/test_pass.py"),
    ),
    "trust": Room(("imagebot/trust",), ("tests/trust",)),
    "cycle": Room(("imagebot/cycle",), ("tests/cycle", "tests/e2e")),
    "operations": Room(
        ("imagebot/operations",), ("tests/operations", "tests/cli/test_rollback.py", "tests/cli/test_history.py")
    ),
    "webhooks": Room(("imagebot/webhooks",), ("tests/webhooks",)),
    "demo": Room(("imagebot/demo",), ("tests/cli/test_demo.py",)),
    "cli": Room(("imagebot/cli", "imagebot/serve.py"), ("tests/cli", "tests/test_serve.py", "tests/test_docs.py")),
}
