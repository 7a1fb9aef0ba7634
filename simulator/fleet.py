"""The agents of an inventory: one for each device with an address, driven by a World."""

import ipaddress
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from inventory.model import Credential, Device, Inventory, SiteKind
from simulator import cabling
from simulator.agent import Agent
from simulator.boxes import Box
from simulator.condition import Condition, Effect, Jam
from simulator.engine import Engine, engine_id
from simulator.mibs.kinds import view_of
from simulator.usm import User
from simulator.world import World
from storage.settings import resolve_secret

_LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


@dataclass(frozen=True, slots=True)
class Weather:
    """What every exchange suffers: `delay_s` None is by distance to the NOC; `loss` is a share."""

    delay_s: float | None = None
    loss: float = 0.0
    seed: int = 1


class Fleet:
    """Answers for the inventory's devices; `set_effects` puts faults in force.

    Raises ValueError where the inventory can't be simulated (no NOC, addresses outside
    127.0.0.0/8, a user's protocols) and SecretUnavailableError where a credential's reference
    can't be resolved. A device is asked by its credential alone: v2c or v3, never both.
    """

    def __init__(self, inventory: Inventory, now: float, weather: Weather = Weather()) -> None:
        self.world = World(inventory, now)
        self.weather = weather
        self._communities = _communities(inventory)
        self._users = _users(inventory)
        self._delays = _delays(inventory, weather)
        self._by_name = {name: self._agent(box) for name, box in self.world.boxes.items() if box.device.primary_ip}
        self._by_address = {_packed(self.world.boxes[name].device): agent for name, agent in self._by_name.items()}
        self.set_effects((), now)

    def _agent(self, box: Box) -> Agent:
        user = self._users.get(box.device.credential)
        if user:
            box.engine = Engine(engine_id(_packed(box.device)), user, box.engine_clock)
        return Agent(
            partial(view_of, box),
            self._communities.get(box.device.credential, b"public"),
            engine=box.engine,
            delay_s=self._delays[box.site.name],
            loss=self.weather.loss,
            seed=zlib.crc32(f"{self.weather.seed}:{box.device.name}".encode()),
        )

    def find(self, address: bytes, community: bytes) -> Agent | None:
        """The agent at this address (4 octets), if that is its community."""
        agent = self._by_address.get(address)
        return agent if agent is not None and agent.community == community else None

    def at_address(self, address: bytes) -> Agent | None:
        return self._by_address.get(address)

    def set_effects(self, effects: tuple[Effect, ...], now: float) -> None:
        before = self.world.condition
        for name in self.world.settle(effects, now):
            if name in self._by_name:
                self._by_name[name].forget()
        after = self.world.condition
        silenced = self._by_name.keys() if before.blind != after.blind else before.lost ^ after.lost
        for name in silenced & self._by_name.keys():
            self._by_name[name].silent = after.blind or name in after.lost
        suffering = before.lossy.keys() | after.lossy.keys() | before.slowed.keys() | after.slowed.keys()
        for name in suffering & self._by_name.keys():
            self._make_suffer(name, after)

    def _make_suffer(self, name: str, condition: Condition) -> None:
        agent, jam = self._by_name[name], condition.slowed.get(name, Jam(0.0, 0.0))
        agent.loss = max(self.weather.loss, condition.lossy.get(name, 0.0), jam.loss)
        agent.delay_s = self._delays[self.world.boxes[name].site.name] + jam.delay_s


def _packed(device: Device) -> bytes:
    address = ipaddress.ip_address(device.primary_ip)
    if address not in _LOOPBACK:
        raise ValueError(f"{device.name} has address {address}: only addresses in {_LOOPBACK} can be simulated")
    return address.packed


def _communities(inventory: Inventory) -> Mapping[str, bytes | None]:
    """Credential -> community; of another kind none, which no request carries."""
    return {
        name: resolve_secret(credential.community).encode() if credential.kind == "snmp-v2c" else None
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


def _delays(inventory: Inventory, weather: Weather) -> Mapping[str, float]:
    noc = next((site for site in inventory.sites.values() if site.kind is SiteKind.NOC), None)
    return {
        site.name: cabling.delay_of(site, noc) if weather.delay_s is None else weather.delay_s
        for site in inventory.sites.values()
    }
