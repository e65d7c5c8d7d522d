"""Doctor: what works and what does not, before a month depends on it."""

import asyncio
import shutil
from pathlib import Path
from tempfile import TemporaryFile

from reseller_reporting.app.house import House
from reseller_reporting.config import kazoo_credentials_problem
from reseller_reporting.delivery.mail import probe_mail
from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.sources.kazoo.probe import Finding, probe

# A million legs take about 200 MB in the store and as much in documents.
_ROOM_WANTED_BYTES = 1_000_000_000


def examine(house: House) -> list[Finding]:
    """Every check, the good ones too; none stops the others."""
    return [_store(house.settings.store_folder), *examine_kazoo(house), _mail(house), _documents(house)]


def _store(folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
        free = shutil.disk_usage(folder).free
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}. Set RESELLER_REPORTING_HOME to a folder of yours."
        return Finding("store", ok=False, message=message)
    room = f"{free / 1e9:.1f} GB free"
    if free < _ROOM_WANTED_BYTES:
        return Finding(
            "store", ok=False, message=f"Only {room} at {folder}: make room, or move RESELLER_REPORTING_HOME."
        )
    return Finding("store", ok=True, message=f"{folder} is writable, {room}.")


def examine_kazoo(house: House) -> list[Finding]:
    """What stands between us and KAZOO, and what would mend it."""
    problem = kazoo_credentials_problem(house.settings)
    if problem:
        return [Finding("kazoo settings", ok=False, message=problem)]
    return asyncio.run(probe(house.credentials(), clock=house.clock))


def _mail(house: House) -> Finding:
    url = house.settings.smtp_url
    if not url:
        return Finding("mail", ok=True, message="Not configured; set RESELLER_REPORTING_SMTP_URL to send reports.")
    problem = probe_mail(url, timeout_seconds=10)
    return Finding("mail", ok=problem is None, message=problem or "The mail server answers and accepts the log-in.")


def _documents(house: House) -> Finding:
    settings = house.settings
    try:
        brand = house.brand
    except InvalidSettings as error:
        return Finding("documents", ok=False, message=error.sentence)
    logo = f"a logo of {brand.logo.width} × {brand.logo.height} pixels" if brand.logo else "no logo"
    name = brand.company or "the reseller's name in KAZOO"
    return Finding("documents", ok=True, message=f"In the name of {name}, language '{settings.language}', {logo}.")
