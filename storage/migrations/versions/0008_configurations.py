"""Configurations of devices, without secrets, and events of devices.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "config_text",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_config_text")),
    )
    op.create_table(
        "config_version",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["text"], ["config_text.sha256"], name=op.f("fk_config_version_text")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_config_version")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_config_version_device", "config_version", ["device", "from_at"], unique=False)
    op.create_table(
        "device_event",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_event")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_device_event_device", "device_event", ["device", "at"], unique=False)
    op.create_index("ix_device_event_at", "device_event", ["at"], unique=False)
    op.create_index("ix_device_event_kind", "device_event", ["kind", "device"], unique=False)


def downgrade() -> None:
    op.drop_table("device_event")
    op.drop_table("config_version")
    op.drop_table("config_text")
