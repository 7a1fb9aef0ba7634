"""States of the roll-out of gram panchayats and services, and more of what a catalogue says of a service.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("service", sa.Column("department_endpoints", sa.String(), server_default="", nullable=False))
    op.add_column("service", sa.Column("statutory_days", sa.Integer(), nullable=True))
    op.add_column("service", sa.Column("source", sa.String(), server_default="", nullable=False))
    op.add_column("service", sa.Column("unconfirmed", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "service_rollout",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        *_claimed(),
        sa.ForeignKeyConstraint(["service"], ["service.code"], name=op.f("fk_service_rollout_service")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_service_rollout")),
    )
    op.create_table(
        "gp_rollout",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("pending_with", sa.String(), server_default="", nullable=False),
        *_claimed(),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_gp_rollout")),
    )


def _claimed() -> tuple[sa.Column, ...]:
    return (
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("target", sa.Date(), nullable=True),
        sa.Column("source", sa.String(), server_default="", nullable=False),
        sa.Column("stated_on", sa.Date(), nullable=True),
    )


def downgrade() -> None:
    op.drop_table("gp_rollout")
    op.drop_table("service_rollout")
    for name in ("unconfirmed", "source", "statutory_days", "department_endpoints"):
        op.drop_column("service", name)
