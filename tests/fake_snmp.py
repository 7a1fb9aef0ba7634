"""An SnmpBackend that answers from dicts, is silent or late as told, and records what it was asked."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from collectors.model import Failure, Reason
from collectors.snmp.backend import Limits, Target, Value

UPTIME = "1.3.6.1.2.1.1.3.0"
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
IF_NAME = "1.3.6.1.2.1.31.1.1.1.1"
IF_OPER = "1.3.6.1.2.1.2.2.1.8"
IN_OCTETS = "1.3.6.1.2.1.31.1.1.1.6"
OUT_OCTETS = "1.3.6.1.2.1.31.1.1.1.10"


@dataclass
class FakeDevice:
    """`drop`: how many of the next requests get no answer; `failure`: what comes instead of an answer."""

    objects: dict[str, Value] = field(default_factory=dict)
    failure: Failure | None = None
    drop: int = 0
    late_s: float = 0.0
    gets: list[tuple[str, ...]] = field(default_factory=list)
    walks: list[str] = field(default_factory=list)


class FakeBackend:
    def __init__(self, devices: Mapping[str, FakeDevice], timeout_s: float = 0.02) -> None:
        self.devices = devices
        self.timeout_s = timeout_s
        self.under_way = 0
        self.most_under_way = 0

    async def get(self, target: Target, oids: Sequence[str]) -> Mapping[str, Value] | Failure:
        device = self.devices[target.address]
        device.gets.append(tuple(oids))
        failure = await self._wait(device)
        return failure or {oid: device.objects[oid] for oid in oids if oid in device.objects}

    async def walk(self, target: Target, column: str, limits: Limits) -> Mapping[str, Value] | Failure:
        device = self.devices[target.address]
        device.walks.append(column)
        failure = await self._wait(device)
        below = {oid.removeprefix(f"{column}."): value for oid, value in device.objects.items()}
        return failure or {index: value for index, value in below.items() if f"{column}.{index}" in device.objects}

    async def close(self) -> None:
        return

    async def _wait(self, device: FakeDevice) -> Failure | None:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(device.late_s)
            if device.drop:
                device.drop -= 1
                await asyncio.sleep(self.timeout_s)
                return Failure(Reason.TIMEOUT)
            return device.failure
        finally:
            self.under_way -= 1


def router(ports: Mapping[int, str], uptime: int = 1_000_000) -> FakeDevice:
    """A router with these ports, all up, with 64-bit counters at index x 1000."""
    objects: dict[str, Value] = {UPTIME: uptime, SYS_OBJECT_ID: "1.3.6.1.4.1.99999.1"}
    for index, name in ports.items():
        objects |= {
            f"{IF_NAME}.{index}": name.encode(),
            f"{IF_OPER}.{index}": 1,
            f"{IN_OCTETS}.{index}": index * 1000,
            f"{OUT_OCTETS}.{index}": index * 2000,
        }
    return FakeDevice(objects)
