"""Outages that were told anew after they had ended are noted by the database itself.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_COLUMNS = ("from_at", "to_at", "status", "cause", "explained_by", "responsible")
_NOTE = "INSERT INTO outage_retold (outage) VALUES (NEW.id);"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "outage_retold",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("outage", number, nullable=False),
        sa.ForeignKeyConstraint(["outage"], ["outage.id"], name=op.f("fk_outage_retold_outage")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage_retold")),
        sqlite_autoincrement=True,
    )
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER outage_retold AFTER UPDATE ON outage "
            f"WHEN OLD.to_at IS NOT NULL AND ({_changed('IS NOT')}) BEGIN {_NOTE} END"
        )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION outage_retold() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {_NOTE} RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER outage_retold AFTER UPDATE ON outage FOR EACH ROW "
        f"WHEN (OLD.to_at IS NOT NULL AND ({_changed('IS DISTINCT FROM')})) EXECUTE FUNCTION outage_retold()"
    )


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER outage_retold")
    else:
        op.execute("DROP TRIGGER outage_retold ON outage")
        op.execute("DROP FUNCTION outage_retold()")
    op.drop_table("outage_retold")


def _changed(word: str) -> str:
    return " OR ".join(f"OLD.{name} {word} NEW.{name}" for name in _COLUMNS)
