"""docs/metrics.md says what the code does."""

import pytest

from collectors.metrics import METRICS
from collectors.sinks.labels import labels_of
from collectors.sinks.lines import LineProtocol
from collectors.sinks.names import EXPOSED
from collectors.sinks.page import PAGE, filled
from inventory.model import Inventory
from tests.batches import batch


def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_the_page_is_as_new_as_the_code() -> None:
    assert filled(page()) == page(), "make metrics"


def test_every_metric_is_on_the_page_with_what_its_port_is() -> None:
    lines = page().splitlines()
    unread = next(line for line in lines if line.startswith("No profile reads these yet"))
    ports = "".join(line for line in lines if line.count(" | ") == 1)
    for metric, shown in zip(METRICS, EXPOSED, strict=True):
        assert f"| `{metric.name}` | " in page()
        assert f"| `{shown.name}`" in page()
        assert (f"`{metric.name}`" in unread) != (f"`{metric.name}`" in ports)


def test_a_stale_part_is_made_anew_and_the_rest_is_left_alone() -> None:
    stale = (
        page().replace("| `temperature` | Cel | gauge |", "| `warmth` | Cel | gauge |").replace("\n# M", "\nMine # M")
    )
    assert stale != page()
    assert filled(stale) == page().replace("\n# M", "\nMine # M")
    assert filled("nothing to fill") == "nothing to fill"


def test_a_part_that_nobody_makes_is_an_error() -> None:
    with pytest.raises(KeyError, match="weather"):
        filled("<!-- make metrics: weather -->\nold\n<!-- end -->")


def test_the_line_protocol_on_the_page_is_the_sinks(small: Inventory) -> None:
    samples = [
        ("gp1", "sysUpTime", "", 86400.0),
        ("gp1", "ifOperStatus", "GE0/0/1", 1.0),
        ("gp1", "in_bps", "GE0/0/1", 5.25e6),
        ("olt1", "ont_state", "0/1/3:12", 2.0),
    ]
    protocol = LineProtocol(labels_of(small))
    written = protocol.encode(batch(samples, devices=("gp1", "olt1"), at=1_795_000_000.0)).decode()
    assert f"```\n{written}```" in page(), written
