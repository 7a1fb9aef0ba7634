"""The check-in as it is set up and run: enrolment, the roles as processes, the list of agents."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from typer.testing import CliRunner

from collectors.checkin import pahunch_checkin
from collectors.checkin.cli import app
from inventory.store import apply
from readiness.tables import state
from storage.engine import open_engine
from storage.migrate import upgrade
from tests.checkins import PC, SITE, checking_in
from tests.servers import free_port, wait_until

MANAGE = Path(__file__).parents[1] / "manage.py"


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The store of a product whose settings are in the environment; kendra 1 is to check in and has no key yet."""
    url = f"sqlite:///{tmp_path}/pahunch.db"
    monkeypatch.setenv("PAHUNCH_STORAGE__URL", url)
    monkeypatch.setenv("PAHUNCH_STORAGE__HISTORY", str(tmp_path / "history"))
    monkeypatch.setenv("PAHUNCH_COLLECT__METRICS_PORT", "0")
    monkeypatch.setenv("PAHUNCH_TEST_COMMUNITY", "public")
    monkeypatch.chdir(tmp_path)
    engine = open_engine(url)
    upgrade(engine)
    apply(engine, checking_in(tmp_path, endpoints=False), datetime.now(UTC))
    (tmp_path / "keys" / SITE).unlink()
    return engine


@contextmanager
def role(name: str, folder: Path) -> Iterator[None]:
    """A role as a process of its own until the end of the block."""
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, str(MANAGE), name], stdout=log, stderr=log)
    try:
        yield
        assert process.poll() is None, (folder / f"{name}.log").read_text(errors="replace")[-2000:]
    finally:
        process.terminate()
        try:
            process.wait(60)
        finally:
            process.kill()


def test_from_enrolment_to_a_state_on_the_map(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("PAHUNCH_CHECKIN__PORT", str(port))
    enrolled = CliRunner().invoke(app, ["enrol", SITE, "--server", f"http://127.0.0.1:{port}"])
    assert enrolled.exit_code == 0
    (tmp_path / "checkin.json").write_text(enrolled.stdout)
    key = json.loads(enrolled.stdout)["key"]
    # The command that is told stores the key where the reference leads, for its owner only.
    (line,) = [line for line in enrolled.stderr.splitlines() if "printf" in line]
    subprocess.run(["bash", "-c", line], check=True)
    stored = tmp_path / "keys" / SITE
    assert (stored.read_text().strip(), stored.stat().st_mode & 0o077) == (key, 0)
    agent = [sys.executable, pahunch_checkin.__file__, "--config", str(tmp_path / "checkin.json"), "--once"]

    def is_seen() -> bool:
        # What was told before `collect` looked for the first time is of a time in which nobody watched.
        sent = subprocess.run(agent, capture_output=True, check=False).returncode == 0
        with engine.connect() as connection:
            return sent and connection.execute(select(state.c.status).where(state.c.subject == PC)).scalar() == "up"

    with role("receive", tmp_path), role("collect", tmp_path):
        wait_until(is_seen, seconds=120, every=0.5, saying="collect takes up a check-in")
    (told,) = [json.loads(row) for row in CliRunner().invoke(app, ["list", "--json"]).stdout.splitlines()]
    assert (told["site"], told["pc"], told["current"], told["dropped"]) == (SITE, PC, True, 0)
    assert abs(told["clock_error_s"]) < 60
    leaked = [path for path in tmp_path.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]
    assert set(leaked) == {tmp_path / "checkin.json", stored}


@pytest.mark.parametrize(("site", "said"), [("kendra2", "has no active device"), ("nowhere", "no site 'nowhere'")])
def test_only_a_kendra_that_can_check_in_is_enrolled(engine: Engine, site: str, said: str) -> None:
    refused = CliRunner().invoke(app, ["enrol", site, "--server", "https://x"], env={"COLUMNS": "200"})
    assert refused.exit_code == 2
    assert said in refused.output
    assert list(Path("keys").iterdir()) == []


def test_who_never_checked_in_is_listed_too(engine: Engine) -> None:
    shown = CliRunner().invoke(app, ["list"], env={"COLUMNS": "200"}).stdout
    assert SITE in shown
    assert "never" in shown
