"""Samples as Prometheus' text, made in columns.

Prometheus' client makes an object of each sample: of a state's 200,000 that took the interpreter 2.5 s.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from collectors.metrics import METRICS, Kind
from collectors.sinks.latest import Latest
from collectors.sinks.names import EXPOSED
from collectors.sinks.texts import beside, column, whole, written

_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_NAMES = column([shown.name for shown in EXPOSED])
_FACTORS = np.array([shown.factor for shown in EXPOSED])


def head(name: str, kind: str, help_text: str) -> str:
    return f"# HELP {name} {help_text}\n# TYPE {name} {kind}\n"


def label(name: str, text: str) -> str:
    return f'{name}="{text.translate(_ESCAPED)}"'


def labelled(name: str, texts: pa.StringArray) -> pa.StringArray:
    """`label` of a column."""
    for char, escaped in (("\\", r"\\"), ('"', r"\""), ("\n", r"\n")):
        texts = pc.replace_substring(texts, char, escaped)
    return beside(f'{name}="', texts, '"')


_HEADS = column(
    ["", *(
        head(shown.name, "counter" if metric.kind is Kind.COUNTER else "gauge", metric.help)
        for metric, shown in zip(METRICS, EXPOSED, strict=True)
    )]
)  # fmt: skip
"""What stands before the first sample of a metric; before the others, nothing."""


def families(shown: Latest, labels: Sequence[pa.StringArray]) -> bytes:
    """`shown` in its order; `labels` are columns that make up, side by side, "{...} "."""
    if not len(shown.key):
        return b""
    metric = shown.metric
    first = np.append(True, np.diff(metric) != 0)
    heads = _HEADS.take(pa.array(np.where(first, metric + 1, 0)))
    return whole(beside(heads, _NAMES.take(pa.array(metric)), *labels, written(shown.value * _FACTORS[metric]), "\n"))


def family(metric: int, pieces: Iterable[tuple[NDArray[np.float64], Sequence[pa.StringArray]]]) -> Iterator[bytes]:
    """The lines of one metric, piece by piece: its values, and the columns of their labels as `families` wants them."""
    name, factor = EXPOSED[metric]
    first = _HEADS[metric + 1].as_py()
    for value, labels in pieces:
        if len(value):
            yield first.encode() + whole(beside(name, *labels, written(value * factor), "\n"))
            first = ""
