"""The peer to be measured beside: Debian's prometheus-snmp-exporter, scraped by Debian's Prometheus.

The same objects of the same agents as the product's, each agent a target. What the two processes cost is
counted together, while they keep up.
"""

import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from bench.machine import cpu_s, pss_mb

_PROGRAMS = ("prometheus-snmp-exporter", "prometheus")
_READY_S = 60.0
_PORT_COLUMNS = {
    "ifOperStatus": ("1.3.6.1.2.1.2.2.1.8", "gauge"),
    "ifHCInOctets": ("1.3.6.1.2.1.31.1.1.1.6", "counter"),
    "ifHCOutOctets": ("1.3.6.1.2.1.31.1.1.1.10", "counter"),
    "ifInErrors": ("1.3.6.1.2.1.2.2.1.14", "counter"),
    "ifOutErrors": ("1.3.6.1.2.1.2.2.1.20", "counter"),
}
_UPTIME = "1.3.6.1.2.1.1.3"


class PeerMissingError(Exception):
    """Debian's packages are not installed."""


class Agents(NamedTuple):
    """Who is asked: ADDRESS:PORT each, by one community; of each, sysUpTime and the ports with these ifIndex."""

    addresses: Sequence[str]
    indices: Sequence[int]
    community: str


def measure(folder: Path, agents: Agents, interval_s: int, seconds: float) -> Mapping[str, float]:
    """Figures of exporter and Prometheus over `seconds`; PeerMissingError where they aren't installed."""
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    if missing:
        raise PeerMissingError(f"{', '.join(missing)}: apt-get install {' '.join(missing)}")
    exporter_port, prometheus_port = _free_port(), _free_port()
    exporter, server = _configs(folder, agents, interval_s, exporter_port)
    listen = "--web.listen-address=127.0.0.1:"
    first = [_PROGRAMS[0], f"--config.file={exporter}", f"{listen}{exporter_port}", "--log.level=error"]
    second = [_PROGRAMS[1], f"--config.file={server}", f"--storage.tsdb.path={folder}/tsdb",
              f"{listen}{prometheus_port}", "--log.level=error"]  # fmt: skip
    with _running(first, folder) as one, _running(second, folder) as other:
        url = f"http://127.0.0.1:{prometheus_port}"
        _wait_until_ready(url)
        time.sleep(2.0 * interval_s)  # every target scraped once, its series made
        pids = (one, other)
        cpu, began = cpu_s(pids), time.time()
        time.sleep(seconds)
        cpu, ended = cpu_s(pids) - cpu, time.time()
        memory = pss_mb(pids)
        time.sleep(2.0)
        answered = _scrapes(url, ended - began, ended)
    return {
        "peer_devices_per_second": round(answered / (ended - began)),
        "peer_cpu_us_per_device": round(cpu / max(1, answered) * 1e6, 1),
        "peer_pss_mb": round(memory, 1),
        "peer_offered_per_second": round(len(agents.addresses) / interval_s),
    }


def _configs(folder: Path, agents: Agents, interval_s: int, port: int) -> tuple[Path, Path]:
    """The configurations of the exporter and of Prometheus; YAML takes JSON."""
    index = [{"labelname": "ifIndex", "type": "gauge"}]
    metrics = [
        {"name": name, "oid": oid, "type": kind, "help": name, "indexes": index}
        for name, (oid, kind) in _PORT_COLUMNS.items()
    ]
    gets = [f"{_UPTIME}.0", *(f"{oid}.{at}" for oid, _ in _PORT_COLUMNS.values() for at in agents.indices)]
    module = {
        "get": gets,
        "metrics": [{"name": "sysUpTime", "oid": _UPTIME, "type": "gauge", "help": "sysUpTime"}, *metrics],
        "version": 2,
        "auth": {"community": agents.community},
        "retries": 1,
        "timeout": "2s",
        "max_repetitions": 25,
    }
    scrape = {
        "job_name": "snmp",
        "metrics_path": "/snmp",
        "params": {"module": ["bench"]},
        "file_sd_configs": [{"files": [str(folder / "targets.json")]}],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": f"127.0.0.1:{port}"},
        ],
    }
    seconds = f"{interval_s}s"
    whole = {"global": {"scrape_interval": seconds, "scrape_timeout": seconds}, "scrape_configs": [scrape]}
    exporter, server = folder / "snmp.yml", folder / "prometheus.yml"
    exporter.write_text(json.dumps({"bench": module}), encoding="utf-8")
    server.write_text(json.dumps(whole), encoding="utf-8")
    (folder / "targets.json").write_text(json.dumps([{"targets": list(agents.addresses)}]), encoding="utf-8")
    return exporter, server


def _scrapes(url: str, seconds: float, at: float) -> float:
    """Scrapes in the `seconds` before `at` that brought the device's objects."""
    query = f'sum(count_over_time(sysUpTime{{job="snmp"}}[{round(seconds)}s]))'
    with urlopen(f"{url}/api/v1/query?{urlencode({'query': query, 'time': at})}", timeout=60) as answer:  # noqa: S310 - on 127.0.0.1
        found = json.load(answer)["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        try:
            with urlopen(f"{url}/-/ready", timeout=2):  # noqa: S310 - on 127.0.0.1
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError(f"{url} is not ready within {_READY_S} s")


@contextmanager
def _running(argv: Sequence[str], folder: Path) -> Iterator[int]:
    """A server until the end of the block; gives its pid."""
    with (folder / f"{argv[0]}.log").open("ab") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
