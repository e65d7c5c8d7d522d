"""Mailing: a finished report to its recipients. The files are safe before the first byte is sent."""

from collections.abc import Sequence

from reseller_reporting.app.house import House
from reseller_reporting.delivery.mail import check_address
from reseller_reporting.model.errors import InvalidSettings


def check_recipients(house: House, recipients: Sequence[str]) -> list[str]:
    """The addresses, when each is one and mail is configured: seen before the work begins."""
    checked = [check_address(text) for text in recipients]
    if checked and not house.settings.smtp_url:
        raise InvalidSettings("--email needs a mail server: set RESELLER_REPORTING_SMTP_URL, such as smtp://host:25.")
    return checked
