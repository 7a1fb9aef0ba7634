"""A fleet in a process of its own, which ends with the process that started it."""

import gc
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

from inventory import store
from inventory.model import Inventory
from simulator.desk import Desk
from simulator.director import Director
from simulator.faults import Fault
from simulator.fleet import Fleet, Weather
from simulator.portals import Portals
from simulator.scenario import Scenario, ScenarioError
from simulator.transport import Server, UnheldError, open_socket
from simulator.truth_log import TruthLog
from storage.engine import open_engine
from storage.settings import SecretUnavailableError, StorageSettings

_STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a fleet's process is to do. Port 0 takes a free one; `after_s` delays the scenario.

    `inventory` is one, or the store to load it from: a large one is too much to hand over.
    With a `portals_port` its endpoints are served over HTTP on 127.0.0.1.
    """

    inventory: Inventory | StorageSettings
    port: int = 0
    weather: Weather = field(default_factory=Weather)
    scenario: Scenario | None = None
    truth: Path | None = None
    after_s: float = 0.0
    stop_with_parent: bool = False  # also end when the process that started this one is gone
    portals_port: int | None = None


class Ports(NamedTuple):
    """Where a running fleet listens; `portals` is None without a `portals_port`."""

    snmp: int
    portals: int | None


_Reply = TypeVar("_Reply", int, Ports)


class FleetError(Exception):
    """The fleet could not start or refused what it was told; the message says why."""


@dataclass(frozen=True, slots=True)
class _Apply:
    fault: Fault


@dataclass(frozen=True, slots=True)
class _Clear:
    number: int


class _Count:
    pass


_Command = _Apply | _Clear | _Count


def serve(plan: Plan, *, ready: Callable[[Ports], None], control: Connection | None = None) -> int:
    """Run a fleet in this process until SIGINT, SIGTERM or the end of `control`; returns answers sent.

    `ready` is called with the ports when requests are answered. Raises what `Fleet`, `open_socket`
    and `Director.play` raise.
    """
    inventory = _stored(plan.inventory) if isinstance(plan.inventory, StorageSettings) else plan.inventory
    with ExitStack() as stack:
        portals = None if plan.portals_port is None else Portals(inventory.endpoints.values(), plan.portals_port)
        if portals:
            stack.enter_context(portals)
        return _serve(plan, inventory, portals, ready, control)


def _stored(where: StorageSettings) -> Inventory:
    return store.load(open_engine(where.url, where.cache))


def _serve(
    plan: Plan,
    inventory: Inventory,
    portals: Portals | None,
    ready: Callable[[Ports], None],
    control: Connection | None,
) -> int:
    sock = open_socket(plan.port)
    fleet = Fleet(inventory, time.time(), plan.weather)
    server = Server(sock, Desk(fleet).answer)
    log = TruthLog(plan.truth.open("w", encoding="utf-8")) if plan.truth else None
    director = Director(fleet, server, log, portals)
    # A fleet under control ends with its controller: Ctrl-C reaches the whole group at once, and
    # devices that go before their collector would be its last, false, observation.
    signal.signal(signal.SIGINT, signal.SIG_IGN if control else lambda *_: server.stop())
    signal.signal(signal.SIGTERM, lambda *_: server.stop())
    if plan.scenario:
        director.play(plan.scenario, server.now() + plan.after_s)
    if control:
        server.watch(control, lambda: _obey(control, server, director))
    if plan.stop_with_parent:
        _outlive_not(server, os.getppid())
    gc.freeze()  # the fleet stays: no collection need look at it again
    ready(Ports(server.port, portals.port if portals else None))
    server.run()
    if log:
        log.close()
    return server.answered


def _outlive_not(server: Server, parent: int) -> None:
    """Look each second whether the parent is still there: a killed one can't say goodbye."""
    if os.getppid() == parent:
        server.at(server.now() + 1.0, lambda _: _outlive_not(server, parent))
    else:
        server.stop()


def _obey(control: Connection, server: Server, director: Director) -> None:
    """Take one command. The end of the connection is the end of the process that started us."""
    try:
        command: _Command = control.recv()
    except (EOFError, OSError):
        server.stop()
        return
    reply: int | str
    try:
        match command:
            case _Apply(fault):
                reply = director.apply(fault)
            case _Clear(number):
                director.clear(number)
                reply = number
            case _Count():
                reply = server.answered
    except ValueError as error:
        reply = str(error)
    control.send(reply)


def _child(plan: Plan, control: Connection) -> None:
    try:
        serve(plan, ready=control.send, control=control)
    except ScenarioError as error:
        control.send(str(error))
    except (ValueError, OSError, UnheldError, SecretUnavailableError) as error:
        control.send(f"{type(error).__name__}: {error}")


def end(control: Connection, process: SpawnProcess) -> None:
    """Let a child of ours end, which does so when its `control` closes; kill one that doesn't."""
    control.close()
    process.join(_STOP_S)
    if process.is_alive():
        process.kill()
        process.join()
    process.close()


class FleetProcess:
    """`with FleetProcess(plan) as fleet:` runs until the block ends, or this process does.

    Entering raises FleetError where the fleet can't start.
    """

    def __init__(self, plan: Plan) -> None:
        context = multiprocessing.get_context("spawn")  # a forked copy would hold the parent's sockets and threads
        self._control, self._theirs = context.Pipe()
        self._process = context.Process(target=_child, args=(plan, self._theirs), name="fleet", daemon=True)
        self.port = 0
        self.portals_port: int | None = None

    def __enter__(self) -> Self:
        self._process.start()
        self._theirs.close()
        self.port, self.portals_port = self._receive(Ports)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end(self._control, self._process)

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def apply(self, fault: Fault) -> int:
        """Put a fault in force; in force when this returns. Raises FleetError for one that can't be."""
        return self._ask(_Apply(fault))

    def clear(self, number: int) -> None:
        self._ask(_Clear(number))

    def answered(self) -> int:
        """How many answers were sent so far."""
        return self._ask(_Count())

    def _ask(self, command: _Command) -> int:
        self._control.send(command)
        return self._receive(int)

    def _receive(self, expected: type[_Reply]) -> _Reply:
        try:
            reply: Ports | int | str = self._control.recv()
        except (EOFError, ConnectionResetError) as error:
            raise FleetError("the fleet's process has ended") from error
        if not isinstance(reply, expected):
            raise FleetError(str(reply))
        return reply
