"""Notifications as Debian's snmptrap and snmpinform send them, and as nobody should."""

import asyncio
import random
import re
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from collectors.beside import MOST_WAITING, without_polls
from collectors.catalogue import load_profiles
from collectors.figures import Figures
from collectors.run import observe
from collectors.snmp.backend import Target, Usm, Value
from collectors.snmp.shape import MalformedError
from collectors.traps.damping import BURST, REFILL_S, Buckets, Soon
from collectors.traps.envelope import Envelope, envelope
from collectors.traps.meanings import Meaning, NotificationError, load_notifications, plain, understood
from collectors.traps.receiver import Event, Known, Receiver, open_socket
from collectors.traps.watch import watch_traps
from collectors.watch import fleet
from simulator import secured, usm
from simulator.engine import Engine
from storage.settings import CollectSettings, Settings, TrapSettings
from tests.fake_snmp import FakeBackend, router
from tests.hostile import binding, integer, mangled, tlv
from tests.servers import free_port, program
from tests.test_run import FAST, Seen, inventory

RECORDED = Path(__file__).parents[2] / "shared" / "data" / "devices" / "traps"
V2C = Target("", community="secret")
V3 = Target("", version=3, usm=Usm("trapper", "SHA-256", "authentication words", "AES", "privacy words"))
V3_WORDS = ("-l", "authPriv", "-a", "SHA-256", "-A", "authentication words", "-x", "AES", "-X", "privacy words")
LINK_DOWN, COLD_START = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.1"
PORT = ("1.3.6.1.2.1.2.2.1.1.7", "i", "7")


class Ears:
    """A receiver at a port of 127.0.0.1, and what it told."""

    def __init__(self, receiver: Receiver, events: list[Event], port: int) -> None:
        self.receiver, self.events, self.port = receiver, events, port

    @property
    def meanings(self) -> list[tuple[int, Meaning, str]]:
        return [(event.device, event.meaning, event.instance) for event in self.events]

    async def hear(self, program_name: str, *words: str, clientaddr: str = "127.0.0.1") -> int:
        """Exit code of snmptrap or snmpinform, which send `words` to here; what it sent has been judged then."""
        judged = self.judged
        argv = [program(program_name), "-r", "1", "-t", "10", f"--clientaddr={clientaddr}", *words]
        place = next(at for at, word in enumerate(argv) if word == "HERE")
        argv[place] = f"127.0.0.1:{self.port}"
        process = await asyncio.create_subprocess_exec(*argv, env={"MIBS": "", "PATH": "/usr/bin"})
        code = await process.wait()
        await self.until(lambda: self.judged > judged)
        return code

    @property
    def judged(self) -> int:
        heard = self.receiver.heard
        return heard.understood + heard.strangers + heard.damped + heard.refused

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not true():  # noqa: ASYNC110 - `true` may look at anything
                await asyncio.sleep(0.01)


@asynccontextmanager
async def ears(*devices: tuple[str, Target], relays: Sequence[str] = ()) -> AsyncIterator[Ears]:
    """For devices of these addresses and credentials."""
    events: list[Event] = []
    places: dict[str, list[int]] = {}
    for number, (address, _) in enumerate(devices):
        places.setdefault(address, []).append(number)
    known = Known(places, lambda number: devices[number][1], [ip_network(one) for one in relays], len(devices))
    opened = open_socket("127.0.0.1", 0)
    receiver = Receiver(opened, known, load_notifications(), events.append)
    working = asyncio.create_task(receiver.work())
    try:
        yield Ears(receiver, events, opened.getsockname()[1])
    finally:
        assert not working.done()  # it goes on whatever comes
        working.cancel()
        receiver.close()


@pytest.mark.parametrize("tool", ["snmptrap", "snmpinform"])
async def test_v2c_is_heard_and_an_inform_is_answered(tool: str) -> None:
    async with ears(("127.0.0.1", V2C)) as here:
        assert await here.hear(tool, "-v2c", "-c", "secret", "HERE", "42", LINK_DOWN, *PORT) == 0
        assert here.meanings == [(0, Meaning.LINK_DOWN, "7")]


