"""The kinds of channel: a new one is a module with a `send` and a line here (docs/alerts.md)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from alerts.channels import alertmanager, apprise
from alerts.channels.notice import Notice

Send = Callable[[str, Notice], None]
"""Takes the resolved URL and a notice; returns when the other side has it, else raises DeliveryError."""

SENDERS: Mapping[str, Send] = {
    "apprise": apprise.send,
    "alertmanager": alertmanager.send,
}

Repeat = Callable[[str, Sequence[Notice]], None]
"""Tells the other side again what it was told; for those that forget."""

REPEATERS: Mapping[str, Repeat] = {
    "alertmanager": alertmanager.post,
}
REPEAT_EVERY = timedelta(seconds=60)
REPEAT_RESOLVED_FOR = timedelta(minutes=15)
