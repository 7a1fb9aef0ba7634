"""A store that goes away and comes back ends no part of alerting."""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from alerts.loop import run
from alerts.store import alerts, deliveries
from inventory import store
from inventory.model import Inventory
from inventory.scope import Scope
from storage.settings import AlertSettings, ChannelSettings
from tests.judged import add_outage
from tests.servers import wait_until

NOBODY = ChannelSettings(name="nobody", kind="apprise", url="env:NOT_SET_ANYWHERE")


async def test_alerts_go_on_when_the_store_is_back(engine: Engine, small: Inventory) -> None:
    store.apply(engine, small, datetime.now(UTC))
    add_outage(engine, "gp1", from_at=datetime.now(UTC) - timedelta(minutes=6))
    refused = []

    def refuse(connection: object) -> None:
        refused.append(connection)
        if len(refused) % 2:
            raise OperationalError("BEGIN", {}, OSError("the store is away"))
        raise ValueError("what a row says that nobody understands")

    event.listen(engine, "begin", refuse)
    stop = asyncio.Event()
    settings = AlertSettings(site_down_after_s=0, channels=(NOBODY,))
    running = asyncio.create_task(run(engine, small, settings, stop))
    await asyncio.to_thread(wait_until, lambda: len(refused) >= 4)
    assert not running.done()
    event.remove(engine, "begin", refuse)
    await asyncio.to_thread(wait_until, lambda: any(one.last_error for one in deliveries(engine, Scope())))
    stop.set()
    await running
    assert [alert.subject for alert in alerts(engine, Scope())] == ["gp1"]
