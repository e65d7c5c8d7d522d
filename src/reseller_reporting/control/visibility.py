"""What someone sees, as queries: the same rule as `roles.may_see`, for many rows at once. Called within a scope."""

from typing import Any

from django.db.models import Q, QuerySet

from reseller_reporting.control.models import Job, KnownAccount, Run, RunFile, User
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
    """Of a branch, those with a file to see; runs that are deleted only show to whoever may bring them back."""
    runs: QuerySet[Run] = Run.objects.all()
    if not may(user, Action.MAKE_REPORTS):
        runs = runs.filter(deleted_at=None)
    if _sees_all(user) and may(user, Action.SEE_INTERNAL_EDITION):
        return runs
    return runs.filter(pk__in=visible_files(user).values("run_id"))


def visible_jobs(user: User) -> QuerySet[Job]:
    """Progress names every customer of a job: it is for who sees all of them."""
    jobs: QuerySet[Job] = Job.objects.all()
    return jobs if _sees_all(user) and may(user, Action.SEE_INTERNAL_EDITION) else jobs.none()


def _sees_all(user: User) -> bool:
    return user.role == Role.OPERATOR or (user.account_id == "" and user.role != Role.CUSTOMER_ADMIN)


def _of_branch(user: User) -> Q:
    below: Any = visible_accounts(user).values("account_id")
    return Q(account_id=user.account_id) | Q(account_id__in=below)
