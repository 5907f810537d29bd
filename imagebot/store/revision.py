"""What the tables of this imagebot are, in two numbers."""

from __future__ import annotations

REVISION = "0001"
"""The newest migration: what a database must be at. A test holds it against the folder of migrations."""

CACHES = 1
"""Raise it when a table of `PASSING`, or what is written into one, changes: the old ones are dropped."""

REVISION_TABLE = "imagebot_revision"
