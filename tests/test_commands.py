"""What a newcomer meets who mistypes something: one line and exit code 2, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

import manage

MANAGE = Path(__file__).parents[1] / "manage.py"


@pytest.mark.parametrize(
    ("command", "variable", "said"),
    [
        (["status"], "", "db upgrade"),
        (["status"], "PAHUNCH_STORAGE__URL=garbage", "storage.url"),
        (["status"], "PAHUNCH_STORAGE__URL=mysql://there/store", "storage.url"),
        (["status"], "PAHUNCH_STORAGE__URL=postgresql+psycopg://u:hidden@127.0.0.1:1/x", "The store cannot be used"),
        (["serve", "--port", "99999"], "", "65535"),
        (["demo", "--port", "99999"], "", "65535"),
    ],
)
def test_wrong_use(tmp_path: Path, command: list[str], variable: str, said: str) -> None:
    refused(tmp_path, command, said, dict([variable.split("=", 1)]) if variable else {})


def test_a_broken_settings_file(tmp_path: Path) -> None:
    (tmp_path / "pahunch.toml").write_text("[collect\n")
    refused(tmp_path, ["status"], "pahunch.toml")


def refused(folder: Path, command: list[str], said: str, variables: dict[str, str] | None = None) -> None:
    ended = subprocess.run(
        [sys.executable, str(MANAGE), *command],
        cwd=folder,
        env=os.environ | (variables or {}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "hidden" not in ended.stderr


def test_a_command_that_is_done_imports_nothing_of_the_product() -> None:
    """Each ends by SystemExit, through the same handler as what went wrong."""
    code = f"""
import runpy, sys
sys.argv = ["manage.py", "config", "--help"]
try:
    runpy.run_path({str(MANAGE)!r}, run_name="__main__")
except SystemExit as done:
    print(done.code, [name for name in ("api.serve", "simulator.process") if name in sys.modules])
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=MANAGE.parent, capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout.splitlines()[-1] == "0 []"


def test_a_traceback_in_the_log_shows_no_local_variable(capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    manage._log_to_stderr()
    url = f"hidden-{MANAGE.stem}"
    try:
        Path(f"nowhere {len(url)}").read_bytes()
    except OSError:
        structlog.get_logger().exception("cannot be read")
    finally:
        structlog.configure(**before)
    told = capsys.readouterr().err
    assert "cannot be read" in told
    assert "Traceback" in told
    assert f"hidden-{MANAGE.stem}" not in told
