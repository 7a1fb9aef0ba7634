"""Table of what endpoints show beside their answers."""

from sqlalchemy import Column, String, Table

from storage.metadata import metadata
from storage.types import UtcTime

endpoint_certificate = Table(
    "endpoint_certificate",
    metadata,
    Column("endpoint", String, primary_key=True),
    Column("ends_at", UtcTime, nullable=False),  # of the one that ends first, where several servers answer
)
