"""What processes cost, read from Linux' /proc."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pids: Iterable[int]) -> float:
    """CPU seconds of these processes so far and of their children that have ended, user and system (proc(5), stat).

    One that is gone itself counts for nothing.
    """
    return sum(_ticks(pid) for pid in pids) / _TICKS


def pss_mb(pids: Iterable[int]) -> float:
    """Memory of these processes together in MB, each shared page counted once among those who share it."""
    return sum(_pss_kb(pid) for pid in pids) / 1000 * 1.024


def family(pid: int) -> list[int]:
    """`pid` and every process below it."""
    found = [pid]
    for one in found:
        found.extend(_children(one))
    return found


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            yield from map(int, task.read_text(encoding="ascii").split())
        except OSError:  # the thread has ended
            continue


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime


def _pss_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
