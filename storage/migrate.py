"""Bringing a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData

_HERE = Path(__file__).parent


def config_for(engine: Engine, metadata: MetaData | None = None) -> Config:
    """Alembic's configuration, bound to `engine` through its attributes.

    Only comparing tables with the database and writing new migrations need `metadata`.
    """
    config = Config()
    config.set_main_option("script_location", str(_HERE / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["engine"] = engine
    config.attributes["metadata"] = metadata
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run every migration up to `revision`; running it again changes nothing."""
    command.upgrade(config_for(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Undo every migration after `revision` ("base" undoes all)."""
    command.downgrade(config_for(engine), revision)


def revision_of(engine: Engine) -> str | None:
    """The migration at which the database stands; None before the first."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def revisions() -> tuple[str, ...]:
    """All migrations that this version knows, the oldest first."""
    script = ScriptDirectory(str(_HERE / "migrations"))
    return tuple(step.revision for step in script.walk_revisions())[::-1]


def is_current(engine: Engine) -> bool:
    """Whether the database stands at the newest migration."""
    return revision_of(engine) == revisions()[-1]
