"""Roles as processes: what one's end means for the others, and what they share."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import wait_until

_ROOT = Path(__file__).parents[1]
# Roles write what they have to tell into files: a line each, by name and process.
_SCRIPT = """
import multiprocessing, os, signal, sys, time
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from storage.processes import AGAIN, run_together

folder = Path(sys.argv[1])

def begins(name):
    with (folder / name).open("a") as out:
        print(os.getpid(), "decimal" in sys.modules, signal.getsignal(signal.SIGTERM).name, file=out, flush=True)

def stays(name):
    begins(name)
    while True:
        time.sleep(60)

def watches(name):
    begins(name)
    wait([multiprocessing.parent_process().sentinel])

def ends(name, code, times=1):
    begins(name)
    while not (folder / "stays").exists():  # before its sibling has begun this would tell nothing
        time.sleep(0.01)
    if len((folder / name).read_text().splitlines()) <= times:
        sys.exit(code)
    time.sleep(60)

how = {"both watch": [partial(watches, "stays"), partial(watches, "other")],
       "both stay": [partial(stays, "stays"), partial(stays, "other")],
       "one ends": [partial(stays, "stays"), partial(ends, "ends", 0)],
       "one fails": [partial(stays, "stays"), partial(ends, "ends", 3)],
       "one wants to begin anew": [partial(stays, "stays"), partial(ends, "ends", AGAIN, 2)]}
assert "decimal" not in sys.modules
sys.exit(run_together(how[sys.argv[2]], ["decimal"]))
"""


@contextmanager
def _running(folder: Path, how: str) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", _SCRIPT, str(folder), how], cwd=_ROOT) as process:
        try:
            yield process
        finally:
            process.kill()
            for pid in _told(folder):
                if _lives(pid):
                    os.kill(pid, signal.SIGKILL)


def _lines(folder: Path) -> list[list[str]]:
    return [line.split() for path in sorted(folder.iterdir()) for line in path.read_text().splitlines()]


def _told(folder: Path) -> list[int]:
    return [int(pid) for pid, *_ in _lines(folder)]


def _lives(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize(("how", "code"), [("one ends", 0), ("one fails", 3)])
def test_when_one_ends_the_others_do_too(tmp_path: Path, how: str, code: int) -> None:
    with _running(tmp_path, how) as process:
        assert process.wait(60) == code
        pids = _told(tmp_path)
        assert len(set(pids)) == 2
        assert not any(_lives(pid) for pid in pids)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_is_told_to_end_tells_the_roles(tmp_path: Path, number: signal.Signals) -> None:
    with _running(tmp_path, "both stay") as process:
        wait_until(lambda: len(_told(tmp_path)) == 2, seconds=60, saying="both roles run")
        process.send_signal(number)
        assert process.wait(60) == 0
        assert not any(_lives(pid) for pid in _told(tmp_path))


def test_who_wants_to_begin_anew_does_so_in_another_process_while_the_other_goes_on(tmp_path: Path) -> None:
    with _running(tmp_path, "one wants to begin anew") as process:
        ends = tmp_path / "ends"
        wait_until(lambda: ends.exists() and len(ends.read_text().splitlines()) == 3, seconds=60, saying="begun thrice")
        assert process.poll() is None
        assert len(set(_told(tmp_path))) == 4
        assert len((tmp_path / "stays").read_text().splitlines()) == 1


def test_roles_find_the_shared_modules_loaded_and_no_handler_of_their_parent(tmp_path: Path) -> None:
    with _running(tmp_path, "both stay"):
        wait_until(lambda: len(_told(tmp_path)) == 2, seconds=60, saying="both roles run")
        assert [told for _, *told in _lines(tmp_path)] == 2 * [["True", "SIG_DFL"]]


def test_roles_see_that_their_parent_was_killed(tmp_path: Path) -> None:
    """The one that began later holds the other's pipe to the parent, until it has seen it itself."""
    with _running(tmp_path, "both watch") as process:
        wait_until(lambda: len(_told(tmp_path)) == 2, seconds=60, saying="both roles run")
        process.kill()
        wait_until(lambda: not any(_lives(pid) for pid in _told(tmp_path)), seconds=60, saying="both roles have ended")
