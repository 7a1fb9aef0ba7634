"""Alertmanager's API v2: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml.

Alertmanager keeps alerts in memory and lets one end by itself when nobody repeats it. So whatever
is firing is posted again each minute, as Prometheus does, and what has ended for a quarter of an
hour more, in case it restarted between. `endsAt` of a firing alert lies a day ahead: when Pahunch
itself is away, nothing is known, and an alert must not end for that.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypedDict

import httpx2

from alerts.channels.notice import DeliveryError, Notice

_FIRING_LASTS = timedelta(hours=24)
_TIMEOUT_S = 10

# httpx2 logs every URL at INFO, with the password that it may hold.
logging.getLogger("httpx2").setLevel(logging.WARNING)


class PostableAlert(TypedDict):
    """`postableAlert` of the API. The labels identify an alert, so only what never changes is one."""

    labels: dict[str, str]
    annotations: dict[str, str]
    startsAt: str
    endsAt: str
    generatorURL: str


def send(url: str, notice: Notice) -> None:
    """Post one alert to the Alertmanager at `url`. Raises DeliveryError."""
    post(url, [notice])


def post(url: str, notices: Iterable[Notice]) -> None:
    """Post alerts together. Raises DeliveryError."""
    alerts = [postable(notice) for notice in notices]
    try:
        response = httpx2.post(f"{url.rstrip('/')}/api/v2/alerts", json=alerts, timeout=_TIMEOUT_S)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise DeliveryError(f"Alertmanager cannot be reached ({type(error).__name__})") from error
    if response.status_code != 200:
        raise DeliveryError(f"Alertmanager answered {response.status_code}: {response.text[:200]}")


def postable(notice: Notice) -> PostableAlert:
    alert, message = notice.alert, notice.message
    ends = alert.resolved_at and min(alert.resolved_at, notice.now)
    return {
        "labels": {
            "alertname": alert.rule,
            "severity": alert.severity,
            "subject_kind": alert.subject_kind,
            "subject": alert.subject,
            "area": alert.area,
        },
        "annotations": {
            "summary": message.title,
            "description": message.body,
            "cause": alert.summary.cause,
            "layer": alert.summary.layer,
            "responsible": alert.summary.responsible,
            "villages": str(alert.summary.villages),
        },
        "startsAt": _text(alert.opened_at),
        "endsAt": _text(ends or notice.now + _FIRING_LASTS),
        "generatorURL": message.link,
    }


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
