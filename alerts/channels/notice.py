"""What every channel is given, and how it says that it failed."""

from dataclasses import dataclass
from datetime import datetime

from alerts.messages import Message
from alerts.model import Alert, Event


@dataclass(frozen=True, slots=True)
class Notice:
    alert: Alert
    event: Event
    message: Message
    now: datetime


class DeliveryError(Exception):
    """Not delivered. The message is stored and shown: it holds no URL and no secret."""
