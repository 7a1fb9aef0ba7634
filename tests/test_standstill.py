"""The suite's own rule: asked again is only what failed while the machine stood still."""

import subprocess
import sys
from pathlib import Path

SUITE = """
import os, signal, subprocess, time
from pathlib import Path

def fails_once(name):
    seen = Path(__file__).with_name(name)
    first = not seen.exists()
    seen.touch()
    assert not first

def test_goes_on():
    fails_once("went on")

def test_stands_still():
    subprocess.Popen(["sh", "-c", f"sleep 0.6; kill -CONT {os.getpid()}"])
    os.kill(os.getpid(), signal.SIGSTOP)
    fails_once("stood still")

def test_is_wrong():
    subprocess.Popen(["sh", "-c", f"sleep 0.6; kill -CONT {os.getpid()}"])
    os.kill(os.getpid(), signal.SIGSTOP)
    raise AssertionError
"""


def test_what_failed_while_the_machine_stood_still_is_asked_once_again(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(SUITE)
    plugins = ["-p", "tests.standstill", "-p", "no:xdist", "-p", "no:cacheprovider"]
    asked = [sys.executable, "-m", "pytest", "-q", "-rR", *plugins, "-c", "/dev/null", "--rootdir", str(tmp_path)]
    ended = subprocess.run(
        [*asked, str(tmp_path)], cwd=Path(__file__).parents[1], capture_output=True, text=True, timeout=60, check=False
    )
    assert "2 failed, 1 passed, 2 rerun" in ended.stdout, ended.stdout
    again = {line.partition("::")[2] for line in ended.stdout.splitlines() if line.startswith("RERUN")}
    assert again == {"test_stands_still", "test_is_wrong"}
