"""A little UDP agent that misbehaves as told, in the test's own event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api
from pysnmp.proto.api import v1, v2c

Oid = tuple[int, ...]
Varbind = tuple[Oid, object]


@dataclass(frozen=True)
class Request:
    """One request as it came in; `kind` is "get", "next" or "bulk"."""

    version: int
    kind: str
    request_id: int
    community: bytes
    oids: tuple[Oid, ...]
    repetitions: int


@dataclass(frozen=True)
class Answer:
    """What goes back: `raw` octets, or a response built from the rest."""

    varbinds: Sequence[Varbind] = ()
    status: int = 0
    index: int = 0
    request_id: int | None = None
    community: bytes | None = None
    raw: bytes | None = None
    delay: float = 0.0


Behaviour = Callable[[Request], Sequence[Answer]]


def parse(datagram: bytes) -> Request:
    version = api.decodeMessageVersion(datagram)
    module = api.PROTOCOL_MODULES[version]
    message, _ = decoder.decode(datagram, asn1Spec=module.Message())
    pdu = module.apiMessage.get_pdu(message)
    kind = {0: "get", 1: "next", 5: "bulk"}[pdu.tagSet.superTags[-1].tagId]
    reader = v2c.apiBulkPDU if kind == "bulk" else module.apiPDU
    return Request(
        version=int(version),
        kind=kind,
        request_id=int(reader.get_request_id(pdu)),
        community=bytes(module.apiMessage.get_community(message)),
        oids=tuple(tuple(oid) for oid, _ in reader.get_varbinds(pdu)),
        repetitions=int(reader.get_max_repetitions(pdu)) if kind == "bulk" else 1,
    )


def build(request: Request, answer: Answer) -> bytes:
    if answer.raw is not None:
        return answer.raw
    module = v1 if request.version == 0 else v2c
    pdu = module.GetResponsePDU()
    module.apiPDU.set_defaults(pdu)
    module.apiPDU.set_request_id(pdu, request.request_id if answer.request_id is None else answer.request_id)
    module.apiPDU.set_error_status(pdu, answer.status)
    module.apiPDU.set_error_index(pdu, answer.index)
    module.apiPDU.set_varbinds(pdu, answer.varbinds)
    message = module.Message()
    module.apiMessage.set_defaults(message)
    module.apiMessage.set_community(message, request.community if answer.community is None else answer.community)
    module.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


class Agent(asyncio.DatagramProtocol):
    def __init__(self, behave: Behaviour) -> None:
        self.behave = behave
        self.requests: list[Request] = []
        self.port = 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # asyncio's own stub
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request = parse(data)
        self.requests.append(request)
        loop = asyncio.get_running_loop()
        for answer in self.behave(request):
            loop.call_later(answer.delay, self._send, build(request, answer), addr)

    def _send(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self.transport.is_closing():
            self.transport.sendto(data, addr)


@asynccontextmanager
async def agent(behave: Behaviour) -> AsyncIterator[Agent]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(lambda: Agent(behave), local_addr=("127.0.0.1", 0))
    try:
        yield protocol
    finally:
        transport.close()
