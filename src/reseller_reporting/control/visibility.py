"""What someone sees, as queries: the one rule of whose rows they are. Called within a scope.

Everyone sees the account they belong to and the accounts below it; the reseller's own people and operators, all.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from reseller_reporting.control.models import (
    KEPT_LEGS,
    AuditEvent,
    Delivery,
    Job,
    KnownAccount,
    Recipient,
    Reseller,
    Run,
    RunFile,
    User,
)
from reseller_reporting.control.roles import Action, Role, may

_RECIPIENTS_OFFERED = 50


def sees_all(user: User) -> bool:
    """The whole reseller, and not one branch of it."""
    return user.role == Role.OPERATOR or (user.account_id == "" and user.role != Role.CUSTOMER_ADMIN)


def sees_everything(user: User) -> bool:
    """All accounts of the reseller, and what it pays: sums over all of them are for nobody else."""
    return sees_all(user) and may(user, Action.SEE_INTERNAL_EDITION)


def visible_accounts(user: User) -> QuerySet[KnownAccount]:
    accounts: QuerySet[KnownAccount] = KnownAccount.objects.all()
    if not may(user, Action.SEE_ACCOUNTS):
        return accounts.none()
    return accounts if sees_all(user) else accounts.filter(lineage__contains=f"/{user.account_id}/")


def reportable(accounts: QuerySet[KnownAccount], reseller: Reseller) -> QuerySet[KnownAccount]:
    """Who of them can be reported on: everyone below the reseller, which reports on itself where there is nobody."""
    below = accounts.exclude(account_id=reseller.account_id) if reseller.account_id else accounts
    return below if below.exists() else accounts


def visible_files(user: User) -> QuerySet[RunFile]:
    """What a report made, to be listed, downloaded and zipped."""
    return _files_to_see(user).exclude(kind=KEPT_LEGS)


def visible_legs(user: User) -> QuerySet[RunFile]:
    """The rated legs of reports, whether files of them were ordered or not."""
    return _files_to_see(user).filter(kind__in=("legs", KEPT_LEGS))


def _files_to_see(user: User) -> QuerySet[RunFile]:
    """A customer's admin gets the customer edition of what is theirs; whoever is of one branch, that branch."""
    files: QuerySet[RunFile] = RunFile.objects.filter(run__deleted_at=None)
    if not may(user, Action.SEE_REPORTS):
        return files.none()
    if not may(user, Action.SEE_INTERNAL_EDITION):
        files = files.filter(edition="customer").exclude(account_id="")
    return files if sees_all(user) else files.filter(_of_branch(user))


def visible_runs(user: User) -> QuerySet[Run]:
    """Of a branch, those with a file to see and those ordered for it by themselves; runs that are deleted only show to
    whoever may bring them back."""
    runs: QuerySet[Run] = Run.objects.all()
    if not may(user, Action.MAKE_REPORTS):
        runs = runs.filter(deleted_at=None)
    if sees_everything(user):
        return runs
    return runs.filter(Q(pk__in=visible_files(user).values("run_id")) | Q(pk__in=_ordered_by(user).values("pk")))


def whole_runs(user: User) -> QuerySet[Run]:
    """Those of which someone sees all, its sums and its order, too; of others a branch sees its own files alone."""
    runs = visible_runs(user)
    return runs if sees_everything(user) else runs.filter(pk__in=_ordered_by(user).values("pk"))


def with_wholeness(runs: QuerySet[Run], user: User) -> QuerySet[Any]:
    """Each with `is_whole`: whether someone sees all of it."""
    return runs.annotate(is_whole=Exists(whole_runs(user).filter(pk=OuterRef("pk"))))


def changeable_runs(user: User) -> QuerySet[Run]:
    """Which ones someone may cancel, retry, send or delete. One of the whole reseller shows in a branch by its own
    customers; mailing it would send the others' as well."""
    return whole_runs(user) if may(user, Action.MAKE_REPORTS) else Run.objects.none()


def visible_jobs(user: User) -> QuerySet[Job]:
    """Progress names every customer of a job: it is for who sees all of them, or chose them."""
    jobs: QuerySet[Job] = Job.objects.all()
    if sees_everything(user):
        return jobs
    own = Q(run=None, created_by=user)  # Such as the test of a connection.
    return jobs.filter(own | Q(run__in=_ordered_by(user).values("pk")))


def known_recipients(user: User) -> list[str]:
    """Addresses to offer again, the latest first; of a branch, those that they wrote to themselves."""
    if not may(user, Action.MAKE_REPORTS):
        return []
    latest = Recipient.objects.order_by("-last_used_at", "address").values_list("address", flat=True)
    if sees_all(user):
        return list(latest[:_RECIPIENTS_OFFERED])
    own = Delivery.objects.filter(created_by=user).values_list("recipients", flat=True)
    ordered = _ordered_by(user).values_list("order__email", flat=True)
    theirs = {address for each in (*own, *ordered) for address in each or ()}
    return [address for address in latest if address in theirs][:_RECIPIENTS_OFFERED]


def strangers_among(user: User, addresses: Iterable[str]) -> list[str]:
    """Those that nothing was sent to before, as far as they know, and that none of the users has whom they see."""
    named = list(addresses)
    is_all = sees_all(user)
    written = list(Recipient.objects.values_list("address", flat=True)) if is_all else known_recipients(user)
    users = User.objects.all() if is_all else visible_users(user)
    known = {address.lower() for address in (*written, user.username, user.email)}
    known |= {text.lower() for row in users.values_list("username", "email") for text in row}
    return [address for address in named if address.lower() not in known]


def visible_users(user: User) -> QuerySet[User]:
    """Whom they keep: of the reseller, or of their branch. Operators are kept by operators alone."""
    users: QuerySet[User] = User.objects.all()
    if not may(user, Action.KEEP_USERS):
        return users.none()
    if user.role != Role.OPERATOR:
        users = users.exclude(role=Role.OPERATOR.value)
    return users if sees_all(user) else users.filter(_of_branch(user))


def visible_events(user: User) -> QuerySet[AuditEvent]:
    """What was done by anyone they keep."""
    events: QuerySet[AuditEvent] = AuditEvent.objects.all()
    if not may(user, Action.SEE_AUDIT):
        return events.none()
    return events if sees_all(user) else events.filter(user__in=visible_users(user).values("pk"))


def _ordered_by(user: User) -> QuerySet[Run]:
    """Orders hold what was of that branch then; who was moved to another one sees them no more."""
    if not may(user, Action.MAKE_REPORTS):
        return Run.objects.none()
    mine: Any = Run.objects.filter(created_by=user, order__branch=user.account_id)
    return mine  # type: ignore[no-any-return]


def _of_branch(user: User) -> Q:
    below: Any = visible_accounts(user).values("account_id")
    return Q(account_id=user.account_id) | Q(account_id__in=below)
