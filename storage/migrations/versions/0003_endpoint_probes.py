"""What a probe of an endpoint needs, and the login by which a kendra's PC probes one.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("endpoint", sa.Column("method", sa.String(), server_default="GET", nullable=False))
    op.add_column("endpoint", sa.Column("expect_status", sa.String(), server_default="200-399", nullable=False))
    op.add_column("endpoint", sa.Column("expect_text", sa.String(), server_default="", nullable=False))
    op.add_column("endpoint", sa.Column("interval_s", sa.Integer(), nullable=True))
    op.add_column("endpoint", sa.Column("timeout_s", sa.Float(), nullable=True))
    op.add_column("device", sa.Column("ssh_credential", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("device", "ssh_credential")
    for name in ("timeout_s", "interval_s", "expect_text", "expect_status", "method"):
        op.drop_column("endpoint", name)
