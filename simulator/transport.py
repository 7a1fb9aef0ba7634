"""One UDP socket that stands for every address of 127.0.0.0/8, and the loop around it."""

import heapq
import selectors
import socket
import time
from collections.abc import Callable
from typing import Any

from simulator import traffic
from simulator.datagrams import IP_PKTINFO, MOST, Inbox, Lot, Outbox
from simulator.traffic import Moment

_SO_RCVBUFFORCE = 33  # asm-generic/socket.h
_RECEIVE_OCTETS = 64 << 20  # a whole fleet polled at once waits here, not in the void
_FRESH_S = 0.01  # how long one Moment serves
_GATHER_S = 0.004
_FEW = 32

Answer = Callable[[Lot, Moment, Outbox], int]
"""Puts answers to a lot, as of a moment, into the outbox; how many were looked at one by one."""


class UnheldError(Exception):
    """The kernel will not hold the socket on loopback: nothing is opened then."""


def open_socket(port: int) -> socket.socket:
    """A socket on 0.0.0.0:`port` (0: any) that the kernel holds on the loopback interface."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
    except OSError as error:
        opened.close()
        raise UnheldError(f"SO_BINDTODEVICE lo: {error.strerror}. Linux 5.7 or newer, or root, is needed") from error
    opened.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    try:
        opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_OCTETS)
    except PermissionError:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_OCTETS)
    opened.setblocking(False)
    try:
        opened.bind(("0.0.0.0", port))
    except OSError:
        opened.close()
        raise
    return opened


class Server:
    """Takes datagrams, answers after each agent's delay, and runs what is scheduled; one thread."""

    def __init__(self, sock: socket.socket, answer: Answer) -> None:
        self._socket = sock
        self._answer = answer
        self._inbox, self._outbox = Inbox(sock), Outbox(sock)
        self._selector = selectors.DefaultSelector()
        self._selector.register(sock, selectors.EVENT_READ, self._take)
        self._epoch = time.time() - time.monotonic()
        self._moment = traffic.moment(self.now())
        self._gather_s = 0.0
        self._most = MOST
        self._alarms: list[tuple[float, int, Callable[[float], None]]] = []
        self._alarms_set = 0
        self._running = True

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    @property
    def answered(self) -> int:
        return self._outbox.sent

    def now(self) -> float:
        """UTC epoch seconds; unlike the system's clock it never steps, so counters don't either."""
        return self._epoch + time.monotonic()

    def watch(self, readable: Any, handle: Callable[[], None]) -> None:
        """Call `handle` whenever `readable` (a connection or file) has something to read."""
        self._selector.register(readable, selectors.EVENT_READ, handle)

    def at(self, when: float, act: Callable[[float], None]) -> None:
        """Call `act(now)` at `when` (UTC epoch seconds) or as soon as that is past."""
        heapq.heappush(self._alarms, (when, self._alarms_set, act))
        self._alarms_set += 1

    def stop(self) -> None:
        self._running = False

    def run(self) -> None:
        """Serve until `stop`; closes the socket."""
        while self._running:
            for key, _ in self._selector.select(self._patience()):
                key.data()
            self._outbox.send(self.now())
            self._ring()
            time.sleep(self._gather_s)
            self._gather_s = 0.0
        self._selector.close()
        self._socket.close()

    def _patience(self) -> float:
        now, until = self.now(), 0.5  # so that a stop by a signal's handler is seen soon
        until = min(until, self._outbox.next_due() - now)
        if self._alarms:
            until = min(until, self._alarms[0][0] - now)
        return max(until, 0.0)

    def _take(self) -> None:
        """Answer what has come. Where much comes, more is let come before the next lot: a lot's price hardly grows."""
        now = self.now()
        lot = self._inbox.receive(now, self._most)
        if now - self._moment.now > _FRESH_S:
            self._moment = traffic.moment(now)
        count = len(lot.size)
        slow = self._answer(lot, self._moment, self._outbox) if count else 0
        self._gather_s = 0.0 if count == self._most else min(0.001 * max(count - 1, 0), _GATHER_S)
        self._most = MOST if slow < _FEW else _FEW  # one by one they take long: what is due must leave in between

    def _ring(self) -> None:
        while self._alarms and self._alarms[0][0] <= self.now():
            heapq.heappop(self._alarms)[2](self.now())
