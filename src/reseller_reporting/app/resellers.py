"""Resellers of an installation: an operator adds one, and works for one at a time."""

import secrets
from collections.abc import Container

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from reseller_reporting.app.house import House
from reseller_reporting.control import audit
from reseller_reporting.control.audit import Doer
from reseller_reporting.control.models import Reseller
from reseller_reporting.model.errors import ResellerExists
from reseller_reporting.model.naming import check_name

_NAME_MAX, _KEY_MAX = 200, 60
_TRIES = 3


def add_reseller(house: House, name: str, doer: Doer) -> Reseller:
    """A new tenant without a connection; its key, made of the name, is the folder of its store."""
    name, now = check_name(" ".join(name.split())[:_NAME_MAX]), house.clock()
    for _ in range(_TRIES):
        taken = dict(Reseller.objects.values_list("key", "name"))
        if name.casefold() in (other.casefold() for other in taken.values()):
            break
        try:
            with transaction.atomic():
                reseller: Reseller = Reseller.objects.create(key=_key(name, taken), name=name, created_at=now)
                audit.record(
                    "reseller_made", at=now, reseller=reseller, user=doer.user, address=doer.address, subject=name
                )
        except IntegrityError:
            continue  # Another one was faster by a blink.
        return reseller
    raise ResellerExists("There is a reseller of that name already; choose another name.")


def _key(name: str, taken: Container[str]) -> str:
    """Of a name in another script nothing is left, and of two names that differ the same may be."""
    key = slugify(name)[:_KEY_MAX]
    return key if key and key not in taken else f"{key[: _KEY_MAX - 9] or 'reseller'}-{secrets.token_hex(4)}"
