"""Fixtures that every test may use."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Engine
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

import alerts.tables  # noqa: F401 - registers its tables
import collectors.checkin.tables
import collectors.config.tables
import collectors.http.tables  # noqa: F401
import inventory.tables  # noqa: F401
import readiness.tables  # noqa: F401
from inventory.model import Inventory
from storage.engine import open_engine
from tests import postgres, scratch
from tests.postgres import Cluster
from tests.small import small_inventory
from tests.stores import Schema, file_with
from tests.waiting import Unhurried

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

pytest_plugins = ["tests.standstill"]
SHARED = Path(__file__).parents[2] / "shared" / "data"


BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.server)]


# The longest first: whoever takes one of them up at last lets the other workers wait for it.
BROWSER = "tests/browser/"
LONGEST = (
    "tests/browser/test_page.py", "tests/browser/test_map.py", "tests/e2e/test_main_job.py", "tests/e2e/test_kill.py",
    "tests/test_bench_country.py", "tests/test_maps_tiles.py", "tests/test_bench_state.py", "tests/test_ssh_platforms.py",
    "tests/test_bench_observe.py", "tests/test_run_fleet.py", "tests/e2e/test_dashboards.py",
    "tests/test_hostile_agents.py", "tests/test_checkin_agent.py", "tests/test_alerts_store_away.py",
    "tests/test_pack_states.py", "tests/test_inventory_roundtrip.py", "tests/test_influx_outage.py",
)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    _forget_what_the_user_set()
    scratch.keep_bytecode()
    if not hasattr(config, "workerinput"):  # pytest-xdist's workers are told where
        kept = ExitStack()
        kept.enter_context(scratch.in_memory())
        config.add_cleanup(kept.close)


def _forget_what_the_user_set() -> None:
    """The product's settings, which reach every process that a test starts, and proxies, which know no 127.0.0.1."""
    for name in list(os.environ):
        settings = name.startswith("PAHUNCH_") and not name.startswith("PAHUNCH_TEST_")
        if settings or name.lower() in {"http_proxy", "https_proxy", "all_proxy"}:
            del os.environ[name]


class _Files(LoadFileScheduling):  # type: ignore[misc]
    """A file is a worker's whole; so are all that drive Chromium: two at once want more than two cores."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return BROWSER if file.startswith(BROWSER) else file


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"loop": Unhurried if item.get_closest_marker("unhurried") else asyncio.new_event_loop}


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _Files:
    return _Files(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files keep together, and what is in a file keeps its order."""
    turns = {path: turn for turn, path in enumerate(LONGEST)}
    items.sort(key=lambda item: turns.get(item.nodeid.partition("::")[0], len(turns)))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One PostgreSQL for the whole session; what asks for it skips where the server isn't installed."""
    with postgres.cluster() as found:
        yield found


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty store with every table, on either database."""
    with _store(request, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module", params=BOTH)
def shared_engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """As `engine`, for a module whose tests only read and so share a store."""
    with _store(request, tmp_path_factory.mktemp("store")) as opened:
        yield opened


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables, on either server."""
    with _database(request, tmp_path, Schema.NONE) as url:
        yield url


@pytest.fixture(params=BOTH)
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database that stands at the newest migration, on either server."""
    with _database(request, tmp_path, Schema.MIGRATED) as url:
        yield url


@contextmanager
def _store(request: pytest.FixtureRequest, folder: Path) -> Iterator[Engine]:
    with _database(request, folder, Schema.TABLES) as url:
        engine = open_engine(url)
        yield engine
        engine.dispose()


def _database(request: pytest.FixtureRequest, folder: Path, schema: Schema) -> AbstractContextManager[str]:
    if request.param == "sqlite":
        return nullcontext(file_with(schema, folder / "pahunch.db"))
    found: Cluster = request.getfixturevalue("cluster")
    return found.database(schema)


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
