"""The second factor of a log-in: the code of an app on someone's phone, or a recovery code, each taken once.

Invariants
- A code counts once, and so does a recovery code: of two log-ins with the same one a single one comes in.
- Wrong codes are counted wherever they come from; after five in a row nobody tries for a quarter of an hour.
- The secret is sealed; recovery codes are shown once and kept as digests.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta

import pyotp
from django.db import transaction
from django.db.models import F

from reseller_reporting.app.house import House
from reseller_reporting.app.tenancy import seal
from reseller_reporting.control import audit
from reseller_reporting.control.audit import Doer
from reseller_reporting.control.models import RecoveryCode, SecondFactor, User
from reseller_reporting.model.errors import InvalidSettings, NotAllowed

FAILURES_MAX = 5
CLOSED_FOR = timedelta(minutes=15)
RECOVERY_CODES = 10
_STEP_SECONDS = 30
_STEPS_AROUND = (0, -1, 1)  # Phones are a little early or late.


def has_one(user: User) -> bool:
    return SecondFactor.objects.filter(user=user).exists()


def new_secret() -> str:
    return pyotp.random_base32()


def address_of(user: User, secret: str) -> str:
    """What an app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name="Reseller Reporting")


def switch_on(house: House, user: User, secret: str, code: str, doer: Doer) -> list[str]:
    """The recovery codes, to be shown once; InvalidSettings when the app does not show this code."""
    step = _step_of(house, secret, code)
    if step is None:
        raise InvalidSettings("This is not the code that the app shows now. Check the clock of the phone.")
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    now = house.clock()
    with transaction.atomic():
        _forget(user)
        SecondFactor.objects.create(user=user, sealed_secret=seal(house).seal(secret), last_step=step, created_at=now)
        RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=_digest(each)) for each in codes])
        _record(house, "second_factor_on", user, doer)
    return codes


def switch_off(house: House, user: User, doer: Doer) -> None:
    """By themselves; the password was asked for."""
    with transaction.atomic():
        _forget(user)
        _record(house, "second_factor_off", user, doer)


def reset(house: House, user: User, doer: Doer) -> None:
    """By an administrator, for someone whose phone is gone."""
    if user.pk == doer.user.pk:
        raise NotAllowed("You switch your own second step off as you are logged in, with the password.")
    with transaction.atomic():
        _forget(user)
        _record(house, "second_factor_reset", user, doer)


def is_closed(house: House, user: User) -> bool:
    """Whether so many codes were wrong that none is looked at for a while."""
    since = house.clock() - CLOSED_FOR
    return SecondFactor.objects.filter(user=user, failures__gte=FAILURES_MAX, failed_at__gt=since).exists()


def takes(house: House, user: User, code: str) -> bool:
    """Whether this code lets them in now; it never does again."""
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is None or is_closed(house, user):
        return False
    if _takes_code(house, factor, code) or _takes_recovery_code(house, user, code):
        SecondFactor.objects.filter(pk=factor.pk).update(failures=0, failed_at=None)
        return True
    now = house.clock()
    if factor.failed_at is not None and factor.failed_at <= now - CLOSED_FOR:
        SecondFactor.objects.filter(pk=factor.pk).update(failures=0)
    SecondFactor.objects.filter(pk=factor.pk).update(failures=F("failures") + 1, failed_at=now)
    return False


def recovery_codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def _takes_code(house: House, factor: SecondFactor, code: str) -> bool:
    step = _step_of(house, seal(house).unseal(factor.sealed_secret), code)
    if step is None:
        return False
    later = SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step)
    return bool(later.update(last_step=step))


def _takes_recovery_code(house: House, user: User, code: str) -> bool:
    unused = RecoveryCode.objects.filter(user=user, digest=_digest(code), used_at=None)
    return bool(unused.update(used_at=house.clock()))


def _step_of(house: House, secret: str, code: str) -> int | None:
    """The half minute that shows this code, among those around now."""
    typed = "".join(code.split())
    if not (typed.isascii() and typed.isdigit()):
        return None
    now, one = int(house.clock().timestamp()) // _STEP_SECONDS, pyotp.TOTP(secret)
    return next((now + off for off in _STEPS_AROUND if hmac.compare_digest(one.generate_otp(now + off), typed)), None)


def _recovery_code() -> str:
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[place : place + 4] for place in range(0, 16, 4))


def _digest(code: str) -> str:
    typed = "".join(each for each in code.lower() if each.isalnum())
    return hashlib.sha256(typed.encode()).hexdigest()


def _forget(user: User) -> None:
    SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()


def _record(house: House, action: str, user: User, doer: Doer) -> None:
    audit.record(
        action, at=house.clock(), reseller=user.reseller, user=doer.user, address=doer.address, subject=user.username
    )
