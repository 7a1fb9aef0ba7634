"""Fixtures that every test may use."""

from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Engine

import alerts.tables  # noqa: F401 - registers its tables
import inventory.tables  # noqa: F401
import readiness.tables  # noqa: F401
from inventory.model import Inventory
from storage.engine import open_engine
from storage.metadata import metadata
from tests.small import small_inventory

# A busy machine is no failure: how long an example takes is the benchmarks' business.
hypothesis.settings.register_profile(
    "pahunch", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("pahunch")

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """An empty SQLite store with every table."""
    engine = open_engine(f"sqlite:///{tmp_path}/pahunch.db")
    metadata.create_all(engine)
    return engine


@pytest.fixture
def small() -> Inventory:
    return small_inventory()


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of device recordings, which lies beside the checkout; the test skips without it."""
    folder = SHARED / "devices"
    if not folder.is_dir():
        pytest.skip(f"recordings of devices are not at {folder}")
    return folder
