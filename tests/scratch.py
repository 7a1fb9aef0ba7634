"""Where a run of the tests keeps its files: in memory where there is room.

Each of a thousand tests makes a store, which is hundreds of files: on a disk most of its time goes there. Nothing here
tests a disk: what has to survive kill -9 survives it in memory too, and fsync is watched where it is called.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MEMORY = Path("/dev/shm")
_NAME = "pahunch-tests-"
_ROOM = 4 * 2**30
"""Bytes; two halves of a run were seen to hold 0.2 GB each."""


@contextmanager
def in_memory() -> Iterator[Path | None]:
    """Temporary files of this process and of what it starts lie in memory until the end of the block.

    None where TMPDIR says otherwise, or there is no room.
    """
    if "TMPDIR" in os.environ or not _has_room():
        yield None
        return
    _forget_the_dead()
    folder = _MEMORY / f"{_NAME}{os.getpid()}"
    folder.mkdir(mode=0o711)  # PostgreSQL runs as another user
    os.environ["TMPDIR"], tempfile.tempdir = str(folder), None
    yield folder
    del os.environ["TMPDIR"]
    tempfile.tempdir = None
    shutil.rmtree(folder, ignore_errors=True)


def _has_room() -> bool:
    return _MEMORY.is_dir() and min(shutil.disk_usage(_MEMORY).free, _free_memory()) > _ROOM


def _free_memory() -> int:
    """Bytes that could be had without swapping; 0 where the system does not tell."""
    told = Path("/proc/meminfo").read_text(encoding="ascii").partition("MemAvailable:")[2].split()
    return int(told[0]) * 1024 if told else 0


def _forget_the_dead() -> None:
    """Remove what runs left that were killed."""
    for left in _MEMORY.glob(f"{_NAME}*"):
        if not Path(f"/proc/{left.name.removeprefix(_NAME)}").exists():
            shutil.rmtree(left, ignore_errors=True)  # another user's stays; another run may be at it too


def keep_bytecode() -> None:
    """Let what this process starts keep what it compiled, also where the environment forbids it: a role of the product
    then starts in three quarters of the time, and the tests of the next run are read at once.
    """
    sys.dont_write_bytecode = False
    os.environ["PYTHONDONTWRITEBYTECODE"] = ""
