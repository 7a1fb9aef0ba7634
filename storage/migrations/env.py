"""Alembic's entry point. The engine comes from storage/migrate.py through config.attributes."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Engine, text

from storage.engine import for_writing
from storage.types import UtcTime

engine: Engine = context.config.attributes["engine"]


def render_item(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Our own column type as what it stores: a migration outlives the code it was made from."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, UtcTime) else False


# Several roles start at once and each brings the database up to date: the first takes the lock
# (SQLite's at BEGIN IMMEDIATE, PostgreSQL's below), the others wait and then find nothing to do.
with for_writing(engine).begin() as connection:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('pahunch.migrate'))"))
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes.get("metadata"),
        render_item=render_item,
        render_as_batch=connection.dialect.name == "sqlite",
        # Alembic takes SQLite's DDL for not transactional, which it is once BEGIN is explicit.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
