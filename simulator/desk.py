"""A lot of requests to a fleet: what was asked before is answered in columns, the rest one by one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.agent import Agent, Responder
from simulator.datagrams import WIDEST, Lot, Outbox
from simulator.fleet import Fleet
from simulator.known import ID_OCTETS, Known
from simulator.message import Request
from simulator.shelf import Shelf
from simulator.traffic import Moment

_TICK_S = 0.002  # answers that wait leave together at full ticks


class Desk:
    """Answers for a fleet. What it says is what the agents say, whichever way it goes."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._known = Known()
        self._shelf = Shelf(len(fleet.world.census.devices))
        self._row = np.zeros(len(fleet.world.census.devices), np.int64)  # scratch, by device
        self._responder = Responder(fleet.find, fleet.at_address, self._keep)
        fleet.forgotten = self._shelf.forget

    def answer(self, lot: Lot, at: Moment, out: Outbox) -> int:
        """How many went one by one."""
        request, identifier = self._known.read(lot)
        device = self._fleet.numbers_at(lot.address)
        place = self._shelf.find(device, request)
        rows = np.flatnonzero(place >= 0)
        # A device's second exchange in one lot takes its chance by itself: the draws have an order.
        self._row[device[rows]] = rows
        rows = rows[self._row[device[rows]] == rows]
        alone = np.ones(len(lot.size), np.bool_)
        for some, octets, size, fits in self._shelf.give(place[rows], identifier[rows], at):
            given = rows[some[fits]]
            alone[given] = False
            heard = self._fleet.crowd.hears(device[given])
            delay = self._fleet.crowd.delay_s[device[given[heard]]]
            out.put(octets[fits][heard], size[fits][heard], lot, given[heard], _due(lot.now, delay))
        return one_by_one(self._responder, lot, at, out, np.flatnonzero(alone).tolist())

    def _keep(self, agent: Agent, request: Request, data: bytes, start: int) -> None:
        kept = agent.kept(request) if request.id_octets == ID_OCTETS else None
        number = self._known.number(data, start) if kept else None
        if kept and number is not None:
            self._shelf.keep(agent.number, number, kept)
            self._fleet.release(agent.number)


def one_by_one(responder: Responder, lot: Lot, at: Moment, out: Outbox, rows: Sequence[int] | None = None) -> int:
    """Put the answers to these datagrams of the lot, all of them by default, into the outbox; returns their number."""
    answered, answers, delays = [], [], []
    rows = range(len(lot.size)) if rows is None else rows
    for row in rows:
        found = responder.respond(lot.datagram(row), int(lot.address[row]).to_bytes(4, "big"), at)
        if found and len(found[0]) <= WIDEST:  # RFC 3416 has a longer one dropped
            answered.append(row)
            answers.append(found[0])
            delays.append(found[1])
    if answered:
        size = np.array([len(answer) for answer in answers])
        width = int(size.max())
        octets = np.frombuffer(b"".join(answer.ljust(width, b"\0") for answer in answers), np.uint8)
        out.put(octets.reshape(-1, width), size, lot, np.array(answered), _due(lot.now, np.array(delays)))
    return len(rows)


def _due(now: float, delay_s: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(delay_s > 0, np.ceil((now + delay_s) / _TICK_S) * _TICK_S, now)
