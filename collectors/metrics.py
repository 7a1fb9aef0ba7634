"""Every metric there is: name, unit, kind and help in one place.

Profiles, rates, history, InfluxDB, Prometheus, judgement and pages take their names from here; a
profile that names another metric does not load.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    COUNTER = "counter"  # only grows, wraps, restarts at 0 with the device
    GAUGE = "gauge"
    STATE = "state"  # one of the numbers that `help` explains


@dataclass(frozen=True, slots=True)
class Metric:
    name: str
    unit: str
    kind: Kind
    help: str


_G, _C, _S = Kind.GAUGE, Kind.COUNTER, Kind.STATE

METRICS: tuple[Metric, ...] = (
    Metric("sysUpTime", "s", _G, "Time since the agent started (SNMPv2-MIB)"),
    Metric("ifAdminStatus", "", _S, "Wanted state of the port: 1 up, 2 down, 3 testing (IF-MIB)"),
    Metric("ifOperStatus", "", _S, "State of the port: 1 up, 2 down, 3 testing, 4 unknown, 5 dormant, 6 notPresent, 7 lowerLayerDown (IF-MIB)"),
    Metric("ifHCInOctets", "By", _C, "Octets received on the port (IF-MIB; ifInOctets where there is no 64-bit counter)"),
    Metric("ifHCOutOctets", "By", _C, "Octets sent on the port (IF-MIB; ifOutOctets where there is no 64-bit counter)"),
    Metric("ifInErrors", "", _C, "Received packets with errors (IF-MIB)"),
    Metric("ifOutErrors", "", _C, "Packets not sent because of errors (IF-MIB)"),
    Metric("ifInDiscards", "", _C, "Received packets discarded without error (IF-MIB)"),
    Metric("ifOutDiscards", "", _C, "Packets to send discarded without error (IF-MIB)"),
    Metric("ifSpeed", "bit/s", _G, "Speed of the port (ifHighSpeed x 10^6, or ifSpeed; IF-MIB)"),
    Metric("in_bps", "bit/s", _G, "Traffic received on the port, from two readings of the octet counter"),
    Metric("out_bps", "bit/s", _G, "Traffic sent on the port, from two readings of the octet counter"),
    Metric("in_error_rate", "1/s", _G, "Received packets with errors per second"),
    Metric("out_error_rate", "1/s", _G, "Sent packets with errors per second"),
    Metric("optical_rx_dbm", "dBm", _G, "Received optical power"),
    Metric("optical_tx_dbm", "dBm", _G, "Sent optical power"),
    Metric("ont_state", "", _S, "State of an ONT as its OLT sees it: 1 online, 2 offline, 0 unknown"),
    Metric("ont_last_down_cause", "", _S, "Why the ONT was last lost: 1 loss of signal, 2 power (dying gasp), 3 other, 0 unknown"),
    Metric("ont_rx_dbm", "dBm", _G, "Optical power received by the ONT"),
    Metric("ont_distance_m", "m", _G, "Fibre length between OLT and ONT as ranged by the OLT"),
    Metric("ups_on_battery", "", _S, "1 while the UPS feeds from its battery, else 0"),
    Metric("ups_charge_percent", "%", _G, "Charge of the UPS battery (upsEstimatedChargeRemaining)"),
    Metric("ups_runtime_s", "s", _G, "Time the battery lasts at this load (upsEstimatedMinutesRemaining x 60)"),
    Metric("ups_load_percent", "%", _G, "Load of the UPS (upsOutputPercentLoad)"),
    Metric("ups_input_voltage", "V", _G, "Mains voltage at the UPS (upsInputVoltage)"),
    Metric("host_cpu_percent", "%", _G, "Mean load of the host's processors (hrProcessorLoad)"),
    Metric("host_memory_total", "By", _G, "Physical memory (hrStorageRam)"),
    Metric("host_memory_used", "By", _G, "Physical memory in use (hrStorageRam)"),
    Metric("host_disk_total", "By", _G, "Size of a fixed disk (hrStorageFixedDisk)"),
    Metric("host_disk_used", "By", _G, "Used part of a fixed disk (hrStorageFixedDisk)"),
    Metric("host_processes", "", _G, "Processes on the host (hrSystemProcesses)"),
    Metric("printer_status", "", _S, "State of the printer: 1 other, 3 idle, 4 printing, 5 warmup (hrPrinterStatus)"),
    Metric("printer_errors", "", _S, "Error bits of the printer, first bit highest (hrPrinterDetectedErrorState)"),
    Metric("printer_pages", "", _C, "Pages printed in the printer's life (prtMarkerLifeCount)"),
    Metric("printer_supply_percent", "%", _G, "What is left of a supply (prtMarkerSuppliesLevel / MaxCapacity)"),
    Metric("temperature", "Cel", _G, "Temperature"),
    Metric("icmp_loss_percent", "%", _G, "Echo requests to the device that were not answered"),
    Metric("icmp_rtt_min_s", "s", _G, "Shortest round trip of these echo requests"),
    Metric("icmp_rtt_avg_s", "s", _G, "Mean round trip of these echo requests"),
    Metric("icmp_rtt_max_s", "s", _G, "Longest round trip of these echo requests"),
    Metric("icmp_jitter_s", "s", _G, "Mean difference between the round trips of echo requests that follow one another"),
    Metric("notification", "", _S, "What the device told last by a trap or inform: 1 cold start, 2 warm start, 3 link down, 4 link up, 5 authentication failure, 6 on battery, 7 on mains, 8 battery low, 9 battery charged, 10 dying gasp, 11 loss of signal, 12 something else"),
    Metric("endpoint_up", "", _S, "1 where the endpoint answered as it should, else 0"),
    Metric("endpoint_failure", "", _S, "What was wrong with the endpoint's answer: 0 nothing, 1 no answer in time, 2 refused, 3 our own way to it, 5 no proper HTTP, 7 the answer did not end in time, 9 its name, 10 its address is not allowed, 11 TLS or certificate, 12 status, 13 text"),
    Metric("endpoint_http_status", "", _S, "HTTP status of the endpoint's last answer, after redirects"),
    Metric("endpoint_name_s", "s", _G, "Time to find the address of the endpoint's host"),
    Metric("endpoint_connect_s", "s", _G, "Time to connect to the endpoint (TCP)"),
    Metric("endpoint_tls_s", "s", _G, "Time to agree on encryption with the endpoint"),
    Metric("endpoint_first_byte_s", "s", _G, "Time from the request to the beginning of the endpoint's answer"),
    Metric("endpoint_total_s", "s", _G, "Time of a whole look at the endpoint, with its redirects"),
    Metric("endpoint_certificate_s", "s", _G, "How much longer the endpoint's certificate is valid"),
    Metric("radio_signal_dbm", "dBm", _G, "Received signal of a radio link"),
    Metric("radio_noise_dbm", "dBm", _G, "Noise floor of a radio link"),
    Metric("radio_snr_db", "dB", _G, "Received signal above the noise of a radio link"),
    Metric("radio_rx_bps", "bit/s", _G, "Rate at which a radio link receives now, by its modulation"),
    Metric("radio_tx_bps", "bit/s", _G, "Rate at which a radio link sends now, by its modulation"),
)  # fmt: skip

NUMBER: dict[str, int] = {metric.name: number for number, metric in enumerate(METRICS)}
"""Name -> its row in METRICS, the form in which columns carry a metric."""

FIGURED: tuple[str, ...] = ("in_bps", "out_bps", "optical_rx_dbm", "optical_tx_dbm", "ont_rx_dbm", "radio_signal_dbm")
"""Of these, traffic, light and radio signals, the history keeps figures when their samples are gone."""
