"""One running product with everything around it, for the tests of a file."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from simulator.fleet import Weather
from simulator.process import FleetProcess, Plan
from tests.e2e.product import Product
from tests.servers import alertmanager, free_port, victoria_metrics
from tests.small import small_inventory


class Inbox(MessageHandler):
    """A mail sink that keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.messages.append(message)

    def subjects(self) -> list[str]:
        return [str(message["Subject"]) for message in self.messages]


@dataclass
class Surroundings:
    """The product, the devices it polls, and what it talks to."""

    product: Product
    fleet: FleetProcess
    inbox: Inbox
    alertmanager: str
    influx: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    folder = tmp_path_factory.mktemp("product")
    os.environ["PAHUNCH_TEST_COMMUNITY"] = "public"
    inbox = Inbox()
    mail = Controller(inbox, hostname="127.0.0.1", port=free_port())
    mail.start()
    (folder / "alertmanager.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    with (
        alertmanager(folder / "alertmanager.yml", folder) as manager,
        victoria_metrics(folder) as influx,
        FleetProcess(Plan(small_inventory(), weather=Weather(delay_s=0.02))) as fleet,
    ):
        product = Product(folder, fleet.port, _around(mail.port, manager, influx))
        product.install(small_inventory())
        try:
            yield Surroundings(product, fleet, inbox, manager, influx)
        finally:
            if product.process and product.process.poll() is None:
                product.stop()
            mail.stop()


def _around(mail_port: int, manager: str, influx: str) -> dict[str, str]:
    channels = [
        {"name": "mail", "kind": "apprise", "url": "env:PAHUNCH_MAIL"},
        {"name": "alertmanager", "kind": "alertmanager", "url": manager},
    ]
    mail = f"mailto://127.0.0.1:{mail_port}?mode=insecure&from=noc@example.invalid&to=engineer@example.invalid"
    return {
        "PAHUNCH_MAIL": mail,
        "PAHUNCH_ALERTS__CHANNELS": json.dumps(channels),
        "PAHUNCH_INFLUX__URL": influx,
        "PAHUNCH_INFLUX__TOKEN": "unused",
    }


@pytest.fixture(scope="session")
def artefacts() -> Path:
    folder = Path(__file__).parents[2] / "artefacts"
    folder.mkdir(exist_ok=True)
    return folder
