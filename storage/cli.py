"""Commands: `db upgrade`, `downgrade`, `backup`, `restore`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from storage.backup import BackupError, Progress, back_up, put_back
from storage.dump import DumpError
from storage.engine import StoreInUseError, open_engine
from storage.migrate import downgrade as downgrade_to
from storage.migrate import revision_of, revisions
from storage.migrate import upgrade as upgrade_to
from storage.settings import Settings

app = typer.Typer(no_args_is_help=True, help="The relational store, and copies of all that is stored.")


@app.command()
def upgrade() -> None:
    """Bring the store to the newest schema."""
    upgrade_to(open_engine(Settings().storage.url))


@app.command()
def downgrade(
    revision: Annotated[str, typer.Argument(help="The migration to go back to, such as 0002, or `base`")],
) -> None:
    """Take back migrations: for going back to an older version. Make a backup first: newer columns are lost."""
    if revision not in (*revisions(), "base"):
        raise typer.BadParameter(f"no migration {revision!r}: {', '.join(revisions())} or base")
    engine = open_engine(Settings().storage.url)
    downgrade_to(engine, revision)
    print(f"The store is at {revision_of(engine) or 'base'}.")


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A new folder, or a new file NAME.tar")],
    samples: Annotated[bool, typer.Option(help="Take the history's samples and polls too")] = True,
) -> None:
    """Copy store and history, while everything goes on."""
    settings = Settings().storage
    with _said_plainly(), _bar() as progress:
        manifest = back_up(
            open_engine(settings.url), settings.history, target, datetime.now(UTC), progress, samples=samples
        )
    octets = sum(entry.octets for entry in manifest.files.values())
    print(f"{target}: {len(manifest.files)} files, {octets / 1e6:.1f} MB, schema {manifest.revision}")


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="What `db backup` made", exists=True)],
    force: Annotated[bool, typer.Option("--force", help="Give up what is in store and history now")] = False,
) -> None:
    """Put a backup back into an empty store and history; nobody may collect meanwhile."""
    settings = Settings().storage
    with _said_plainly(), _bar() as progress:
        manifest = put_back(open_engine(settings.url), settings.history, source, progress, force=force)
    print(f"Restored as of {manifest.made_at}: {len(manifest.files)} files. Start the roles anew.")


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except (BackupError, DumpError, StoreInUseError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from error


@contextmanager
def _bar() -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("store", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)
