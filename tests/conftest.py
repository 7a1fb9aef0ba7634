"""Fixtures that every test may use."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Engine

import alerts.tables  # noqa: F401 - registers its tables
import collectors.checkin.tables
import collectors.config.tables  # noqa: F401
import inventory.tables  # noqa: F401
import readiness.tables  # noqa: F401
from inventory.model import Inventory
from storage.engine import open_engine
from storage.metadata import metadata
from tests import postgres
from tests.postgres import Cluster
from tests.small import small_inventory

# A busy machine is no failure: how long an example takes is the benchmarks' business. The same examples at every run, so
# that a change is judged by what it changed; PAHUNCH_TEST_EXPLORE=1 looks for new ones.
hypothesis.settings.register_profile(
    "pahunch",
    derandomize="PAHUNCH_TEST_EXPLORE" not in os.environ,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    print_blob=True,
)
hypothesis.settings.load_profile("pahunch")

SHARED = Path(__file__).parents[2] / "shared" / "data"


BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.server)]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One PostgreSQL for the whole session; what asks for it skips where the server isn't installed."""
    with postgres.cluster() as found:
        yield found


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty store with every table, on either database."""
    with _url(request, tmp_path, tables=True) as url:
        yield from _opened(url)


@pytest.fixture(scope="module", params=BOTH)
def shared_engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """As `engine`, for a module whose tests only read and so share a store."""
    with _url(request, tmp_path_factory.mktemp("store"), tables=True) as url:
        yield from _opened(url)


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables, on either server."""
    with _url(request, tmp_path, tables=False) as url:
        yield url


def _url(request: pytest.FixtureRequest, folder: Path, *, tables: bool) -> AbstractContextManager[str]:
    if request.param == "sqlite":
        return nullcontext(f"sqlite:///{folder}/pahunch.db")
    found: Cluster = request.getfixturevalue("cluster")
    return found.database(tables=tables)


def _opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    if engine.dialect.name == "sqlite":
        metadata.create_all(engine)
    yield engine
    engine.dispose()


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
