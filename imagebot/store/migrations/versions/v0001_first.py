"""First seen, the clock, holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "imagebot_first_seen",
        sa.Column("image", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "imagebot_clock",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("latest", sa.BigInteger, nullable=False),
        sa.Column("behind_since", sa.BigInteger),
    )
    op.create_table(
        "imagebot_hold",
        sa.Column("app", sa.Text, primary_key=True),
        sa.Column("environment", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("lifts", sa.Boolean, nullable=False),
    )
