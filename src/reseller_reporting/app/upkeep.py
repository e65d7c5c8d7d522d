"""Upkeep: what workers see to between jobs. Light: the loop that calls it reads no KAZOO and no lake."""

import structlog

from reseller_reporting.app.house import House
from reseller_reporting.app.tenancy import is_connected
from reseller_reporting.control import jobs
from reseller_reporting.control.models import Reseller
from reseller_reporting.model.errors import ResellerReportingError

_log = structlog.get_logger()


def rescue(house: House) -> None:
    """Jobs whose worker is gone are queued again."""
    if lost := jobs.requeue_lost(now=house.clock()):
        _log.warning("jobs of a lost worker queued again", count=lost)


def schedule(house: House) -> None:
    """What is due by the day: the accounts and the purge of each reseller.

    A due time is a unique key: however many workers ask, and however often, each is queued once.
    """
    now = house.clock()
    day = f"{now:%Y-%m-%d}"
    for reseller in Reseller.objects.order_by("pk"):
        try:
            jobs.enqueue("purge", reseller, now=now, unique_key=f"purge/{reseller.pk}/{day}")
            if is_connected(house, reseller):
                jobs.enqueue("accounts", reseller, now=now, unique_key=f"accounts/{reseller.pk}/{day}")
        except ResellerReportingError as failure:
            # What is wrong with one reseller is no reason to let the others wait.
            _log.error("daily work not queued", tenant=reseller.key or "own", why=failure.sentence)
