"""Commands: `inventory import`, `export`, `check`, `pack`."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Engine

from inventory import store
from inventory.changes import Change, changes, summary
from inventory.check import check
from inventory.diff import Diff, as_json, compare, lines
from inventory.files import read_folder, write_folder
from inventory.hours import INDIA
from inventory.model import Inventory
from inventory.pack.survey.report import Report
from inventory.problems import Problem
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Facts: areas, sites, devices, links, services.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON, and only JSON, on standard output.")]


class PackSource(StrEnum):
    POST_OFFICES = "post-offices"
    PMGSY = "pmgsy"


@app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(exists=True, help="A folder of inventory files, or the files.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    as_json_: Json = False,
) -> None:
    """Make the stored inventory what the files say; with one bad row nothing changes (exit code 1)."""
    engine = _opened()
    stored = store.load(engine)
    loaded = read_folder(paths, stored, _today())
    if loaded.problems:
        _refuse(loaded.problems, as_json_)
        raise typer.Exit(1)
    diff = compare(stored, loaded.inventory) if dry_run else store.apply(engine, loaded.inventory, datetime.now(UTC))
    if as_json_:
        print(json.dumps({"problems": [], "diff": as_json(diff)}, ensure_ascii=False))
    else:
        _tell(diff, dry_run)


def _refuse(problems: tuple[Problem, ...], as_json_: bool) -> None:
    if as_json_:
        found = [{"file": p.file, "line": p.line, "field": p.field, "reason": p.reason} for p in problems]
        print(json.dumps({"problems": found, "diff": {}}, ensure_ascii=False))
        return
    for problem in problems:
        print(problem)
    print(f"nothing was imported; problems: {len(problems)}", file=sys.stderr)


def _tell(diff: Diff, dry_run: bool) -> None:
    for line in lines(diff):
        print(line)
    if not diff:
        print("nothing changes" if dry_run else "nothing changed")


@app.command("export")
def export(
    path: Annotated[Path, typer.Argument(help="Folder to write to; files of an inventory there are replaced.")],
) -> None:
    """Write the stored inventory as the files that `import` takes."""
    engine = _opened()
    try:
        write_folder(store.load(engine), path)
    except OSError as error:
        print(f"{path}: {error.strerror}", file=sys.stderr)
        raise typer.Exit(2) from None


@app.command("check")
def check_(
    as_json_: Json = False,
    fail: Annotated[bool, typer.Option("--fail", help="Exit with 1 where there is a warning.")] = False,
) -> None:
    """Say what the stored inventory lacks and what that costs, and how its areas have changed."""
    engine = _opened()
    stored = store.load(engine)
    warned = check(stored, _today())
    happened = changes(stored)
    if as_json_:
        found = [{"code": each.code, "text": each.text, "keys": each.keys} for each in warned]
        told = {"imported_at": _imported_at(engine), "warnings": found, "changes": [_change(it) for it in happened]}
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(f"last import: {_imported_at(engine) or 'never'}")
        for each in warned:
            print(f"{each.code}: {each}")
        for line in summary(stored, happened):
            print(line)
    if fail and warned:
        raise typer.Exit(1)


def _opened() -> Engine:
    """The store at its newest schema."""
    settings = Settings().storage
    engine = open_engine(settings.url, settings.cache)
    upgrade(engine)
    return engine


def _change(it: Change) -> dict[str, object]:
    return {"day": it.day.isoformat(), "kind": it.kind, "area": it.area, "others": it.others}


def _today() -> date:
    return datetime.now(INDIA).date()


def _imported_at(engine: Engine) -> str | None:
    last = store.last_import(engine)
    return last[1].isoformat(timespec="seconds") if last else None


@app.command("pack")
def pack(
    state: Annotated[str, typer.Option(help="LGD code of the state.")],
    out: Annotated[Path, typer.Option(help="Folder to write the inventory to.")],
    folder: Annotated[Path | None, typer.Argument(help="With `--from pmgsy`: the folder of the state's data.")] = None,
    source: Annotated[
        PackSource, typer.Option("--from", help="Public data to make it from.")
    ] = PackSource.POST_OFFICES,
) -> None:
    """Make an inventory of a state from public data, its equipment planned by rule."""
    from inventory.pack.facts import PackError

    if (folder is None) == (source is PackSource.PMGSY):
        raise typer.BadParameter("`--from pmgsy` needs the folder of the data, `--from post-offices` takes none")
    try:
        with progress_bar() as progress:
            inventory, report = _packed(state, folder, progress)
        write_folder(inventory, out)
        if report:
            _write_report(report, out)
    except PackError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    except OSError as error:
        print(f"{out}: {error.strerror}", file=sys.stderr)
        raise typer.Exit(2) from None


def _packed(state: str, folder: Path | None, progress: Callable[[str, float], None]) -> tuple[Inventory, Report | None]:
    from inventory.pack import pmgsy, post_offices

    if folder is None:
        return post_offices.build(state, progress), None
    built = pmgsy.build(state, folder, progress)
    return built.inventory, built.report


def _write_report(report: Report, out: Path) -> None:
    """To standard error and beside the inventory's files."""
    print(report.as_text(), file=sys.stderr)
    (out / "pack-report.txt").write_text(report.as_text() + "\n", encoding="utf-8")
    (out / "pack-report.json").write_text(json.dumps(report.as_json(), indent=1) + "\n", encoding="utf-8")


@contextmanager
def progress_bar() -> Iterator[Callable[[str, float], None]]:
    """A bar on standard error, moved by (what is being done, part of the whole that is over)."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=1.0)

        def show(text: str, over: float) -> None:
            if over >= 1:  # the outcome stays in full: a bar's line is cut at the terminal's width
                bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
            bar.update(task, description="done" if over >= 1 else text, completed=over)

        yield show