async def test_v1_traps_are_translated() -> None:
    async with ears(("127.0.0.1", V2C)) as here:
        v1 = ("-v1", "-c", "secret", "HERE", "1.3.6.1.4.1.318", "127.0.0.1")
        await here.hear("snmptrap", *v1, "2", "0", "42", *PORT)  # generic: linkDown
        await here.hear("snmptrap", *v1, "6", "5", "42")  # enterprise's: PowerNet-MIB::upsOnBattery
        assert here.meanings == [(0, Meaning.LINK_DOWN, "7"), (0, Meaning.ON_BATTERY, "")]


@pytest.mark.parametrize("tool", ["snmptrap", "snmpinform"])
async def test_v3_is_heard_at_the_users_level_and_an_inform_is_answered(tool: str) -> None:
    engine = ("-e", "0x8000000001020304") if tool == "snmptrap" else ()
    async with ears(("127.0.0.1", V3)) as here:
        assert await here.hear(tool, "-v3", "-u", "trapper", *V3_WORDS, *engine, "HERE", "42", COLD_START) == 0
        await here.until(lambda: bool(here.events))
        assert here.meanings == [(0, Meaning.COLD_START, "")]


async def test_a_device_may_change_its_engine() -> None:
    async with ears(("127.0.0.1", V3)) as here:
        for engine in ("0x8000000001020304", "0x8000000001020399", "0x8000000001020304"):
            await here.hear("snmptrap", "-v3", "-u", "trapper", *V3_WORDS, "-e", engine, "HERE", "42", COLD_START)
        assert len(here.events) == 3


@pytest.mark.parametrize(
    "words",
    [
        ("-v2c", "-c", "public", "HERE", "42", COLD_START),
        ("-v1", "-c", "public", "HERE", "1.3.6.1.4.1.318", "127.0.0.1", "0", "0", "42"),
        ("-v3", "-u", "trapper", *V3_WORDS, "-e", "0x8000000001020304", "HERE", "42", COLD_START),
    ],
    ids=["v2c", "v1", "v3"],
)
async def test_another_credential_is_not_believed(words: Sequence[str]) -> None:
    async with ears(("127.0.0.1", V2C)) as here:
        await here.hear("snmptrap", *words)
        assert here.events == []
        assert here.receiver.heard.refused == 1


@pytest.mark.parametrize(
    "words",
    [
        ("-l", "noAuthNoPriv"),
        ("-l", "authNoPriv", "-a", "SHA-256", "-A", "authentication words"),
        ("-l", "authPriv", "-a", "SHA-256", "-A", "other words entirely", "-x", "AES", "-X", "privacy words"),
        ("-l", "authPriv", "-a", "SHA-256", "-A", "authentication words", "-x", "AES", "-X", "other words entirely"),
    ],
    ids=["open", "not private", "wrong authentication", "wrong privacy"],
)
async def test_a_user_is_not_believed_below_its_level(words: Sequence[str]) -> None:
    async with ears(("127.0.0.1", V3)) as here:
        await here.hear(
            "snmptrap", "-v3", "-u", "trapper", *words, "-e", "0x8000000001020304", "HERE", "42", COLD_START
        )
        assert here.events == []
        assert here.receiver.heard.refused == 1


async def test_only_devices_of_the_inventory_are_heard() -> None:
    async with ears(("127.0.0.2", V2C)) as here:
        words = ("-v2c", "-c", "secret", "HERE", "42", COLD_START)
        await here.hear("snmptrap", *words, clientaddr="127.0.0.3")
        assert (here.events, here.receiver.heard.strangers) == ([], 1)
        await here.hear("snmptrap", *words, clientaddr="127.0.0.2")
        assert here.meanings == [(0, Meaning.COLD_START, "")]


async def test_two_devices_of_one_address_are_told_apart_by_their_credentials() -> None:
    async with ears(("127.0.0.1", V2C), ("127.0.0.1", replace(V2C, community="other"))) as here:
        await here.hear("snmptrap", "-v2c", "-c", "other", "HERE", "42", COLD_START)
        assert here.meanings == [(1, Meaning.COLD_START, "")]


