"""The demo asks no real portal: its endpoints lead to the simulator on loopback, and nothing else private is allowed."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine

import manage
from collectors.http.addresses import Allowed, system_lookup
from collectors.http.probe import Prober
from inventory import store
from inventory.model import Endpoint, Inventory, Names
from simulator.portals import Portals, Trouble
from storage.settings import EndpointSettings, Settings, StorageSettings
from tests.judged import MONDAY


async def test_the_demos_endpoints_are_the_simulators(engine: Engine, small: Inventory, tmp_path: Path) -> None:
    endpoints = {
        code: Endpoint(code, Names(code), f"https://{code}.example/", expect_status="403", expect_text="Welcome")
        for code in ("portal", "auth")
    }
    facts = replace(small, endpoints=endpoints)
    store.apply(engine, facts, MONDAY)
    given = Settings(storage=StorageSettings(url=engine.url.render_as_string(hide_password=False)))
    with Portals(endpoints.values(), 0) as portals, ThreadPoolExecutor(1) as pool:
        manage._lead_endpoints_to(given, facts, portals.port)
        led = store.load(engine).endpoints
        assert {one.url for one in led.values()} == {f"http://127.0.0.1:{portals.port}/{code}" for code in endpoints}
        portals.troubles = {"auth": Trouble(status=503)}
        allowed = manage._demo_settings(given, tmp_path, 8000, 16_100).endpoints
        prober = Prober(allowed, system_lookup(pool, 1))
        seen = {code: await prober.look(one) for code, one in led.items()}
        await prober.close()
    assert seen["portal"].failure is None
    assert seen["auth"].found.status == 503


def test_the_users_own_list_stays(tmp_path: Path) -> None:
    given = Settings(endpoints=EndpointSettings(allow=("10.0.0.0/8",), interval_s=30))
    made = manage._demo_settings(given, tmp_path, 8000, 16_100).endpoints
    assert (set(made.allow), made.interval_s) == ({"10.0.0.0/8", "127.0.0.1"}, 30)
    assert len(Allowed.named(made.allow).networks) == 2
