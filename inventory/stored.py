"""The inventory's tables as Arrow batches, a kind each."""

from collections.abc import Mapping

import pyarrow as pa
from sqlalchemy import Boolean, Connection, Date, Float, Integer, LargeBinary, String, Table, select

from inventory import tables
from inventory.columnar import packed
from inventory.kinds import AREA_VERSIONS, BOUNDARIES, BY_NAME, STORED, Record, inventory_of
from inventory.lookup import HASH, PLACE
from inventory.model import Inventory
from inventory.records import Records, Shapes

TABLES: Mapping[str, Table] = {
    "credentials": tables.credential,
    "sources": tables.source,
    "endpoints": tables.endpoint,
    "services": tables.service,
    "service_rollout": tables.service_rollout,
    "areas": tables.area,
    AREA_VERSIONS.name: tables.area_version,
    "gp_rollout": tables.gp_rollout,
    "sites": tables.site,
    "devices": tables.device,
    "links": tables.link,
    BOUNDARIES: tables.boundary,
}
Batches = Mapping[str, pa.RecordBatch]
"""One for each of TABLES."""

_FEW = {"credentials", "sources", "endpoints", "services", "service_rollout", AREA_VERSIONS.name}
"""Kinds that are kept as records: some hundred rows that are asked for again and again."""
_TYPES = {
    String: pa.string(),
    Float: pa.float64(),
    Integer: pa.int32(),
    Boolean: pa.bool_(),
    Date: pa.date32(),
    LargeBinary: pa.binary(),
}
_TOGETHER = 20_000  # rows taken from the database at a time


def fetched(connection: Connection, name: str) -> pa.RecordBatch:
    """The rows of one of TABLES: its key, then the kind's columns."""
    table = TABLES[name]
    schema = schema_of(name)
    wanted = select(*(table.c[it] for it in schema.names))
    rows = connection.execute(wanted, execution_options={"yield_per": _TOGETHER})
    encoded = [column.name for column in BY_NAME[name].columns if column.encoded] if name in BY_NAME else []
    return packed(schema, rows.partitions(), encoded)


def schema_of(name: str) -> pa.Schema:
    """What `fetched` gives, before columns of few different values become words."""
    table = TABLES[name]
    (key,) = table.primary_key.columns
    plain = BY_NAME[name].plain if name in BY_NAME else table.columns.keys()
    columns = [key, *(table.c[it] for it in plain if it != key.name)]
    return pa.schema([(column.name, _TYPES[type(column.type)]) for column in columns])


def is_laid_out(name: str, batch: pa.RecordBatch) -> bool:
    """Whether a batch has the columns that `fetched` gives it."""
    return bool(batch.schema.names == [*schema_of(name).names, HASH, PLACE])


def inventory_from(batches: Batches) -> Inventory:
    """The inventory that they hold, each kind in the order of its keys."""
    kinds: dict[str, Mapping[str, Record]] = {kind.name: Records(kind, batches[kind.name]) for kind in STORED}
    kinds |= {name: dict(kinds[name].items()) for name in _FEW}
    return inventory_of(kinds, Shapes(batches[BOUNDARIES]))
