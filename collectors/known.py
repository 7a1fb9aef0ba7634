"""What devices were recognised as, kept over restarts in a file. It is a cache: without it all are recognised anew.

The file holds each distinct shape once, and a row for each device: its shape, what the inventory said of
it then, and its last sysUpTime with the moment of that, so that a reboot in between is noticed.
"""

import asyncio
import json
import os
import time
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import structlog
from numpy.typing import NDArray

from collectors.batch import BatchBuilder
from collectors.boots import Boots
from collectors.plan import Plans, PollPlan, Shape
from collectors.profile import Profile
from collectors.watch import Fleet
from storage.damage import MISHAPS

_SCHEMA = pa.schema(
    {
        "name": pa.string(),
        "facts": pa.string(),  # of the inventory: another address, credential, profile or linked port voids the row
        "shape": pa.int32(),
        "names": pa.int64(),  # what its ports were called: see Fleet.names_read
        "recognised_at": pa.float64(),
        "ticks": pa.int64(),  # sysUpTime, -1 where it never said
        "at": pa.float64(),  # UTC epoch seconds of that
    }
)
_SHAPES = b"shapes"
_DAMAGED: tuple[type[Exception], ...] = (TypeError, *MISHAPS)
_LOOK_S = 30.0
_SELDOM_S = 1800.0
_MUCH = 0.01  # of the devices: what is lost with less is recognised anew at the next start in no time

_log = structlog.get_logger()


class Keeper:
    """Keeps the file at `path` for a fleet."""

    def __init__(self, path: Path, fleet: Fleet, boots: Boots, catalogue: Mapping[str, Profile]) -> None:
        self._path, self._fleet, self._boots, self._catalogue = path, fleet, boots, catalogue
        self._written, self._written_at = 0, time.monotonic()

    def restore(self, builder: BatchBuilder) -> None:
        """Begin with what the file says."""
        known = restore(self._path, self._fleet, builder, self._boots, self._catalogue)
        _log.info("devices known from before", known=known, polled=len(self._fleet.polled))

    async def keep(self) -> None:
        """Write the file again and again, for ever: soon where something was recognised, seldom for the up-times."""
        while True:
            await asyncio.sleep(_LOOK_S)
            new = self._fleet.recognised - self._written
            if worth_writing(new, len(self._fleet.polled), time.monotonic() - self._written_at):
                await self.save()

    async def save(self) -> None:
        """Write the file now; a disk that refuses is said and costs a recognition at the next start."""
        self._written, self._written_at = self._fleet.recognised, time.monotonic()
        known = snapshot(self._fleet, self._boots)
        try:
            await asyncio.to_thread(write, self._path, self._fleet, known, self._catalogue)
        except OSError as error:
            _log.error("what was recognised cannot be kept", path=str(self._path), error=repr(error))


def worth_writing(new: int, devices: int, since_s: float) -> bool:
    """Whether the file is written again, after so many recognitions and seconds: it holds all devices each time."""
    return since_s > _SELDOM_S or new > devices * _MUCH


class Snapshot(NamedTuple):
    """Copies of columns by device, to be written by a thread; `shape` is -1 where a device isn't known."""

    shapes: Sequence[Shape]
    shape: NDArray[np.int32]
    names: NDArray[np.int64]
    recognised_at: NDArray[np.float64]
    ticks: NDArray[np.int64]
    at: NDArray[np.float64]


def snapshot(fleet: Fleet, boots: Boots) -> Snapshot:
    """What is known at this moment."""
    ticks, clock = boots.all()
    return Snapshot(
        fleet.plans.shapes(),
        np.where(fleet.settled, fleet.plan, -1),
        fleet.names_read.copy(),
        fleet.recognised_at.copy(),
        ticks,
        clock + (time.time() - time.monotonic()),
    )


def write(path: Path, fleet: Fleet, known: Snapshot, catalogue: Mapping[str, Profile]) -> None:
    """Replace the file at once; raises OSError."""
    rows = np.flatnonzero(known.shape >= 0)
    facts = fleet.facts
    columns = [
        facts.name.take(pa.array(rows)),
        facts.identity().take(pa.array(rows)),
        *(column[rows] for column in known[1:]),
    ]
    digests = {name: digest(profile) for name, profile in catalogue.items()}
    shapes = [[one.profile, digests[one.profile], one.ports, sorted(one.absent)] for one in known.shapes]
    schema = _SCHEMA.with_metadata({_SHAPES: json.dumps(shapes)})
    path.parent.mkdir(parents=True, exist_ok=True)
    begun = path.with_suffix(".new")
    with begun.open("wb") as file:
        with pa.ipc.new_file(file, schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
            writer.write_table(pa.table(columns, schema=schema))
        file.flush()
        os.fsync(file.fileno())
    begun.replace(path)


def restore(path: Path, fleet: Fleet, builder: BatchBuilder, boots: Boots, catalogue: Mapping[str, Profile]) -> int:
    """Take what the file says of devices that are as they were; how many. A damaged file says nothing."""
    try:
        with pa.memory_map(str(path)) as file:
            read = pa.ipc.open_file(file).read_all()
            read.validate(full=True)
            table = read.select(_SCHEMA.names).cast(_SCHEMA)
            shapes = json.loads(read.schema.metadata[_SHAPES])
            plans = [_plan(fleet.plans, catalogue, shape) for shape in shapes]
            return _take(fleet, builder, boots, table, plans)
    except FileNotFoundError:
        return 0
    except _DAMAGED as error:
        _log.warning(
            "what was recognised cannot be read: all devices are recognised anew", path=str(path), error=repr(error)
        )
        return 0


def digest(profile: Profile) -> str:
    """Another one for another profile."""
    return blake2b(repr(profile).encode(), digest_size=8).hexdigest()


def _plan(plans: Plans, catalogue: Mapping[str, Profile], shape: Sequence[object]) -> PollPlan | None:
    """The plan for a shape in the file; None where the profile is another one now."""
    name, before, ports, absent = shape
    profile = catalogue.get(str(name))
    if profile is None or digest(profile) != before or not isinstance(ports, list) or not isinstance(absent, list):
        return None
    made = plans.make(profile, tuple((int(index), str(port)) for index, port in ports))
    return plans.narrow(made, frozenset(map(str, absent)))


def _take(fleet: Fleet, builder: BatchBuilder, boots: Boots, table: pa.Table, plans: Sequence[PollPlan | None]) -> int:
    facts = fleet.facts
    row = pc.index_in(facts.name, value_set=table["name"].combine_chunks())
    there = pc.fill_null(pc.equal(facts.identity(), table["facts"].combine_chunks().take(row)), False)
    polled = np.zeros(len(fleet.names), np.bool_)
    polled[fleet.polled] = True
    device = np.flatnonzero(there.to_numpy(zero_copy_only=False) & polled)
    row = row.fill_null(0).to_numpy()[device]
    shape, names, recognised_at, ticks, at = (table[name].to_numpy()[row] for name in _SCHEMA.names[2:])
    good = np.array([plan is not None for plan in plans], np.bool_)
    known = (shape >= 0) & (shape < len(plans))
    known[known] = good[shape[known]]
    for number in np.unique(shape[known]).tolist():
        plan = plans[number]
        if plan is not None:
            fleet.know(device[known & (shape == number)], plan, builder)
    fleet.names_read[device[known]], fleet.recognised_at[device[known]] = names[known], recognised_at[known]
    clock = at[known] - (time.time() - time.monotonic())
    boots.remember(device[known], ticks[known], clock)
    return int(known.sum())
