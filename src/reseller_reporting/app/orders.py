"""Orders: what a user asks for in a page or through the API, kept with the run for its job.

Invariants
- An order names its period outright: `last-month` is settled when it is ordered, not when a worker comes to it.
- Whoever belongs to one branch orders of that branch alone, whatever is asked for.
- The run, its job, the remembered addresses and the audit trail stand together or not at all.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from django.db import transaction
from django.db.models import Q

from reseller_reporting.app.house import House
from reseller_reporting.app.recipients import check_recipients
from reseller_reporting.control import audit, jobs
from reseller_reporting.control.models import Delivery, Job, Recipient, Reseller, Run, User
from reseller_reporting.control.visibility import sees_all, visible_accounts
from reseller_reporting.model.errors import AmbiguousAccount, UnknownAccount
from reseller_reporting.model.period import check_period, check_zone, parse_period


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A report as it is asked for. `accounts` are ids or exact names; None means all."""

    period: str = "last-month"
    timezone: str | None = None
    accounts: Sequence[str] | None = None
    include_sub_resellers: bool = False
    refresh: bool = False
    source: str = "kazoo"
    legs: str = "billable"
    price_plans: bool = False  # Prices by the stored plans.
    edition: str = "internal"
    email: Sequence[str] = field(default_factory=tuple)
    also: Sequence[str] = field(default_factory=tuple)  # What a run makes beside its documents: `report.Also`.


def order_report(
    house: House, reseller: Reseller, asked: Asked, *, user: User | None, address: str = "", key: str | None = None
) -> Job:
    """Queued from here on. Two orders with one key are one. Called within the reseller's scope."""
    now = house.clock()
    zone = check_zone(asked.timezone) if asked.timezone else reseller.timezone or "UTC"
    period = parse_period(check_period(asked.period, now=now), timezone=zone, now=now)
    recipients = check_recipients(house, list(asked.email))
    stated = asdict(asked) | {
        "period": period.name,
        "timezone": asked.timezone or reseller.timezone or None,
        "accounts": _allowed(asked.accounts, user),
        "branch": user.account_id if user else "",
    }
    with transaction.atomic():
        known = Job.objects.filter(unique_key=key).first() if key else None
        if known is not None:
            return known
        run = Run.objects.create(
            reseller=reseller,
            order=stated | {"email": recipients},
            title=period.name,
            period_name=period.name,
            timezone=zone,
            created_by=user,
            created_at=now,
        )
        job = jobs.enqueue("report", reseller, now=now, run=run, user=user, unique_key=key)
        for recipient in recipients:
            Recipient.objects.update_or_create(reseller=reseller, address=recipient, defaults={"last_used_at": now})
        audit.record(
            "report_ordered",
            at=now,
            reseller=reseller,
            user=user,
            address=address,
            subject=period.name,
            run=str(run.pk),
        )
    return job


def _allowed(accounts: Sequence[str] | None, user: User | None) -> list[str] | None:
    """As asked for, for whoever sees the whole reseller; else the ids of what is theirs."""
    if user is None or sees_all(user):
        return None if accounts is None else list(accounts)
    theirs = visible_accounts(user)
    if accounts is None:
        return list(theirs.order_by("account_id").values_list("account_id", flat=True))
    ids: list[str] = []
    for text in accounts:
        found = list(theirs.filter(Q(account_id=text) | Q(name=text)).values_list("account_id", flat=True)[:2])
        if not found:
            raise UnknownAccount(f"There is no account '{text}'. Name one by its id, or by its exact name.")
        if len(found) > 1:
            raise AmbiguousAccount(f"Several accounts are called '{text}'. Name the one that you mean by its id.")
        ids += found
    return ids


def post(
    house: House, run: Run, recipients: Sequence[str], *, unique_key: str, user: User | None, address: str = ""
) -> Delivery:
    """A message into the outbox, and the job that sends it. The same key twice is one message."""
    now = house.clock()
    with transaction.atomic():
        delivery, is_new = Delivery.objects.get_or_create(
            unique_key=unique_key,
            defaults={
                "reseller": run.reseller,
                "run": run,
                "recipients": list(recipients),
                "created_by": user,
                "created_at": now,
            },
        )
        if is_new:
            jobs.enqueue(
                "mail",
                run.reseller,
                now=now,
                run=run,
                user=user,
                payload={"delivery": delivery.pk},
                unique_key=f"mail/{unique_key}",
            )
            audit.record(
                "mail_ordered",
                at=now,
                reseller=run.reseller,
                user=user,
                address=address,
                subject=run.title,
                recipients=list(recipients),
            )
    return delivery
