"""A kendra that checks in: the small inventory with one, its key, and the receiver on loopback."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
from sqlalchemy import Engine

from collectors.checkin.message import PATH, signature
from collectors.checkin.receive import Receiver, receiving
from collectors.checkin.serving import receive_until
from inventory.model import Credential, Device, Endpoint, Inventory, Names, Role
from storage.settings import CheckinSettings
from tests.servers import free_port, wait_until
from tests.small import small_inventory

SITE = "kendra1"
PC = "pc1"
KEY = "0123456789abcdef" * 4
INSTALL = "00000000000000aa"


def checking_in(folder: Path, *, url: str = "https://portal.example/", endpoints: bool = True) -> Inventory:
    """The small inventory, where kendra 1 checks in with a fingerprint reader, a printer and a UPS on USB."""
    small = small_inventory()
    seen = {"finger1": "fingerprint", "printer1": "usb:03f0:1d17", "ups1": "ups"}
    roles = {"finger1": Role.BIOMETRIC, "printer1": Role.PRINTER, "ups1": Role.UPS}
    usb = {name: Device(name, roles[name], SITE, seen_through=PC, seen_as=seen_as) for name, seen_as in seen.items()}
    pc = replace(small.devices[PC], primary_ip="", credential="checkin")
    (folder / "keys").mkdir(exist_ok=True)
    (folder / "keys" / SITE).write_text(KEY + "\n")
    credential = Credential("checkin", "checkin", auth=f"file:{folder}/keys/{{site}}")
    portal = Endpoint("portal", Names("Portal"), url)
    return replace(
        small,
        devices={**small.devices, PC: pc, **usb},
        credentials={**small.credentials, "checkin": credential},
        endpoints={"portal": portal} if endpoints else {},
    )


def heartbeat(n: int, at: float, **told: Any) -> dict[str, Any]:
    """A heartbeat as an agent sends it, 0 s old unless told otherwise."""
    return {"n": n, "at": at, "by": "wall", "age_s": 0.0, "peripherals": None, "power": None, "looks": []} | told


def envelope(sequence: int, sent_at: float, *beats: Any, **told: Any) -> bytes:
    body = {
        "agent": "1", "install": INSTALL, "sequence": sequence, "sent_at": sent_at, "dropped": 0, "waiting": 0,
        "heartbeats": list(beats),
    } | told  # fmt: skip
    return json.dumps(body).encode()


@dataclass
class Clock:
    now: float

    def __call__(self) -> float:
        return self.now


@dataclass
class Served:
    """The receiver as it listens."""

    url: str
    client: httpx2.Client

    def post(self, body: bytes, *, site: str = SITE, key: str = KEY, told: str | None = None) -> httpx2.Response:
        signed = signature(key, site, body) if told is None else told
        headers = {b"X-Pahunch-Kendra": quote(site, safe="").encode(), b"X-Pahunch-Signature": signed.encode("latin-1")}
        return self.client.post(self.url + PATH, content=body, headers=headers)


@contextmanager
def received(receiver: Receiver, port: int | None = None, settings: CheckinSettings | None = None) -> Iterator[Served]:
    """The receiver in a thread of its own until the end of the block."""
    chosen = (settings or CheckinSettings()).model_copy(update={"port": port or free_port()})
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        stop = asyncio.Event()
        loops.append((asyncio.get_running_loop(), stop))
        await receive_until(receiving(receiver), chosen, stop)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    scheme = "https" if chosen.certificate else "http"
    try:
        wait_until(lambda: _listens(chosen.port), every=0.02, saying="the receiver listens")
        with httpx2.Client(timeout=20, trust_env=False) as client:
            yield Served(f"{scheme}://127.0.0.1:{chosen.port}", client)
    finally:
        loop, stop = loops[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        assert not thread.is_alive()


def _listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def kendra(
    engine: Engine, inventory: Inventory, clock: Clock | None = None, port: int | None = None
) -> Iterator[Served]:
    receiver = Receiver(engine, inventory, clock) if clock else Receiver(engine, inventory)
    with received(receiver, port) as served:
        yield served


def config(folder: Path, server: str, **told: Any) -> Path:
    """The configuration of an agent whose queue lies beside it."""
    file = folder / "checkin.json"
    file.write_text(json.dumps({"server": server, "kendra": SITE, "key": KEY, "interval_s": 300} | told))
    return file
