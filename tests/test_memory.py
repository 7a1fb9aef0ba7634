"""What a process keeps of the memory that a busy moment needed."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

_BUSY = """
import numpy, pyarrow
from storage.memory import give_back_early
give_back_early()

def held_mb():
    with open("/proc/self/statm") as told:
        return int(told.read().split()[1]) * 4096 / 1e6

pyarrow.array(numpy.ones(1)).cast(pyarrow.float32())  # loads what it needs
numpy.ones(300_000)  # glibc raises its threshold at the first such column that is freed
small, large = [], []
before = held_mb()
for _ in range(100):
    large.append(numpy.ones(300_000))
    small.append(bytearray(5_000))  # keeps a heap from shrinking
large.append(pyarrow.array(numpy.ones(12_000_000)).cast(pyarrow.float32()))
busy = held_mb()
large.clear()
print(before, busy, held_mb())
"""


def test_columns_that_come_and_go_are_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _BUSY], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    before, busy, after = map(float, done.stdout.split())
    assert busy > before + 250
    assert after < before + 10


_HOLES = """
import time
from storage.memory import give_back_early, keep_giving_back
give_back_early()

def held_mb():
    with open("/proc/self/statm") as told:
        return int(told.read().split()[1]) * 4096 / 1e6

before = held_mb()
blocks = [bytearray(20_000) for _ in range(5_000)]
kept = blocks[::10]
del blocks
holed = held_mb()
keep_giving_back(0.01)
deadline = time.monotonic() + 20
while held_mb() > before + 30 and time.monotonic() < deadline:
    time.sleep(0.02)
print(before, holed, held_mb())
"""


def test_holes_between_what_is_kept_are_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _HOLES], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    before, holed, after = map(float, done.stdout.split())
    assert holed > before + 80
    assert after < before + 30


def test_arrays_are_made_without_pandas() -> None:
    lines = "import sys, numpy, pyarrow; pyarrow.array(numpy.ones(3)); print('pandas' in sys.modules)"
    without = "from storage.memory import do_without_pandas; do_without_pandas(); "
    said = [
        subprocess.run(
            [sys.executable, "-c", text], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
        ).stdout.strip()
        for text in (lines, without + lines)
    ]
    assert said == ["True", "False"]
