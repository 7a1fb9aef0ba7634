"""What each outage was judged by, how long a battery would last, notices, and the rules that were in force.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "notice",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("to_at", sa.BigInteger()),
        sa.Column("cause", sa.String(), server_default="", nullable=False),
        sa.Column("responsible", sa.String(), server_default="", nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("source", sa.String(), server_default="", nullable=False),
        sa.Column("text", sa.String(), server_default="", nullable=False),
        sa.Column("declared_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.Column("withdrawn_by", sa.String(), server_default="", nullable=False),
        sa.Column("considered_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "ruleset",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ruleset")),
        sqlite_autoincrement=True,
    )
    op.add_column("outage", sa.Column("kinds", sa.String(), server_default="[]", nullable=False))
    op.add_column("outage", sa.Column("weights", sa.String(), server_default="", nullable=False))
    op.add_column("word", sa.Column("empty_at", sa.BigInteger()))


def downgrade() -> None:
    op.drop_table("ruleset")
    op.drop_table("notice")
    op.drop_column("word", "empty_at")
    op.drop_column("outage", "weights")
    op.drop_column("outage", "kinds")