async def test_a_v1_trap_through_nat_is_the_devices_that_it_names_where_that_is_set() -> None:
    v1 = ("-v1", "-c", "secret", "HERE", "1.3.6.1.4.1.318", "10.9.8.7", "3", "0", "42")
    async with ears(("10.9.8.7", V2C), relays=["127.0.0.1/32"]) as here:
        await here.hear("snmptrap", *v1)
        assert here.meanings == [(0, Meaning.LINK_UP, "")]
        await here.hear("snmptrap", *v1, clientaddr="127.0.0.2")
        assert (len(here.events), here.receiver.heard.strangers) == (1, 1)


def trap(oid: str, community: bytes = b"secret", number: int = 1) -> bytes:
    """An SNMPv2c trap."""
    names = tuple(map(int, oid.split(".")))
    binds = binding((1, 3, 6, 1, 2, 1, 1, 3, 0), tlv(0x43, b"\1"))
    binds += binding((1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0), tlv(0x06, bytes((43, *names[2:]))))
    pdu = tlv(0xA7, integer(number) + integer(0) + integer(0) + tlv(0x30, binds))
    return tlv(0x30, integer(1) + tlv(0x04, community) + pdu)


def speaker(address: str) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind((address, 0))
    return opened


async def test_a_storm_is_damped_and_starves_nobody() -> None:
    async with ears(("127.0.0.1", V2C), ("127.0.0.2", V2C)) as here:
        with speaker("127.0.0.1") as one, speaker("127.0.0.2") as storm:
            for number in range(3000):
                storm.sendto(trap(LINK_DOWN, number=number + 1), ("127.0.0.1", here.port))
                if number % 100 == 0:
                    await asyncio.sleep(0)
                if number == 1500:
                    one.sendto(trap(COLD_START), ("127.0.0.1", here.port))
            await here.until(lambda: (0, Meaning.COLD_START, "") in here.meanings)
        assert here.receiver.heard.damped > 2000
        assert len([event for event in here.events if event.device == 1]) < 2 * BURST


async def test_who_forges_an_address_takes_no_word_from_its_device() -> None:
    async with ears(("127.0.0.1", V2C), ("127.0.0.2", V3)) as here:
        for address, forged in (
            ("127.0.0.1", trap(LINK_DOWN).replace(b"secret", b"public")),
            ("127.0.0.2", _forged()),
        ):
            with speaker(address) as liar:
                for _ in range(5 * int(BURST)):
                    liar.sendto(forged, ("127.0.0.1", here.port))
        await here.until(lambda: here.judged >= 10 * BURST)
        await here.hear("snmptrap", "-v2c", "-c", "secret", "HERE", "42", COLD_START)
        v3 = ("-v3", "-u", "trapper", *V3_WORDS, "-e", "0x8000000001020304", "HERE", "42", COLD_START)
        await here.hear("snmptrap", *v3, clientaddr="127.0.0.2")
        assert here.meanings == [(0, Meaning.COLD_START, ""), (1, Meaning.COLD_START, "")]
        assert here.receiver.heard.damped > 0  # what proves nothing is damped by itself


def _forged() -> bytes:
    """A trap of V3's user, signed by somebody else's passphrase."""
    stranger = usm.User(b"trapper", "SHA-256", "other authentication", "AES", "other privacy")
    engine = Engine(bytes.fromhex("8000000001020304"), stranger, lambda _: (1, 1))
    told = secured.Secured(7, 2048, 3, engine.identifier, 1, 1, stranger.name, b"", b"", b"", b"")
    return engine._seal(told, secured.AUTH | secured.PRIV, tlv(0xA7, integer(1) + integer(0) * 2 + tlv(0x30, b"")), 0.0)


async def test_hostile_packets_end_nothing() -> None:
    luck, good = random.Random(9), trap(COLD_START)
    devices = [(f"127.0.0.{number}", V2C if number % 2 else V3) for number in range(1, 40)]
    async with ears(*devices) as here:
        for address, _ in devices:
            with speaker(address) as liar:
                for _ in range(15):
                    liar.sendto(mangled(good, luck), ("127.0.0.1", here.port))
                    liar.sendto(luck.randbytes(luck.choice((1, 20, 2000))), ("127.0.0.1", here.port))
                liar.sendto(b"\x30\x84\xff\xff\xff\xff" + b"\x30" * 30_000, ("127.0.0.1", here.port))
                await asyncio.sleep(0)
        with speaker("127.0.0.77") as stranger:
            stranger.sendto(good, ("127.0.0.1", here.port))
        await here.until(lambda: here.judged == 39 * 31 + 1)
        assert here.receiver.heard.refused > 30 * 20


