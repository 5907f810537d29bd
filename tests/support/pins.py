"""Two digests for tests that need an old and a new one."""

from __future__ import annotations

OLD = "sha256:" + "a" * 64
NEW = "sha256:" + "b" * 64
