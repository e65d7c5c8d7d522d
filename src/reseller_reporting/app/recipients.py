"""Recipients: whether a report can be mailed to them at all, seen before the work begins."""

import re
from collections.abc import Sequence

from reseller_reporting.app.house import House
from reseller_reporting.delivery.mail import check_address
from reseller_reporting.delivery.smtp import parse_smtp_url
from reseller_reporting.model.errors import InvalidSettings

NO_MAIL_SERVER = (
    "Mail needs a mail server: whoever runs this installation sets RESELLER_REPORTING_SMTP_URL, such as smtp://host:25."
)


def split_addresses(text: str) -> list[str]:
    """Those of a line or some lines that a user typed, in whatever way they are kept apart."""
    return [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()]


def mistakes_in(addresses: Sequence[str]) -> list[str]:
    """A sentence for each that is none: whoever typed ten of them mends all at once."""
    found = []
    for text in addresses:
        try:
            check_address(text)
        except InvalidSettings as error:
            found.append(error.sentence)
    return found


def check_recipients(house: House, recipients: Sequence[str]) -> list[str]:
    """The addresses, when each is one and mail is configured: seen before the work begins."""
    checked: dict[str, str] = {}
    for text in recipients:
        address = check_address(text)
        checked.setdefault(address.casefold(), address)  # One person reads it once.
    if checked and not house.settings.smtp_url:
        raise InvalidSettings(NO_MAIL_SERVER)
    if checked and house.settings.smtp_url:
        parse_smtp_url(house.settings.smtp_url)
    return list(checked.values())
