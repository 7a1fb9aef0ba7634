"""One UDP socket that stands for every address of 127.0.0.0/8, and the loop around it."""

import heapq
import selectors
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from simulator import traffic
from simulator.traffic import Moment

_IP_PKTINFO = 8  # linux/in.h; Python names it from 3.14 on
_SO_RCVBUFFORCE = 33  # asm-generic/socket.h
_RECEIVE_OCTETS = 64 << 20  # a whole fleet polled at once waits here, not in the void
_LARGEST_REQUEST = 4096
_ANCILLARY_OCTETS = socket.CMSG_SPACE(12)
_DRAIN = 128  # datagrams taken before answers that are due go out
_FRESH_S = 0.01  # how long one Moment serves

Respond = Callable[[bytes, bytes, Moment], tuple[bytes, float] | None]
_Ancillary = Sequence[tuple[int, int, bytes]]
_Waiting = tuple[bytes, _Ancillary, Any]


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
    opened.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
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

    def __init__(self, sock: socket.socket, respond: Respond) -> None:
        self._socket = sock
        self._respond = respond
        self._selector = selectors.DefaultSelector()
        self._selector.register(sock, selectors.EVENT_READ, self._drain)
        self._epoch = time.time() - time.monotonic()
        self._moment = traffic.moment(self.now())
        self._due: dict[int, list[_Waiting]] = {}  # millisecond -> answers: one heap entry for many
        self._milliseconds: list[int] = []
        self._alarms: list[tuple[float, int, Callable[[float], None]]] = []
        self._alarms_set = 0
        self._running = True
        self.answered = 0
        self.unsent = 0

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

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
            self._send_due()
            self._ring()
        self._selector.close()
        self._socket.close()

    def _patience(self) -> float:
        now, until = self.now(), 0.5  # so that a stop by a signal's handler is seen soon
        if self._milliseconds:
            until = min(until, self._milliseconds[0] / 1000 - now)
        if self._alarms:
            until = min(until, self._alarms[0][0] - now)
        return max(until, 0.0)

    def _drain(self) -> None:
        receive, respond = self._socket.recvmsg, self._respond
        now = self.now()
        if now - self._moment.now > _FRESH_S:
            self._moment = traffic.moment(now)
        for _ in range(_DRAIN):
            try:
                data, ancillary, _, peer = receive(_LARGEST_REQUEST, _ANCILLARY_OCTETS)
            except BlockingIOError:
                return
            answer = respond(data, ancillary[0][2][8:12], self._moment)
            if answer is None:
                continue
            # The ancillary data says where the request came to; handed back, it says where to send from.
            if answer[1]:
                self._keep(now + answer[1], (answer[0], ancillary, peer))
            else:
                self._send(answer[0], ancillary, peer)

    def _keep(self, until: float, waiting: _Waiting) -> None:
        millisecond = int(until * 1000) + 1
        bucket = self._due.get(millisecond)
        if bucket is None:
            bucket = self._due[millisecond] = []
            heapq.heappush(self._milliseconds, millisecond)
        bucket.append(waiting)

    def _send_due(self) -> None:
        limit = self.now() * 1000
        while self._milliseconds and self._milliseconds[0] <= limit:
            for waiting in self._due.pop(heapq.heappop(self._milliseconds)):
                self._send(*waiting)

    def _send(self, answer: bytes, ancillary: _Ancillary, peer: Any) -> None:
        try:
            self._socket.sendmsg((answer,), ancillary, 0, peer)
        except OSError:  # the asker's socket is gone or full: on a network this would be a lost datagram
            self.unsent += 1
        else:
            self.answered += 1

    def _ring(self) -> None:
        while self._alarms and self._alarms[0][0] <= self.now():
            heapq.heappop(self._alarms)[2](self.now())
