"""Echo requests (RFC 792, RFC 4443) by gufo-ping: over a raw socket, else the unprivileged kind that Linux has.

A raw socket wants root or CAP_NET_RAW; the other kind that net.ipv4.ping_group_range holds this process' group.
"""

import asyncio

from gufo.ping import Ping
from gufo.ping.socket import SelectionPolicy

from collectors.icmp.figures import Pinged

_BUFFER = 4 << 20  # octets for answers that come at once, as far as net.core.rmem_max allows


class IcmpUnavailableError(Exception):
    """This process may not send echo requests; the message says how it might."""


class Pinger:
    """Sends echo requests in the running event loop; IcmpUnavailableError where it may not."""

    def __init__(self, timeout_s: float) -> None:
        # gufo looks for the lost once in `timeout`: a request is lost after that long, at most twice.
        self._ping = Ping(policy=SelectionPolicy.RAW_DGRAM, timeout=timeout_s, recv_buffer_size=_BUFFER)
        self._asked: set[asyncio.Task[float | None]] = set()

    async def echo(self, address: str) -> float | None:
        """Round trip in seconds; None: lost, or this machine could not send. Raises IcmpUnavailableError.

        gufo-ping must not be interrupted: its next answers would be lost with the one that nobody waits for.
        """
        asked = asyncio.create_task(self._send(address))
        self._asked.add(asked)
        asked.add_done_callback(self._asked.discard)
        return await asyncio.shield(asked)

    async def ping(self, address: str, probes: int, spacing_s: float) -> Pinged:
        """So many echo requests, one each `spacing_s` seconds, whether they are answered or not."""
        asked = []
        for number in range(probes):
            if number:
                await asyncio.sleep(spacing_s)
            asked.append(asyncio.create_task(self.echo(address)))
        return Pinged(tuple(await asyncio.gather(*asked)))

    async def _send(self, address: str) -> float | None:
        try:
            return await self._ping.ping(address)
        except PermissionError as error:
            raise IcmpUnavailableError(
                "no echo requests: neither root, CAP_NET_RAW nor this group in net.ipv4.ping_group_range"
            ) from error
        except OSError as error:  # no socket for this family of addresses, or no more files
            raise IcmpUnavailableError(f"no echo requests to {address}: {error}") from error


async def open_pinger(timeout_s: float) -> Pinger:
    """A Pinger that may send: it has asked this machine itself. Raises IcmpUnavailableError."""
    pinger = Pinger(timeout_s)
    await pinger.echo("127.0.0.1")
    return pinger
