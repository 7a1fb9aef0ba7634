"""The agents of an inventory: one for each device with an address, driven by a World."""

import ipaddress
import math
import zlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from inventory.columnar import column
from inventory.model import Credential, Device, Inventory, SiteKind
from simulator.agent import Agent
from simulator.boxes import draw
from simulator.census import Census, texts
from simulator.condition import Effect, Jam
from simulator.crowd import Crowd, Floats
from simulator.engine import Engine, engine_id
from simulator.mibs.kinds import view_of
from simulator.usm import User
from simulator.view import View
from simulator.world import World
from storage.settings import resolve_secret

_LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
_LOOPBACK_NETWORK, _HOST = 127, 0xFFFFFF
_MOST_KEPT_AGENTS = 32_768
_MOST_RELEASED = 16_384  # whoever asks what a device is asks more of it at once
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Weather:
    """What every exchange suffers: `delay_s` None is by distance to the NOC; `loss` is a share.

    Each device has its own delay and loss, drawn by its name from a log-normal distribution whose mean is
    that figure; `spread` is the standard deviation of their logarithms. 0: all have the figure itself.
    """

    delay_s: float | None = None
    loss: float = 0.0
    seed: int = 1
    spread: float = 0.0


class Fleet:
    """Answers for the inventory's devices; `set_effects` puts faults in force.

    Raises ValueError where the inventory can't be simulated (no NOC, addresses outside
    127.0.0.0/8, a user's protocols) and SecretUnavailableError where a credential's reference
    can't be resolved. A device is asked by its credential alone: by community or by v3, never both.
    """

    def __init__(self, inventory: Inventory, now: float, weather: Weather = Weather()) -> None:
        self.world = World(inventory, now)
        self.crowd = crowd_of(self.world.census, weather)
        self._communities = _communities(inventory)
        self._users = _users(inventory)
        self._engines: dict[int, Engine] = {}
        self._at = _addresses(self.world.census)
        self._agents: OrderedDict[int, Agent] = OrderedDict()
        self._released: OrderedDict[int, None] = OrderedDict()
        self.forgotten: Callable[[Collection[int]], None] = _nobody_told
        self.set_effects((), now)

    def find(self, address: bytes, community: bytes) -> Agent | None:
        """The agent at this address (4 octets), if that is its community."""
        agent = self.at_address(address)
        return agent if agent is not None and agent.community == community else None

    def at_address(self, address: bytes) -> Agent | None:
        found = int(self._at[int.from_bytes(address[1:], "big")]) if address[0] == _LOOPBACK_NETWORK else 0
        return self._agent(found - 1) if found else None

    def numbers_at(self, addresses: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Devices' numbers by their addresses; -1 where none is."""
        known = addresses >> 24 == _LOOPBACK_NETWORK
        return np.where(known, self._at[addresses & _HOST].astype(np.int64) - 1, -1)

    @property
    def agents(self) -> Mapping[str, Agent]:
        """By name, each made when asked for."""
        return _Agents(self._agent, self.world.census, np.sort(self._at[self._at > 0]) - 1)

    def _agent(self, number: int) -> Agent:
        """The device's agent, kept among those that were asked last: most of a large fleet is hardly ever walked."""
        agent = self._agents.get(number)
        if agent is not None:
            self._agents.move_to_end(number)
            return agent
        if len(self._agents) >= _MOST_KEPT_AGENTS:
            self._agents.popitem(last=False)
        agent = self._agents[number] = self._made(self.world.census.names(np.array([number]))[0], number)
        return agent

    def release(self, number: int) -> None:
        """What this device was asked is answered without its agent from now on."""
        self._released[number] = None
        self._released.move_to_end(number)
        if len(self._released) > _MOST_RELEASED:
            self._agents.pop(self._released.popitem(last=False)[0], None)

    def _made(self, name: str, number: int) -> Agent:
        device = self.world.inventory.devices[name]
        community = self._communities.get(device.credential, b"public")
        engine = self._engine(device, number)
        return Agent(partial(self._view, name, engine), community, engine=engine, crowd=self.crowd, number=number)

    def _view(self, name: str, engine: Engine | None) -> View:
        box = self.world.boxes[name]
        box.engine = engine
        return view_of(box)

    def _engine(self, device: Device, number: int) -> Engine | None:
        """It outlives its agent: it counts, and no salt may come twice."""
        user = self._users.get(device.credential)
        if user and number not in self._engines:
            clock = partial(self.world.boxes.engine_clock, device.name)
            self._engines[number] = Engine(engine_id(_packed(device.name, device.primary_ip)), user, clock)
        return self._engines.get(number)

    def set_effects(self, effects: tuple[Effect, ...], now: float) -> None:
        before, crowd = self.world.condition, self.crowd
        changed = self._numbers(self.world.settle(effects, now))
        for number in changed:
            self._agents.pop(number, None)
        self.forgotten(changed)
        after = self.world.condition
        crowd.blind = after.blind
        crowd.lost[self._numbers(before.lost - after.lost)] = False
        crowd.lost[self._numbers(after.lost - before.lost)] = True
        suffering = list(before.lossy.keys() | after.lossy.keys() | before.slowed.keys() | after.slowed.keys())
        for number, name in zip(self._numbers(suffering), suffering, strict=True):
            jam = after.slowed.get(name, Jam(0.0, 0.0))
            crowd.suffer(number, max(after.lossy.get(name, 0.0), jam.loss), jam.delay_s)

    def _numbers(self, names: Collection[str]) -> list[int]:
        return [int(number) for number in self.world.census.numbers(names)]


def _nobody_told(_: Collection[int]) -> None:
    """Nobody keeps what devices said."""


class _Agents(Mapping[str, Agent]):
    def __init__(self, agent: Callable[[int], Agent], census: Census, numbers: NDArray[np.int32]) -> None:
        self._agent = agent
        self._census = census
        self._numbers = numbers

    def __getitem__(self, name: str) -> Agent:
        number = self._census.device_of[name]
        if number not in self._numbers:
            raise KeyError(name)
        return self._agent(number)

    def __iter__(self) -> Iterator[str]:
        return iter(self._census.names(self._numbers))

    def __len__(self) -> int:
        return len(self._numbers)


def _addresses(census: Census) -> NDArray[np.int32]:
    """Number + 1 of the device at each address of 127.0.0.0/8; 0 where there is none. Only what is used takes memory."""
    found = np.zeros(_HOST + 1, np.int32)
    addresses = texts(census.inventory.devices, "primary_ip").to_pylist()
    for number in np.flatnonzero(census.active).tolist():
        if addresses[number]:
            packed = _packed(census.devices[number].as_py(), addresses[number])
            found[int.from_bytes(packed, "big") & _HOST] = number + 1
    return found


def _packed(name: str, text: str) -> bytes:
    """The address's 4 octets; raises ValueError where it isn't one of loopback's."""
    address = ipaddress.ip_address(text)
    if address not in _LOOPBACK:
        raise ValueError(f"{name} has address {address}: only addresses in {_LOOPBACK} can be simulated")
    return address.packed


def crowd_of(census: Census, weather: Weather) -> Crowd:
    names = census.devices.to_pylist()
    start = zlib.crc32(f"{weather.seed}:".encode())
    seeds = np.array([zlib.crc32(name.encode(), start) for name in names], np.uint64)
    delays = _delays(census.inventory, weather)[census.site] * _spread(names, "delay", weather.spread)
    loss = np.minimum(weather.loss * _spread(names, "loss", weather.spread), 1.0)
    return Crowd(delays, loss, seeds)


def _spread(names: Sequence[str], what: str, sigma: float) -> Floats:
    """Factors of mean 1, log-normal."""
    if not sigma:
        return np.ones(len(names))
    normal = np.array([_NORMAL.inv_cdf(0.0005 + 0.999 * draw(name, what)) for name in names])
    return np.exp(sigma * normal - sigma**2 / 2)


def _delays(inventory: Inventory, weather: Weather) -> Floats:
    """Seconds an exchange takes, by site: 5 ms and 1 ms for each 8 km to the NOC, at most 60 ms; 20 ms where unknown."""
    if weather.delay_s is not None:
        return np.full(len(inventory.sites), weather.delay_s)
    kinds = texts(inventory.sites, "kind").to_pylist()
    north, east = (_degrees(inventory, field) for field in ("lat", "lon"))
    noc = kinds.index(SiteKind.NOC) if SiteKind.NOC in kinds else None
    if noc is None:
        return np.full(len(kinds), 0.02)
    across = np.hypot(north - north[noc], (east - east[noc]) * math.cos(math.radians(north[noc])))
    found: Floats = np.nan_to_num(np.minimum(0.005 + across * 111.2 / 8000, 0.06), nan=0.02)
    return found


def _degrees(inventory: Inventory, field: str) -> Floats:
    found = column(inventory.sites, field).cast(pa.float64())
    return np.asarray(found.to_numpy(zero_copy_only=False), np.float64)


def _communities(inventory: Inventory) -> Mapping[str, bytes | None]:
    """Credential -> community; of another kind none, which no request carries."""
    return {
        name: resolve_secret(credential.community).encode() if credential.kind in {"snmp-v1", "snmp-v2c"} else None
        for name, credential in inventory.credentials.items()
    }


def _users(inventory: Inventory) -> Mapping[str, User]:
    """Credential -> the SNMPv3 user that it stands for."""
    found = {}
    for name, credential in inventory.credentials.items():
        if credential.kind == "snmp-v3":
            try:
                found[name] = _user(credential)
            except ValueError as error:
                raise ValueError(f"credential {name}: {error}") from None
    return found


def _user(credential: Credential) -> User:
    return User(
        credential.user.encode(),
        credential.auth_protocol,
        resolve_secret(credential.auth) if credential.auth_protocol else "",
        credential.priv_protocol,
        resolve_secret(credential.priv) if credential.priv_protocol else "",
    )
