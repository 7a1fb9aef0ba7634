"""What devices said before they fell silent, kept over restarts.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "word",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("down_cause", sa.Integer(), nullable=True),
        sa.Column("battery_since", sa.BigInteger(), nullable=True),
        sa.Column("battery_at", sa.BigInteger(), nullable=True),
        sa.Column("mains_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("device"),
    )


def downgrade() -> None:
    op.drop_table("word")
