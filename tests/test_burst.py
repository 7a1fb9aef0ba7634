"""A device that answers everything later than the timeout: it lives, and that is seen."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from collectors.burst import burst
from collectors.model import Failure
from collectors.plan import SYS_UP_TIME
from collectors.silence import Burst
from collectors.snmp.backend import Target
from collectors.snmp.open import open_backend
from tests.hostile import COMMUNITY, binding, integer, read, response

TIMEOUT_S = 0.2


class Late(asyncio.DatagramProtocol):
    """Answers every GET so many seconds after it came."""

    def __init__(self, late_s: float) -> None:
        self._late_s = late_s

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # asyncio's own stub
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = read(data)
        answer = response(asked, [binding(oid, integer(100)) for oid in asked.oids])
        asyncio.get_running_loop().call_later(self._late_s, self._send, answer, addr)

    def _send(self, answer: bytes, addr: tuple[str, int]) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def late(late_s: float) -> AsyncIterator[Target]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Late(late_s), local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    try:
        yield Target("127.0.0.1", port, community=COMMUNITY.decode(), timeout_s=TIMEOUT_S)
    finally:
        transport.close()


@pytest.mark.parametrize("name", ["gufo", "pysnmp"])
async def test_what_answers_later_than_every_timeout_is_no_silence(name: str) -> None:
    backend = open_backend(name)
    async with late(3 * TIMEOUT_S) as target:
        assert isinstance(await backend.get(target, [SYS_UP_TIME]), Failure)
        found = await burst(backend, target, 20, 0.15)
    await backend.close()
    assert found == Burst(sent=found.sent, answered=found.answered)
    assert found.answered


async def test_an_answer_to_the_first_attempt_counts_in_the_second() -> None:
    backend = open_backend("gufo")
    async with late(1.5 * TIMEOUT_S) as target:
        assert await backend.get(target, [SYS_UP_TIME]) == {SYS_UP_TIME: 100}
    await backend.close()
