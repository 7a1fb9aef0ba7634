"""Finding what an outage explains without reading every outage.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    explained = sa.text("explained_by IS NOT NULL")
    op.create_index(
        "ix_outage_explained", "outage", ["explained_by"], sqlite_where=explained, postgresql_where=explained
    )


def downgrade() -> None:
    op.drop_index("ix_outage_explained", "outage")