CATALOGUE = load_notifications()
BY_MIB = {one.mib: one for several in CATALOGUE.values() for one in several}
OBJECTS = {
    "TRIPPLITE-PRODUCTS::tlpAlarmDetail": "1.3.6.1.4.1.850.1.3.2.1.6.1",
    "IF-MIB::ifDescr.$port->ifIndex": "1.3.6.1.2.1.2.2.1.2.5",
}
RECORDINGS = {
    "AdvaDyingGaspTrap-1": (Meaning.DYING_GASP, ""),
    "ApcOnBattery-1": (Meaning.ON_BATTERY, ""),
    "ApcPowerRestored-1": (Meaning.ON_MAINS, ""),
    "CommonTrap-2": (Meaning.COLD_START, ""),
    "CommonTrap-3": (Meaning.WARM_START, ""),
    "CyberPowerTraps-4": (Meaning.ON_BATTERY, ""),
    "CyberPowerTraps-5": (Meaning.BATTERY_LOW, ""),
    "CyberPowerTraps-6": (Meaning.ON_MAINS, ""),
    "CyberPowerTraps-8": (Meaning.BATTERY_CHARGED, ""),
    "PortsTrap-1": (Meaning.LINK_DOWN, "GigabitEthernet0/5"),
    "PortsTrap-2": (Meaning.LINK_UP, "GigabitEthernet0/5"),
    "TrippliteTrap-1": (Meaning.ON_BATTERY, ""),
    "TrippliteTrap-2": (Meaning.ON_MAINS, ""),
    "UpsTrapOnBattery-1": (Meaning.ON_BATTERY, ""),
    "UpsTrapsOnBattery-1": (Meaning.ON_BATTERY, ""),
}


def recorded(name: str) -> tuple[str, list[tuple[str, str]]]:
    """Identifier of a recorded notification, and of what was sent along what our tables look at."""
    text = (RECORDED / f"{name}.txt").read_text(encoding="utf-8")
    found = re.search(r"snmpTrapOID\.0 (\S+)", text)
    assert found
    said = [line.partition(" ") for line in text.splitlines()]
    mib = found[1].replace("UPS-MIB::upsTraps.0.1", "UPS-MIB::upsTrapOnBattery")
    return BY_MIB[mib].oid, [(OBJECTS[key], value) for key, _, value in said if key in OBJECTS]


@pytest.mark.parametrize("name", RECORDINGS)
async def test_recorded_notifications_mean_what_they_say(name: str) -> None:
    oid, said = recorded(name)
    async with ears(("127.0.0.1", V2C)) as here:
        along = [word for bind_oid, value in said for word in (bind_oid, "s", value)]
        await here.hear("snmptrap", "-v2c", "-c", "secret", "HERE", "42", oid, *along)
        assert here.meanings == [(0, *RECORDINGS[name])]


def test_other_notifications_mean_that_something_happened() -> None:
    assert understood(CATALOGUE, "1.3.6.1.2.1.17.0.2", []) == (Meaning.OTHER, "")
    assert understood(CATALOGUE, "", []) == (Meaning.OTHER, "")


ALARM_ADDED, ALARM = "1.3.6.1.2.1.33.2.3", "1.3.6.1.2.1.33.1.6.2.1.2.4"


@pytest.mark.parametrize(
    ("value", "means"),
    [
        ("1.3.6.1.2.1.33.1.6.3.2", Meaning.ON_BATTERY),
        ("1.3.6.1.2.1.33.1.6.3.3", Meaning.BATTERY_LOW),
        ("1.3.6.1.2.1.33.1.6.3.30", Meaning.OTHER),
        (2, Meaning.OTHER),
    ],
)
def test_what_is_sent_along_decides_where_the_table_says_so(value: Value, means: Meaning) -> None:
    assert understood(CATALOGUE, ALARM_ADDED, [(ALARM, value)])[0] is means


