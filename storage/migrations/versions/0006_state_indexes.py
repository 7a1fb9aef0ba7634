"""Counting what stands how, and finding what an outage explains, without reading every subject's state.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_state_status", "state", ["subject_kind", "status"])
    explained = sa.text("outage IS NOT NULL")
    op.create_index("ix_state_outage", "state", ["outage"], sqlite_where=explained, postgresql_where=explained)


def downgrade() -> None:
    op.drop_index("ix_state_outage", "state")
    op.drop_index("ix_state_status", "state")
