"""Recipients: whether a report can be mailed to them at all, seen before the work begins."""

from collections.abc import Sequence

from reseller_reporting.app.house import House
from reseller_reporting.delivery.mail import check_address
from reseller_reporting.delivery.smtp import parse_smtp_url
from reseller_reporting.model.errors import InvalidSettings


def check_recipients(house: House, recipients: Sequence[str]) -> list[str]:
    """The addresses, when each is one and mail is configured: seen before the work begins."""
    checked = [check_address(text) for text in recipients]
    if checked and not house.settings.smtp_url:
        raise InvalidSettings("--email needs a mail server: set RESELLER_REPORTING_SMTP_URL, such as smtp://host:25.")
    if checked and house.settings.smtp_url:
        parse_smtp_url(house.settings.smtp_url)
    return checked