@pytest.mark.parametrize(
    ("oid", "written"),
    [("1.3.6.1.4.1.318.0.5", "1.3.6.1.4.1.318.5"), ("1.3.6.1.2.1.33.2.1", "1.3.6.1.2.1.33.2.1"), ("1.0.0", "1.0")],
)
def test_the_zero_of_translated_traps_is_left_out(oid: str, written: str) -> None:
    assert plain(oid) == written


def test_every_meaning_is_in_a_table_and_says_where_it_is_from() -> None:
    listed = [one for several in CATALOGUE.values() for one in several]
    assert {one.means for one in listed} == set(Meaning) - {Meaning.OTHER}
    assert all(one.source and "::" in one.mib for one in listed)


@pytest.mark.parametrize(
    "table",
    [
        "notification = 1",
        "[[notification]]\noid='x'",
        "[[notification]]\noid='1.3'\nmib='A::b'\nmeans='bad'\nsource='x'",
        "[",
    ],
)
def test_a_broken_table_is_named(tmp_path: Path, table: str) -> None:
    (tmp_path / "broken.toml").write_text(table, encoding="utf-8")
    with pytest.raises(NotificationError, match=r"broken\.toml"):
        load_notifications(tmp_path)


def test_the_envelope_is_read_before_anything_is_decoded() -> None:
    assert envelope(trap(COLD_START)) == Envelope(1, b"secret")
    for place in range(len(trap(COLD_START))):
        with pytest.raises(MalformedError):
            envelope(trap(COLD_START)[:place])


def test_a_bucket_gives_a_burst_then_one_at_a_time() -> None:
    buckets = Buckets(2)
    assert [buckets.take(0, 100.0) for _ in range(int(BURST) + 1)] == [*[True] * int(BURST), False]
    assert buckets.take(1, 100.0)
    assert not buckets.take(0, 100.0 + 0.9 * REFILL_S)
    assert buckets.take(0, 100.0 + 1.1 * REFILL_S)
    assert not buckets.take(0, 50.0)


def test_many_notifications_make_one_poll_and_one_after_the_last() -> None:
    soon = Soon()
    polls = []
    for tenth in range(400):
        now = tenth / 10
        if now < 12:
            soon.heard(3, now)
        polls += [(now, device) for device in soon.take(now)]
    assert [device for _, device in polls] == [3] * 4
    assert polls[0][0] < 1
    assert polls[-1][0] >= 12


async def test_a_notification_is_kept_and_its_device_polled_at_once() -> None:
    """Long before its turn: the interval is an hour."""
    port = free_port(socket.SOCK_DGRAM)
    devices = {"127.0.0.1": router({1: "GE0/0/1"})}
    settings = Settings(
        collect=CollectSettings(interval_s=3600, batch_s=0.02), traps=TrapSettings(listen="127.0.0.1", port=port)
    )
    seen, stop = Seen(), asyncio.Event()
    watching: Awaitable[None] = asyncio.create_task(
        observe(inventory(devices), FakeBackend(devices), load_profiles(), settings, sinks=[seen], stop=stop)
    )
    async with asyncio.timeout(30):
        with speaker("127.0.0.1") as device:
            while not seen.polls("127.0.0.1"):
                device.sendto(trap(LINK_DOWN, b"public"), ("127.0.0.1", port))
                await asyncio.sleep(0.1)
    stop.set()
    await watching
    assert seen.values("127.0.0.1", "notification", "")[0] == 3
    assert FAST.interval_s < 3600


async def test_what_the_sinks_are_too_slow_for_is_left_out_and_counted() -> None:
    port, figures = free_port(socket.SOCK_DGRAM), Figures()
    devices = {"127.0.0.1": router({1: "GE0/0/1"})}
    settings = Settings(traps=TrapSettings(listen="127.0.0.1", port=port))
    ready = deque([without_polls((), (), (), 0.0)] * MOST_WAITING)
    heard = fleet(inventory(devices), settings)
    hearing = asyncio.create_task(watch_traps(heard, settings.traps, ready, lambda _: True, figures))
    async with asyncio.timeout(30):
        with speaker("127.0.0.1") as device:
            while not figures.left_out:
                device.sendto(trap(LINK_DOWN, b"public"), ("127.0.0.1", port))
                await asyncio.sleep(0.1)
    hearing.cancel()
    assert len(ready) == MOST_WAITING
