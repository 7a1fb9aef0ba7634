"""How this process takes memory from the system: it gives back what a busy hour needed, and no thread hoards its own."""

import ctypes
import sys
import threading
import time
from collections.abc import Callable

import pyarrow as pa

# glibc's mallopt(3), from its malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_ARENAS = 2
_LARGE = 1 << 20  # octets: a column of a country's devices is a mapping of its own, gone when it is freed


def give_back_early() -> None:
    """Keep no more free memory than a few MB; to be called before the first thread is started.

    By itself glibc keeps an arena a thread, and raises the size from which memory is mapped with each column that is
    freed (up to 32 MB), so that columns which come and go leave holes in a heap that only grows. Arrow's own pool
    keeps what it was given once. Measured with 264,000 devices: docs/performance.md.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none, and other habits
    if mallopt is not None:
        for parameter, value in ((_ARENA_MAX, _ARENAS), (_MMAP_THRESHOLD, _LARGE), (_TRIM_THRESHOLD, 4 * _LARGE)):
            mallopt(parameter, value)
    pa.set_memory_pool(pa.system_memory_pool())


def keep_giving_back(every_s: float = 20.0) -> None:
    """Let a thread give the free pages of the heaps back now and then, for as long as the process lives.

    The thresholds of `give_back_early` work at a heap's end only: 30,000 strangers that were recognised leave free
    pages between what is kept. malloc_trim(3) finds those; other C libraries have none.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        threading.Thread(target=_keep_trimming, args=(trim, every_s), name="giving back", daemon=True).start()


def _keep_trimming(trim: Callable[[int], int], every_s: float) -> None:
    while True:
        time.sleep(every_s)
        trim(0)  # ctypes lets go of the GIL meanwhile


class _Unwanted:
    """An import finder (PEP 451) that finds pandas nowhere."""

    def find_spec(self, name: str, _path: object, _target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(f"{name} is not for this process", name=name)


def do_without_pandas() -> None:
    """Pyarrow loads pandas, where it is installed, at its first array, only to tell whether it was given a Series: 54 MB.

    For a process that makes no data frames.
    """
    if not any(isinstance(finder, _Unwanted) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Unwanted())
