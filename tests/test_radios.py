"""What is polled of radio links: signal, noise, their distance, and the rates of the modulation in use."""

from pathlib import Path

import pytest

from collectors.plan import make_plan
from collectors.read import read_profile
from collectors.recognise import recognise
from collectors.snmp.backend import Target
from tests.probed import PROFILES
from tests.recorded import Recorded, read_recording

TOLD = {  # by the recordings' objects; dBm, dB, Mbit/s
    "ubiquiti-nanostation-m5": ("1", -64, 32, -101, 120, 162),  # kbit/s in old firmware
    "ubiquiti-litebeam5ac-gen2": ("1", -70, 26, -91, 52, 39),
    "ubiquiti-airfiber-v4": ("1", -42, None, None, 686.40064, 684.85696),  # by the sysObjectID of airOS
    "cambium-ptp670": ("", -52.8, None, None, 161.34, 161.34),
    "cambium-cnwave-v3000": ("1", -64, 10, None, None, None),
    "cambium-eptp-master": ("", None, 34, None, None, None),
    "ceragon-ip20c": ("268451969", -34, None, None, 445.02, 445.02),
    "mimosa-b5": ("3", -59.2, 30.7, -89.9, 180, 150),
    "odd-aviat-no-sysdescr": ("59", -36.7, 45, None, 730.947, 730.947),
    "siklu-eh1200tl": ("1", -38, 23, None, None, None),
}
METRICS = ("radio_signal_dbm", "radio_snr_db", "radio_noise_dbm", "radio_rx_bps", "radio_tx_bps")


@pytest.mark.parametrize("name", TOLD)
async def test_the_link_of_a_radio_is_polled(recordings: Path, name: str) -> None:
    backend, target = Recorded(read_recording(recordings / "snmp" / f"{name}.snmprec")), Target("127.0.0.1")
    recognised = await recognise(backend, target, PROFILES)
    assert not hasattr(recognised, "reason")
    samples = (await read_profile(backend, target, recognised)).samples
    instance, *told = TOLD[name]
    found = [samples.get(metric, {}).get(instance) for metric in METRICS]
    mega = [None if value is None else value / 1e6 for value in found[3:]]
    assert [*found[:3], *mega] == [None if each is None else pytest.approx(each) for each in told]


def test_radios_are_asked_for_that_each_five_minutes_at_most() -> None:
    plans = [make_plan(profile, ()) for profile in PROFILES.values() if profile.role == "radio"]
    reads = [read for plan in plans for table in plan.tables for read in table.columns]
    reads += [item.read for plan in plans for item in plan.items]
    assert {read.every_s for read in reads if read.metric in METRICS} == {300.0}
