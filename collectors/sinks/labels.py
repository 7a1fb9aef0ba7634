"""Where a device stands, as InfluxDB's tags and Prometheus' labels say it."""

from collections.abc import Mapping
from dataclasses import dataclass

from inventory.model import Inventory, Level


@dataclass(frozen=True, slots=True)
class Labels:
    """A fixed, small set: the number of series is bounded by devices and ports."""

    device: str
    site: str
    role: str
    district: str  # area key, empty where the site lies in none


def labels_of(inventory: Inventory) -> Mapping[str, Labels]:
    """Labels by device name."""
    districts = {site.name: _district(inventory, site.area) for site in inventory.sites.values()}
    return {
        device.name: Labels(device.name, device.site, device.role, districts.get(device.site, ""))
        for device in inventory.devices.values()
    }


def _district(inventory: Inventory, area: str | None) -> str:
    while area is not None:
        if inventory.areas[area].level is Level.DISTRICT:
            return area
        area = inventory.areas[area].parent
    return ""
