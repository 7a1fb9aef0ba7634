"""The limit of open files, in processes of their own: a limit that was lowered can't be raised again."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource
from collectors.descriptors import make_room
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(make_room({concurrency}), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "concurrency", "after", "said"),
    [
        (256, 4096, 1000, (3512, 3512, 4096), False),
        (256, 2048, 1000, (2048, 2048, 2048), True),
        (4000, 4096, 1000, (4000, 4000, 4096), False),
        (256, 4096, 10, (542, 542, 4096), False),
    ],
)
def test_the_soft_limit_is_raised_as_far_as_polls_need_and_the_system_allows(
    soft: int, hard: int, concurrency: int, after: tuple[int, int, int], *, said: bool
) -> None:
    script = SCRIPT.format(soft=soft, hard=hard, concurrency=concurrency)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert tuple(map(int, done.stdout.splitlines()[-1].split())) == after
    assert ("too few open files" in done.stdout + done.stderr) is said
