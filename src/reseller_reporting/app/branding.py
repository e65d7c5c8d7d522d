"""Branding: how this installation's documents look, from its settings; a logo is read and looked into here."""

from pathlib import Path

from reseller_reporting.config import PREFIX, Settings
from reseller_reporting.delivery.mail_texts import MailTexts
from reseller_reporting.model.brand import Brand
from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.model.logo import BYTES_MAX, Logo, NotALogo, read_logo


def brand_of(settings: Settings) -> Brand:
    """Raises a sentence where the logo is none."""
    return Brand(
        company=settings.company_name,
        address=settings.company_address,
        footer=settings.footer_text,
        logo=None if settings.logo is None else _logo(settings.logo),
        accent=settings.accent_colour,
        second=settings.second_colour,
    )


def mail_texts_of(settings: Settings) -> MailTexts:
    return MailTexts(subject=settings.mail_subject, greeting=settings.mail_greeting, text=settings.mail_text)


def _logo(path: Path) -> Logo:
    called = f"{PREFIX}LOGO names {path}, which"
    try:
        with path.open("rb") as file:
            return read_logo(file.read(BYTES_MAX + 1))
    except OSError as error:
        raise InvalidSettings(f"{called} cannot be read: {error.strerror}.") from error
    except NotALogo as reason:
        raise InvalidSettings(f"{called} {reason}.") from None
