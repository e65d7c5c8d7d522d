"""Doctor: what works and what does not, before a month depends on it."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile

from reseller_reporting.app.house import House
from reseller_reporting.config import Refused, kazoo_credentials_problem
from reseller_reporting.delivery.mail import probe_mail
from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.sources.kazoo.probe import Finding, probe

# A million legs take about 200 MB in the store and as much in documents.
_ROOM_WANTED_BYTES = 1_000_000_000
_LOG_IN = ("kazoo_api_key", "kazoo_username", "kazoo_password", "kazoo_account_name")


def examine(house: House, refused: Sequence[Refused] = ()) -> list[Finding]:
    """Every check, the good ones too; none stops the others. What needs a setting that will not do waits for it."""
    wrong = {each.name for each in refused}
    waiting = [each.name for each in refused if each.name in ("kazoo_url", *_LOG_IN)]
    kazoo = [_waits("kazoo settings", waiting[0])] if waiting else examine_kazoo(house)
    store = next((name for name in ("store_url", "home") if name in wrong), None)
    return [
        *(Finding("settings", ok=False, message=each.sentence) for each in refused),
        _waits("store", store) if store else _store(house.settings.store_folder),
        *kazoo,
        _waits("mail", "smtp_url") if "smtp_url" in wrong else _mail(house),
        _documents(house),
    ]


def _waits(name: str, setting: str) -> Finding:
    return Finding(name, ok=False, message=f"Not looked at: {setting} must be mended first.")


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
    name = brand.company or "that the reseller has in KAZOO"
    return Finding(
        "documents", ok=True, message=f"Under the name {name}, language '{settings.documents_language}', {logo}."
    )
