"""Mail, SMS gateways and chats through apprise: https://appriseit.com/services/."""

import logging

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

from alerts.channels.notice import DeliveryError, Notice
from alerts.model import Event, Severity

_TYPES = {Severity.CRITICAL: NotifyType.FAILURE, Severity.WARNING: NotifyType.WARNING, Severity.INFO: NotifyType.INFO}
_TIMEOUT_S = 45  # well below deliveries.CLAIM_LASTS

# apprise logs a URL that it cannot read, with whatever secret is in it.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)


def send(url: str, notice: Notice) -> None:
    """Send one message to an apprise URL. Raises DeliveryError."""
    # apprise's pictures would be fetched from GitHub by whoever reads the message.
    asset = AppriseAsset(app_id="Pahunch", app_desc="Pahunch", app_url="", image_url_mask="", image_url_logo="")
    target = Apprise(asset=asset)
    if not target.add(url):
        raise DeliveryError("apprise does not understand the channel's URL")
    kind = NotifyType.SUCCESS if notice.event is Event.RESOLVED else _TYPES[notice.alert.severity]
    result = target.notify(
        body=notice.message.body,
        title=notice.message.title,
        notify_type=kind,
        body_format=NotifyFormat.TEXT,
        timeout=_TIMEOUT_S,
    )
    if not result:
        raise DeliveryError(f"the service did not take the message ({result.status.name.lower()})")
