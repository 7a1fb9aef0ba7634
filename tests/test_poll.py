"""One poll by its plan: what the tables of a device are asked for."""

from collections.abc import Mapping

from collectors.model import Failure
from collectors.plan import make_plan
from collectors.poll import read_device
from collectors.profile import Profile, Read, TableRead
from collectors.snmp.backend import Limits, Target, Value
from tests.recorded import Recorded

ENTRY = "1.3.6.1.2.1.25.2.3.1."
SIZE, USED = ENTRY + "5", ENTRY + "6"
FIXED_DISK = "1.3.6.1.2.1.25.2.1.4"


class Noting(Recorded):
    """Notes how many rows a GETBULK of each column may bring."""

    def __init__(self, rows: Mapping[str, Value]) -> None:
        super().__init__(rows)
        self.most: dict[str, int] = {}

    async def walk(self, target: Target, column: str, limits: Limits) -> Mapping[str, Value] | Failure:
        self.most[column] = target.max_repetitions
        return await super().walk(target, column, limits)


async def test_a_column_is_asked_for_as_many_rows_as_the_one_beside_it_had() -> None:
    told: dict[str, tuple[Value, ...]] = {
        "2": (FIXED_DISK,) * 3, "3": (b"/", b"/var", b"/home"), "4": (1024,) * 3, "5": (100, 200, 300), "6": (10, 20, 30)
    }  # fmt: skip
    backend = Noting(
        {f"{ENTRY}{column}.{row}": value for column, some in told.items() for row, value in enumerate(some, 1)}
    )
    reads = tuple(
        Read(metric, oid, "", every_s=900.0) for metric, oid in (("host_disk_total", SIZE), ("host_disk_used", USED))
    )
    plan = make_plan(Profile("host", "pc", tables=(TableRead("disk", "hr_disk", reads),)), ())
    found = await read_device(backend, Target("a"), plan, {SIZE, USED}, 8.0)
    assert found.failure is None
    assert [(metric, disk, value) for metric, disk, value in found.cells if metric == "host_disk_used"] == [
        ("host_disk_used", "/", 10_240), ("host_disk_used", "/var", 20_480), ("host_disk_used", "/home", 30_720)
    ]  # fmt: skip
    first, *others = backend.most.values()
    assert first == Target("a").max_repetitions
    assert set(others) == {4}
