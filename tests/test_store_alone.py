"""Only one process at a time does what only one may do on a store."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from sqlalchemy import Engine

from storage.engine import StoreInUseError, alone, open_engine


@pytest.fixture
def stores(empty_url: str) -> Iterator[tuple[Engine, Engine]]:
    """Two engines on one store, as two processes would have them."""
    engines = open_engine(empty_url), open_engine(empty_url)
    yield engines
    for engine in engines:
        engine.dispose()


def test_a_second_holder_is_refused_until_the_first_lets_go(stores: tuple[Engine, Engine]) -> None:
    first, second = stores
    with alone(first, "collect"), pytest.raises(StoreInUseError, match="collect"), alone(second, "collect"):
        pass
    with alone(second, "collect"), alone(first, "something else"):
        pass


def test_who_let_go_holds_nothing_any_more(stores: tuple[Engine, Engine]) -> None:
    """Also where connections stand by and the next one comes at once, and where the block ended in an error."""
    first, second = stores
    for _ in range(25):
        with ExitStack() as opened:
            for engine in (first, second) * 2:
                opened.enter_context(engine.connect())
        for engine in (first, second) * 2:
            with suppress(KeyError), alone(engine, "collect"):
                raise KeyError
