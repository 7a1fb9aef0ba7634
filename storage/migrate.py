"""Bringing a database to the newest schema.

Alembic is imported only where there is something to do: a role that finds the schema at its newest saves 10 MB.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, MetaData, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

_HERE = Path(__file__).parent
_VERSION_TABLE = "alembic_version"


def config_for(engine: Engine, metadata: MetaData | None = None) -> "Config":
    """Alembic's configuration, bound to `engine` through its attributes.

    Only comparing tables with the database and writing new migrations need `metadata`.
    """
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["engine"] = engine
    config.attributes["metadata"] = metadata
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run every migration up to `revision`; running it again changes nothing."""
    if revision == "head" and is_current(engine):
        return
    from alembic import command

    command.upgrade(config_for(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Undo every migration after `revision` ("base" undoes all)."""
    from alembic import command

    command.downgrade(config_for(engine), revision)


def revision_of(engine: Engine) -> str | None:
    """The migration at which the database stands; None before the first."""
    if not inspect(engine).has_table(_VERSION_TABLE):
        return None
    with engine.connect() as connection:
        found: str | None = connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608 - our own name
    return found


def revisions() -> tuple[str, ...]:
    """All migrations that this version knows, the oldest first: their files are called REVISION_NAME.py, in order."""
    files = sorted((_HERE / "migrations" / "versions").glob("[0-9]*_*.py"))
    return tuple(file.name.partition("_")[0] for file in files)


def is_current(engine: Engine) -> bool:
    """Whether the database stands at the newest migration."""
    return revision_of(engine) == revisions()[-1]
