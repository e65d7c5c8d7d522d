"""Resellers of an installation: an operator adds one, and works for one at a time."""

import secrets

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from reseller_reporting.app.house import House
from reseller_reporting.control import audit
from reseller_reporting.control.audit import Doer
from reseller_reporting.control.models import Reseller
from reseller_reporting.model.errors import ResellerExists
from reseller_reporting.model.naming import check_name

_NAME_MAX, _KEY_MAX = 200, 60


def add_reseller(house: House, name: str, doer: Doer) -> Reseller:
    """A new tenant without a connection; its key, made of the name, is the folder of its store."""
    name = check_name(" ".join(name.split())[:_NAME_MAX])
    # Of a name in another script nothing is left.
    key, now = slugify(name)[:_KEY_MAX] or f"reseller-{secrets.token_hex(4)}", house.clock()
    taken = ResellerExists("There is a reseller of that name already; choose another name.")
    if Reseller.objects.filter(name=name).exists():
        raise taken
    try:
        with transaction.atomic():
            reseller: Reseller = Reseller.objects.create(key=key, name=name, created_at=now)
            audit.record("reseller_made", at=now, reseller=reseller, user=doer.user, address=doer.address, subject=name)
    except IntegrityError:
        raise taken from None
    return reseller
