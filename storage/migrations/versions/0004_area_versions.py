"""Areas through time; how a village came to its GP, and which polygons are derived.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("area", sa.Column("assigned_by", sa.String(), server_default="", nullable=False))
    approximate = sa.Column("boundary_approximate", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("area", approximate)
    op.create_table(
        "area_version",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("name_hi", sa.String(), server_default="", nullable=False),
        sa.Column("name_pa", sa.String(), server_default="", nullable=False),
        sa.Column("parent", sa.String(), nullable=True),
        sa.Column("code_source", sa.String(), server_default="", nullable=False),
        sa.Column("census_code", sa.String(), server_default="", nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("served_by", sa.String(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("assigned_by", sa.String(), server_default="", nullable=False),
        sa.Column("boundary_approximate", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )


def downgrade() -> None:
    op.drop_table("area_version")
    op.drop_column("area", "boundary_approximate")
    op.drop_column("area", "assigned_by")
