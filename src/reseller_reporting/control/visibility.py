"""What someone sees, as queries: the same rule as `roles.may_see`, for many rows at once. Called within a scope."""

from typing import Any

from django.db.models import Q, QuerySet

from reseller_reporting.control.models import AuditEvent, Job, KnownAccount, Run, RunFile, User
from reseller_reporting.control.roles import Action, Role, may


def visible_accounts(user: User) -> QuerySet[KnownAccount]:
    accounts: QuerySet[KnownAccount] = KnownAccount.objects.all()
    if not may(user, Action.SEE_ACCOUNTS):
        return accounts.none()
    return accounts if _sees_all(user) else accounts.filter(lineage__contains=f"/{user.account_id}/")


def visible_files(user: User) -> QuerySet[RunFile]:
    """A customer's admin gets the customer edition of what is theirs; whoever is of one branch, that branch."""
    files: QuerySet[RunFile] = RunFile.objects.filter(run__deleted_at=None)
    if not may(user, Action.SEE_REPORTS):
        return files.none()
    if not may(user, Action.SEE_INTERNAL_EDITION):
        files = files.filter(edition="customer").exclude(account_id="")
    return files if _sees_all(user) else files.filter(_of_branch(user))


def visible_runs(user: User) -> QuerySet[Run]:
    """Of a branch, those with a file to see, and one's own; deleted ones only show to whoever may bring them back."""
    runs: QuerySet[Run] = Run.objects.all()
    if not may(user, Action.MAKE_REPORTS):
        runs = runs.filter(deleted_at=None)
    if sees_everything(user):
        return runs
    return runs.filter(Q(pk__in=visible_files(user).values("run_id")) | _ones_own(user))


def changeable_runs(user: User) -> QuerySet[Run]:
    """Which ones someone may cancel, retry, send or delete: of a branch, only those that they made themselves.

    A run of the whole reseller shows in a branch by its own customers; mailing it would send the others' as well.
    """
    runs: QuerySet[Run] = Run.objects.all()
    if not may(user, Action.MAKE_REPORTS):
        return runs.none()
    return runs if sees_everything(user) else runs.filter(_ones_own(user))


def visible_jobs(user: User) -> QuerySet[Job]:
    """Progress names every customer of a job: it is for who sees all of them, or chose them."""
    jobs: QuerySet[Job] = Job.objects.all()
    if sees_everything(user):
        return jobs
    return jobs.filter(created_by=user) if may(user, Action.MAKE_REPORTS) else jobs.none()


def sees_everything(user: User) -> bool:
    """All accounts of the reseller, and what it pays: the sums over all of them are for nobody else."""
    return _sees_all(user) and may(user, Action.SEE_INTERNAL_EDITION)


def visible_users(user: User) -> QuerySet[User]:
    """Of a branch, its own people; operators show to operators alone."""
    users: QuerySet[User] = User.objects.all()
    if not may(user, Action.KEEP_USERS):
        return users.none()
    if user.role != Role.OPERATOR:
        users = users.exclude(role=Role.OPERATOR.value)
    return users if _sees_all(user) else users.filter(_of_branch(user))


def visible_events(user: User) -> QuerySet[AuditEvent]:
    events: QuerySet[AuditEvent] = AuditEvent.objects.all()
    if not may(user, Action.SEE_AUDIT):
        return events.none()
    return events if _sees_all(user) else events.filter(user__in=visible_users(user))


def _sees_all(user: User) -> bool:
    return user.role == Role.OPERATOR or (user.account_id == "" and user.role != Role.CUSTOMER_ADMIN)


def _ones_own(user: User) -> Q:
    """None of someone who may make no reports: what they made in an earlier role is not theirs any more."""
    return Q(created_by=user) if may(user, Action.MAKE_REPORTS) else Q(pk__in=())


def _of_branch(user: User) -> Q:
    below: Any = visible_accounts(user).values("account_id")
    return Q(account_id=user.account_id) | Q(account_id__in=below)
