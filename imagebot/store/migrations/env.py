"""What Alembic runs to run the steps: on the connection, and in the transaction, that it is handed."""

from __future__ import annotations

from alembic import context

from imagebot.store.tables import LASTING, REVISION_TABLE

context.configure(
    connection=context.config.attributes["connection"], target_metadata=LASTING, version_table=REVISION_TABLE
)
context.run_migrations()
