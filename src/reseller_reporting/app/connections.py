"""Connections: what a user types about their KAZOO, checked before it is kept or asked.

Invariants
- A private address is refused unless the operator allows them, here and again as each connection is made.
- A stored secret goes to no other address than the one that it was stored for.
"""

import json
import socket
from contextlib import suppress
from queue import Empty, Queue
from threading import BoundedSemaphore, Thread
from urllib.parse import urlsplit

from django.db import transaction

from reseller_reporting.app.house import House
from reseller_reporting.app.tenancy import KazooLogin, keep_login, seal
from reseller_reporting.config import check_kazoo_url
from reseller_reporting.control import audit, jobs
from reseller_reporting.control.audit import Doer
from reseller_reporting.control.models import Job, Reseller, User
from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.model.reach import is_public, not_reached

LOOK_UP_SECONDS_MAX = 5.0
_LOOK_UPS_MAX = 8  # At once, also of those that nobody waits for any more.
_look_ups = BoundedSemaphore(_LOOK_UPS_MAX)
_SECRETS = ("api_key", "username", "password", "account_name")


def checked_login(house: House, reseller: Reseller, *, url: str, uses_key: bool, stated: dict[str, str]) -> KazooLogin:
    """What was typed, with the stored secret in the place of an empty one; InvalidSettings says what is missing."""
    url = check_kazoo_url(url, name="The address")
    if house.settings.kazoo_private_networks == "refused":
        _check_public(url)
    known: dict[str, str] = {}
    if reseller.sealed_credentials and reseller.kazoo_url == url:
        # What cannot be read any more is as good as not stored: it is entered anew.
        with suppress(InvalidSettings):
            known = json.loads(seal(house).unseal(reseller.sealed_credentials))
    given = {name: stated.get(name) or known.get(name) for name in _SECRETS}
    if uses_key:
        if not given["api_key"]:
            raise InvalidSettings("Enter the API key: a stored one is used for the address it was stored for alone.")
        return KazooLogin(url=url, api_key=given["api_key"])
    if not (given["username"] and given["password"] and given["account_name"]):
        raise InvalidSettings("Enter user name, password and account name; all three are needed.")
    return KazooLogin(
        url=url, username=given["username"], password=given["password"], account_name=given["account_name"]
    )


def order_test(house: House, reseller: Reseller, doer: Doer, login: KazooLogin | None = None) -> Job:
    """The job that tries what was typed, or else what is stored."""
    now, payload = house.clock(), {"sealed": sealed_login(house, login)} if login else {}
    with transaction.atomic():
        job = jobs.enqueue("connection", reseller, now=now, user=doer.user, payload=payload)
        _record(house, "connection_tested", reseller, doer, login)
    return job


def keep_connection(
    house: House, reseller: Reseller, doer: Doer, login: KazooLogin, *, timezone: str, currency: str
) -> Job:
    """Kept, and its customers are read; the job that tries it."""
    now = house.clock()
    with transaction.atomic():
        keep_login(house, reseller, login)
        reseller.timezone, reseller.currency = timezone, currency
        reseller.save(update_fields=["timezone", "currency"])
        jobs.enqueue("accounts", reseller, now=now, user=doer.user)
        job = jobs.enqueue("connection", reseller, now=now, user=doer.user)
        _record(house, "connection_kept", reseller, doer, login)
    return job


def read_accounts(house: House, reseller: Reseller, user: User) -> Job:
    """KAZOO's tree once more; a read that waits already is the one that is meant."""
    waiting: Job | None = Job.objects.filter(kind="accounts", state=jobs.State.QUEUED).first()
    return waiting or jobs.enqueue("accounts", reseller, now=house.clock(), user=user)


def _record(house: House, action: str, reseller: Reseller, doer: Doer, login: KazooLogin | None) -> None:
    audit.record(
        action,
        at=house.clock(),
        reseller=reseller,
        user=doer.user,
        address=doer.address,
        subject=login.url if login else reseller.kazoo_url,
    )


def stored_names(house: House, reseller: Reseller) -> dict[str, str]:
    """What of the stored log-in may be shown: never a key or a password."""
    if not reseller.sealed_credentials or unreadable(house, reseller):
        return {}
    stated: dict[str, str] = json.loads(seal(house).unseal(reseller.sealed_credentials))
    return {name: stated[name] for name in ("username", "account_name") if name in stated}


def unreadable(house: House, reseller: Reseller) -> str:
    """Why the stored log-in is of no use any more, after a change of the secret key; "" while it can be read."""
    try:
        if reseller.sealed_credentials:
            seal(house).unseal(reseller.sealed_credentials)
    except InvalidSettings as failure:
        return failure.sentence
    return ""


def sealed_login(house: House, login: KazooLogin) -> str:
    """For the job that tries it."""
    return seal(house).seal(json.dumps({"url": login.url} | {name: getattr(login, name) for name in _SECRETS}))


def unsealed_login(house: House, sealed: str) -> KazooLogin:
    return KazooLogin(**json.loads(seal(house).unseal(sealed)))


def _check_public(url: str) -> None:
    host = urlsplit(url).hostname or ""
    try:
        found = _addresses(host)
    except TimeoutError:
        raise InvalidSettings(f"The host name {host} could not be looked up in time. Try again later.") from None
    except (OSError, UnicodeError):
        raise InvalidSettings(f"The host name {host} is not known. Check its spelling.") from None
    if not all(is_public(address) for address in found):
        raise not_reached(host)


def _addresses(host: str) -> list[str]:
    """The system's own look-up has no limit that we could set: whoever waits for it goes on without it."""
    told: Queue[list[str] | Exception] = Queue()

    def look_up() -> None:
        try:
            told.put([str(each[4][0]) for each in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)])
        except (OSError, UnicodeError) as failure:
            told.put(failure)
        finally:
            _look_ups.release()

    if not _look_ups.acquire(blocking=False):
        raise TimeoutError
    Thread(target=look_up, daemon=True).start()
    try:
        found = told.get(timeout=LOOK_UP_SECONDS_MAX)
    except Empty:
        raise TimeoutError from None
    if isinstance(found, Exception):
        raise found
    return found
