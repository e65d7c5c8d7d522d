"""Orders: what a user asks for in a page or through the API, kept with the run for its job.

Invariants
- An order names its period outright: `last-month` is settled when it is ordered, not when a worker comes to it.
- Whether plans price it is settled then, too, and its language; what needs prices is refused where there are none.
- Whoever belongs to one branch orders of that branch alone, whatever is asked for.
- Whom the tree that was read last does not hold is refused at once, another reseller's as what there is not; and a name
  of several. Whose name it is is settled then, too. As long as none was read, and for what was imported, that is the
  job's to refuse: it knows no accounts but the reseller's own.
- Whoever names customers of a sub-reseller means them: the order says so to its job, which looks for no others else.
- The run, its job, the remembered addresses and the audit trail stand together or not at all.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date

from django.db import transaction

from reseller_reporting.app.extras import PRICED, Also, makes_pdf
from reseller_reporting.app.house import House
from reseller_reporting.app.recipients import check_recipients
from reseller_reporting.control import audit, jobs, plans
from reseller_reporting.control.models import Delivery, Job, KnownAccount, Recipient, Reseller, Run, User
from reseller_reporting.control.visibility import reportable, sees_all, visible_accounts
from reseller_reporting.model.errors import AmbiguousAccount, InvalidSettings, UnknownAccount
from reseller_reporting.model.period import check_period, check_zone, parse_period

# KAZOO is not older. What is longer than this would keep all other reports of the reseller waiting for hours.
FIRST_DAY = date(2010, 1, 1)
MONTHS_MAX = 24


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
    price_plans: bool | None = None  # By the stored ones; None: where there are any.
    edition: str = "internal"
    email: Sequence[str] = field(default_factory=tuple)
    also: Sequence[str] = field(default_factory=tuple)  # `extras.Also`.
    language: str | None = None  # Of documents and mails; None: as the settings say.


def order_report(
    house: House, reseller: Reseller, asked: Asked, *, user: User | None, address: str = "", key: str | None = None
) -> Job:
    """Queued from here on. Two orders with one key are one. Called within the reseller's scope."""
    now = house.clock()
    zone = check_zone(asked.timezone) if asked.timezone else reseller.timezone or "UTC"
    period = parse_period(check_period(asked.period, now=now), timezone=zone, now=now)
    check_bounds(period.from_local.date(), period.to_local.date())
    if Also.PDF in asked.also and not makes_pdf():
        raise InvalidSettings(
            "This installation makes no statements as PDF. Order the report without them, or ask whoever runs it to "
            "install the extra 'pdf'."
        )
    recipients = check_recipients(house, list(asked.email))
    accounts = _allowed(reseller, asked, user)
    stated = asdict(asked) | {
        "period": period.name,
        "timezone": asked.timezone or reseller.timezone or None,
        "accounts": accounts,
        "include_sub_resellers": _includes_sub_resellers(reseller, asked, user, accounts),
        "price_plans": _is_priced(reseller, asked),
        "branch": user.account_id if user else "",
        "language": asked.language or house.settings.documents_language,
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
        if job.run_id != run.pk:
            # Someone else's order with this key was faster by a blink: it is the one that is meant.
            transaction.set_rollback(True)
            return job
        _remember(house, reseller, recipients)
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


def check_bounds(first: date, after: date) -> None:
    """Of what is ordered in a page or through the API; a command line may be patient."""
    if first < FIRST_DAY:
        raise InvalidSettings(f"Reports begin with {FIRST_DAY.year} at the earliest: KAZOO has no calls from before.")
    months = (after.year - first.year) * 12 + after.month - first.month
    if (months, after.day) > (MONTHS_MAX, first.day):
        raise InvalidSettings(f"A report is about {MONTHS_MAX} months at most. Make several, one after the other.")


def is_beyond_own(reseller: Reseller, account_ids: Iterable[str]) -> bool:
    """Whether one of them is not the reseller's own customer but a sub-reseller's, which an order has to say."""
    own = _own_ids(reseller)
    return own is not None and not set(account_ids) <= own


def _own_ids(reseller: Reseller) -> set[str] | None:
    """As `selection.customers_of` has them, and its own account; None while that is not known."""
    top = KnownAccount.objects.filter(account_id=reseller.account_id).first()
    if top is None:
        return None
    owner = top.account_id if top.is_reseller else top.reseller_account_id
    own = KnownAccount.objects.filter(reseller_account_id=owner).values_list("account_id", flat=True)
    return {*own, top.account_id}


def _includes_sub_resellers(
    reseller: Reseller, asked: Asked, user: User | None, accounts: Sequence[str] | None
) -> bool:
    """A branch is ordered as it is, sub-resellers in it or above it; and so is whoever is named."""
    if user is not None and not sees_all(user):
        return is_beyond_own(reseller, accounts or ())
    is_named = accounts is not None and _is_settled(reseller, asked)
    return asked.include_sub_resellers or (is_named and is_beyond_own(reseller, accounts or ()))


def has_price_plans(reseller: Reseller) -> bool:
    """Plans are of the installation's own reseller: no other one is priced by them."""
    return reseller.key == plans.OWN and plans.are_given()


def needs_prices(edition: str, also: Iterable[str]) -> bool:
    """Whether the edition, or one of the files beside the report, is made of prices."""
    return edition == "customer" or not PRICED.isdisjoint(also)


def _is_priced(reseller: Reseller, asked: Asked) -> bool:
    has_plans = has_price_plans(reseller)
    is_wanted = needs_prices(asked.edition, asked.also) or (
        has_plans if asked.price_plans is None else asked.price_plans
    )
    if is_wanted and not has_plans:
        raise InvalidSettings(
            "No price plans are given to customers yet: order the internal edition without prices, or ask whoever "
            "runs this installation to store plans (`reseller-reporting plans import`, then `plans assign`)."
        )
    return is_wanted


def _allowed(reseller: Reseller, asked: Asked, user: User | None) -> list[str] | None:
    """The ids of whom it is about; None is all of them. What only the job can know stays as it was asked for."""
    accounts = asked.accounts
    if user is None or sees_all(user):
        if accounts is None or not _is_settled(reseller, asked):
            return None if accounts is None else list(accounts)
        own = None if asked.include_sub_resellers else _own_ids(reseller)
        known = reportable(KnownAccount.objects.all(), reseller)
        return _ids(reseller, accounts, known.values_list("account_id", "name"), first=own)
    theirs = reportable(visible_accounts(user), reseller).order_by("account_id").values_list("account_id", "name")
    if accounts is None:
        return [account_id for account_id, _ in theirs]
    return _ids(reseller, accounts, theirs)


def _is_settled(reseller: Reseller, asked: Asked) -> bool:
    """Whether the tree that was read last tells who is meant.

    An account that came into being since is refused as well, although its job would find it: nobody can tell it from
    a slip, or from another reseller's, and who made it has the accounts read again in seconds, while a job fails long
    after its clerk has gone."""
    return asked.source == "kazoo" and reseller.tree_read_at is not None


def _ids(
    reseller: Reseller, texts: Sequence[str], known: Iterable[tuple[str, str]], *, first: Collection[str] | None = None
) -> list[str]:
    """Of ids and exact names; a name is that of one of the `first`, where one of them bears it."""
    by_id, by_name = set[str](), defaultdict[str, set[str]](set)
    for account_id, name in known:
        by_id.add(account_id)
        by_name[name].add(account_id)
    ids: list[str] = []
    for text in texts:
        found = {text} if text in by_id else by_name.get(text, set())
        if not found:
            raise _unknown(reseller, text)
        if len(found) > 1:
            found = found.intersection(first or ()) or found
        if len(found) > 1:
            choice = ", ".join(sorted(found))
            raise AmbiguousAccount(f"{len(found)} customers are named '{text}': choose by id, one of {choice}.")
        ids += found
    return list(dict.fromkeys(ids))


def _unknown(reseller: Reseller, text: str) -> UnknownAccount:
    """One sentence for what there is not and for what is not theirs."""
    read = f" among those read at {reseller.tree_read_at:%Y-%m-%d %H:%M} UTC" if reseller.tree_read_at else ""
    return UnknownAccount(
        f"There is no account '{text}'{read}. Name one by its id, or by its exact name; have the accounts read again "
        "first if it is newer (POST /api/v1/accounts/read)."
    )


def _remember(house: House, reseller: Reseller, recipients: Sequence[str]) -> None:
    for recipient in recipients:
        Recipient.objects.update_or_create(
            reseller=reseller, address=recipient, defaults={"last_used_at": house.clock()}
        )


def post(
    house: House, run: Run, recipients: Sequence[str], *, unique_key: str, user: User | None, address: str = ""
) -> Delivery:
    """A message into the outbox, and the job that sends it. The same key twice is one message; one that failed, and so
    never left, is tried again."""
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
        failed = Delivery.objects.filter(pk=delivery.pk, state="failed")
        is_again = not is_new and bool(failed.update(state="waiting", message=""))
        if is_new or is_again:
            _remember(house, run.reseller, recipients)
            job = jobs.enqueue(
                "mail",
                run.reseller,
                now=now,
                run=run,
                user=user,
                payload={"delivery": delivery.pk},
                unique_key=f"mail/{unique_key}",
            )
            if is_again:
                jobs.retry(job, now=now)
                delivery.refresh_from_db()
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
