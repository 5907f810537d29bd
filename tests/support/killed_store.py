"""A process that remembers things in a store and is killed: `python -m tests.support.killed_store FILE`.

It prints each digest that the store has said it knows, until somebody kills it.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from imagebot.store.database import SqlDatabase
from imagebot.store.sql import database_store

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def main(file: Path) -> None:
    store = database_store(SqlDatabase.sqlite(file))()
    for number in count():
        at = START + timedelta(seconds=number)
        store.first_seen("r.test/app", [f"sha256:{number:064x}"], at)
        print(number, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
