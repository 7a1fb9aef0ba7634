"""Volleys behind the interface of a backend, so that they pass the same suite: a volley of one, then as the product."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from collectors.facts import ipv4
from collectors.model import Failure
from collectors.snmp.backend import Limits, Target, Value
from collectors.snmp.open import open_backend
from collectors.volley.volley import Answers, Requests, Volley


class Volleyed:
    def __init__(self, timeout_s: float, *, wait_s: float = 0.2) -> None:
        self.volley = Volley(timeout_s, attempts=1, wait_s=wait_s)
        self.backend = open_backend("gufo")
        self.asked = 0
        self.over: dict[int, tuple[Answers, int] | None] = {}

    async def get(self, target: Target, oids: Sequence[str]) -> Mapping[str, Value] | Failure:
        address = ipv4(target.address) if target.version > 1 else 0
        number = None if not address else self.volley.template(target.usm or target.community, tuple(oids))
        if number is None:
            return await self.backend.get(target, oids)
        self.asked += 1
        if self.volley.send(one(self.asked, number, address, target.port)).size:
            return await self.backend.get(target, oids)
        over = await self._over(self.asked)
        if over is None:
            return await self.backend.get(replace(target, attempts=1), oids)
        answers, row = over
        return values(answers, oids, row) if answers.values.good[row] else await self.backend.get(target, oids)

    async def walk(self, target: Target, column: str, limits: Limits) -> Mapping[str, Value] | Failure:
        return await self.backend.walk(target, column, limits)

    async def close(self) -> None:
        self.volley.close()
        await self.backend.close()

    async def _over(self, asked: int) -> tuple[Answers, int] | None:
        while asked not in self.over:
            now = time.monotonic()
            self.volley.receive()
            if answers := self.volley.answers():
                self.over.update({device: (answers, row) for row, device in enumerate(answers.device.tolist())})
            self.over.update(dict.fromkeys(self.volley.silent(now)[0].tolist()))
            await asyncio.sleep(0.005)
        return self.over.pop(asked)


def one(device: int, template: int, address: int, port: int) -> Requests:
    return Requests(
        np.array([device], np.int32), np.array([template]), np.array([address], np.uint32), np.array([port], np.uint16)
    )


def values(answers: Answers, oids: Sequence[str], row: int) -> dict[str, Value]:
    """Values by object of the answer at `row`."""
    found = answers.values
    told: dict[str, Value] = {}
    for column, oid in enumerate(oids):
        if found.present[row, column]:
            whole = found.whole[row, column]
            told[oid] = int(whole.view(np.int64)) if found.negative[row, column] else int(whole)
        elif (row, column) in found.texts:
            told[oid] = found.texts[row, column]
    return told
