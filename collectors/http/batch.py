"""Looks at endpoints as a batch of columns."""

from collections.abc import Sequence

from collectors.beside import Cell, without_polls
from collectors.http.look import Look
from collectors.metrics import NUMBER
from collectors.model import Batch


class Columns:
    """Makes batches that share the names of who looked and of what was looked at."""

    def __init__(self, eyes: Sequence[str], endpoints: Sequence[str]) -> None:
        self._eyes, self._endpoints = tuple(eyes), tuple(endpoints)
        self._eye = {name: number for number, name in enumerate(self._eyes)}
        self._endpoint = {code: number for number, code in enumerate(self._endpoints)}

    def batch(self, looks: Sequence[tuple[str, Look]], now: float) -> Batch:
        """Looks, each with the name of the device by whose eyes it was made."""
        cells = [
            Cell(self._eye[eyes], look.at, NUMBER[metric], self._endpoint[code], value)
            for eyes, look in looks
            for metric, code, value in look.cells()
        ]
        return without_polls(self._eyes, self._endpoints, cells, now)
