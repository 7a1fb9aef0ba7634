"""A copy of store and history that can be put back: a folder, or the same in one tar file.

manifest.json comes last and names every file with its checksum: a copy without it is incomplete.
"""

import hashlib
import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Engine

from storage.atomic import TEMPORARY
from storage.dump import FILES, dump, is_empty, load
from storage.engine import alone
from storage.migrate import revision_of, revisions, upgrade
from storage.monthly import SUMS
from storage.segments import FOLDERS

_MANIFEST = "manifest.json"
_HISTORY = "history"
_RESTORING = ".restoring-"

Progress = Callable[[str, int, int], None]
"""Called with what is being done, octets done and octets in all."""


class BackupError(Exception):
    """A backup can't be made or put back; the message says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    sha256: str
    octets: int


@dataclass(frozen=True, slots=True)
class Manifest:
    made_at: str  # ISO 8601, UTC
    database: str  # sqlite or postgresql
    revision: str  # of the store's schema
    files: dict[str, Entry]  # by path in the backup


def back_up(
    engine: Engine, history: Path, target: Path, now: datetime, progress: Progress, *, samples: bool = True
) -> Manifest:
    """Copy the store and the history to `target`: a tar file where it is called so, else a new folder.

    Polling, judgement and pages go on meanwhile; closing of months waits (StoreInUseError while
    one is under way). With `samples` False only the closed months of transitions are taken of the
    history. Raises BackupError, DumpError.
    """
    if target.exists():
        raise BackupError(f"{target} is there already: a backup is a new file or folder")
    revision = revision_of(engine)
    if revision is None:
        raise BackupError(f"there is no store at {engine.url.render_as_string()}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        alone(engine, "months"),
        _copy_to(target) as add,
        TemporaryDirectory(dir=target.parent, prefix=TEMPORARY) as work,
    ):
        stored = Path(work) / FILES[engine.dialect.name]
        dump(engine, stored)
        files = {stored.name: add(stored.name, stored)}
        files |= _copy_history(history, add, progress, samples=samples)
        manifest = Manifest(now.isoformat(), engine.dialect.name, revision, files)
        (Path(work) / _MANIFEST).write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
        add(_MANIFEST, Path(work) / _MANIFEST)
    return manifest


Add = Callable[[str, Path], Entry]


@contextmanager
def _copy_to(target: Path) -> Iterator[Add]:
    """Copies files under a name in the backup. `target` is there when the block ends well, else nothing."""
    unfinished = target.with_name(TEMPORARY + target.name)
    try:
        if target.suffix == ".tar":
            unfinished.touch(mode=0o600)
            with tarfile.open(unfinished, "w") as tar:
                yield lambda name, source: _hashed(source, lambda: tar.add(source, name))
        else:
            unfinished.mkdir(mode=0o700)
            yield lambda name, source: _hashed(source, lambda: _copy_file(source, unfinished / name))
        unfinished.rename(target)
    finally:
        _remove(unfinished)


def _hashed(source: Path, copy: Callable[[], object]) -> Entry:
    entry = _entry(source)
    copy()
    return entry


def _entry(path: Path) -> Entry:
    with path.open("rb") as file:
        return Entry(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def _copy_history(history: Path, add: Add, progress: Progress, *, samples: bool) -> dict[str, Entry]:
    """Files are never changed, only added and removed: what compaction removes meanwhile is in a newer file."""
    copied: dict[str, Entry] = {}
    vanished = True
    while vanished:
        vanished = False
        files = [path for path in _files(history, samples=samples) if _name(history, path) not in copied]
        done, total = 0, sum(map(_size, files))
        for path in files:
            try:
                entry = copied[_name(history, path)] = add(_name(history, path), path)
            except FileNotFoundError:
                vanished = True
            else:
                done += entry.octets
            progress("history", done, total)
    return copied


def _files(history: Path, *, samples: bool) -> list[Path]:
    """What can't be made again. Sums are replaced at any time, and a checksum of one may be of the file before."""
    left_out = {SUMS} if samples else {SUMS, *FOLDERS}
    inside = ((path, path.relative_to(history).parts) for path in sorted(history.rglob("*.parquet")))
    return [path for path, parts in inside if parts[0] not in left_out and not any(p.startswith(".") for p in parts)]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _name(history: Path, path: Path) -> str:
    return f"{_HISTORY}/{path.relative_to(history).as_posix()}"


def put_back(engine: Engine, history: Path, source: Path, progress: Progress, *, force: bool = False) -> Manifest:
    """Make store and history what the backup says, then bring the store to the newest schema.

    Nothing is touched before every file has proved to be what the manifest says. Store and history
    must be empty, unless `force` gives them up. Interrupted, it is to be run again with `force`.
    Raises BackupError, DumpError, and StoreInUseError while somebody collects.
    """
    with alone(engine, "collect"):
        if not force and not (is_empty(engine) and not _files(history, samples=True)):
            raise BackupError(
                f"{engine.url.render_as_string()} or {history} isn't empty: --force gives up what is there"
            )
        history.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=history, prefix=_RESTORING) as work:  # there, for it may be a disk of its own
            staged = Path(work)
            manifest = _staged(source, staged, progress)
            _check(manifest, engine)
            load(engine, staged / FILES[manifest.database])
            _exchange(history, staged)
    upgrade(engine)
    return manifest


def _exchange(history: Path, staged: Path) -> None:
    (staged / "before").mkdir()
    for old in history.iterdir():
        if old != staged:
            old.rename(staged / "before" / old.name)
    for new in (staged / _HISTORY).glob("*"):
        new.rename(history / new.name)


def _check(manifest: Manifest, engine: Engine) -> None:
    if manifest.database != engine.dialect.name:
        raise BackupError(f"this is a backup of {manifest.database}; storage.url names {engine.dialect.name}")
    if manifest.revision not in revisions():
        raise BackupError(f"this backup has schema {manifest.revision}, which is newer than this version of Pahunch")


def _staged(source: Path, staged: Path, progress: Progress) -> Manifest:
    """The backup's files in `staged`, each checked."""
    try:
        if source.is_dir():
            shutil.copytree(source, staged, dirs_exist_ok=True)
        else:
            with tarfile.open(source) as tar:
                tar.extractall(staged, filter="data")
        manifest = TypeAdapter(Manifest).validate_json((staged / _MANIFEST).read_bytes())
    except (OSError, tarfile.TarError, ValidationError) as error:
        raise BackupError(f"{source} is no whole backup: {error}") from error
    done, total = 0, sum(entry.octets for entry in manifest.files.values())
    for name, entry in manifest.files.items():
        progress("checking", done, total)
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise BackupError(f"{source}: {name} leads out of it")
        if not (staged / name).is_file() or _entry(staged / name) != entry:
            raise BackupError(f"{source}: {name} isn't what the manifest says; nothing was changed")
        done += entry.octets
    return manifest
