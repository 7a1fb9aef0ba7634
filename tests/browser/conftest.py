"""The browser's tests are about pages: one database is enough for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage.engine import open_engine
from storage.metadata import metadata


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty SQLite store with every table."""
    opened = open_engine(f"sqlite:///{tmp_path}/pahunch.db")
    metadata.create_all(opened)
    yield opened
    opened.dispose()
