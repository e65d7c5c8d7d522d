"""Recipients: whether a report can be mailed to them at all, seen before the work begins."""

import re
from collections.abc import Sequence

from reseller_reporting.app.house import House
from reseller_reporting.delivery.mail import check_address
from reseller_reporting.delivery.smtp import parse_smtp_url
from reseller_reporting.model.errors import InvalidSettings


def split_addresses(text: str) -> list[str]:
    """Those of a line or some lines that a user typed, in whatever way they are kept apart."""
    return [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()]


def check_recipients(house: House, recipients: Sequence[str]) -> list[str]:
    """The addresses, when each is one and mail is configured: seen before the work begins."""
    checked = [check_address(text) for text in recipients]
    if checked and not house.settings.smtp_url:
        raise InvalidSettings("--email needs a mail server: set RESELLER_REPORTING_SMTP_URL, such as smtp://host:25.")
    if checked and house.settings.smtp_url:
        parse_smtp_url(house.settings.smtp_url)
    return checked
