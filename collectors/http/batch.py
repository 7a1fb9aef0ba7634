"""Looks at endpoints as a batch of columns; it holds no polls, for nobody was polled."""

from collections.abc import Sequence

import numpy as np

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
        rows = [(self._eye[eyes], look.at, *cell) for eyes, look in looks for cell in look.cells()]
        eyes, at, metrics, codes, values = zip(*rows, strict=True) if rows else ((), (), (), (), ())
        no_reason = np.zeros(0, np.int8)
        return Batch(
            devices=self._eyes,
            instances=self._endpoints,
            poll_device=np.zeros(0, np.int32),
            poll_at=np.zeros(0),
            poll_took_ms=np.zeros(0, np.float32),
            poll_reached=np.zeros(0, np.bool_),
            poll_reason=no_reason,
            burst_sent=no_reason,
            burst_answered=no_reason,
            sample_device=np.array(eyes, np.int32),
            sample_metric=np.array([NUMBER[metric] for metric in metrics], np.int16),
            sample_instance=np.array([self._endpoint[code] for code in codes], np.int32),
            sample_at=np.array(at, np.float64),
            sample_value=np.array(values, np.float64),
            closed_at=now,
        )
