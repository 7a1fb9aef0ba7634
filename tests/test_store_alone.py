"""Only one process at a time does what only one may do on a store."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage.engine import StoreInUseError, alone, open_engine
from tests.postgres import postgres


def _url(kind: str, folder: Path) -> AbstractContextManager[str]:
    return postgres() if kind == "postgresql" else nullcontext(f"sqlite:///{folder}/pahunch.db")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """Two engines on one store, as two processes would have them."""
    with _url(request.param, tmp_path) as url:
        engines = open_engine(url), open_engine(url)
        yield engines
        for engine in engines:
            engine.dispose()


def test_a_second_holder_is_refused_until_the_first_lets_go(stores: tuple[Engine, Engine]) -> None:
    first, second = stores
    with alone(first, "collect"), pytest.raises(StoreInUseError, match="collect"), alone(second, "collect"):
        pass
    with alone(second, "collect"), alone(first, "something else"):
        pass
