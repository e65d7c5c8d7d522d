"""Rows of the list of reports: what tells one from another, even two of one period that were made in one minute."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format, get_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from reseller_reporting.app import past_runs
from reseller_reporting.app.groups import visible_groups
from reseller_reporting.app.tenancy import currency_of, run_folder, this_house
from reseller_reporting.control.asking import Asking
from reseller_reporting.control.models import Job
from reseller_reporting.web.settings import LANGUAGES
from reseller_reporting.web.templatetags.humane import grouped


def rows(asked: Asking, runs: Sequence[Any], latest: Mapping[UUID, Job]) -> list[dict[str, Any]]:
    """Of a run that someone sees a part of, nothing of its order is told."""
    made_at = moments([(run.period_name, run.created_at) for run in runs])
    groups = {frozenset(row.account_ids): row.name for row in visible_groups(asked.user)}
    return [
        {
            "run": run,
            "job": latest.get(run.pk),
            "currency": currency_of_run(asked, run),
            "made_at": moment,
            "marks": _marks(run, groups) if run.is_whole else [],
        }
        for run, moment in zip(runs, made_at, strict=True)
    ]


def moments(made: Sequence[tuple[str, Any]]) -> list[str]:
    """When each was made: to the second where another of its period was made in the same minute, and with a number
    where that is not enough."""
    minutes = Counter((period, at.replace(second=0, microsecond=0)) for period, at in made)
    seconds = Counter((period, at.replace(microsecond=0)) for period, at in made)
    numbers: defaultdict[tuple[str, Any], int] = defaultdict(int)
    said = []
    for period, at in made:
        local, second = timezone.localtime(at), (period, at.replace(microsecond=0))
        text = date_format(local, "SHORT_DATETIME_FORMAT")
        if minutes[period, at.replace(second=0, microsecond=0)] > 1:
            text = date_format(local, f"{get_format('SHORT_DATETIME_FORMAT')}:s")
        if seconds[second] > 1:
            numbers[second] += 1
            text += f" ({seconds[second] + 1 - numbers[second]})"  # The newest stands first.
        said.append(text)
    return said


def _marks(run: Any, groups: Mapping[frozenset[str], str]) -> list[str]:
    """Of whom it is, for whom, and in what language."""
    wanted = run.order.get("accounts")
    count = run.accounts_count if run.state == "made" else len(wanted or ())
    if wanted is None:
        marks = [f"{_('All customers')} ({grouped(count)})" if count else _("All customers")]
    else:
        said = ngettext("%(n)s customer", "%(n)s customers", count) % {"n": grouped(count)}
        marks = [groups.get(frozenset(wanted), ""), said]
    if run.order.get("edition") == "customer":
        marks.append(_("For customers"))
    language = run.order.get("language")
    if language and language != (this_house().settings.language or get_language()):
        marks.append(dict(LANGUAGES).get(language, language))
    return [mark for mark in marks if mark]


def currency_of_run(asked: Asking, run: Any) -> str:
    """The run's own: the reseller may have another one by now."""
    known = run.totals.get("currency") or (run.state == "made" and past_runs.currency(run_folder(this_house(), run.pk)))
    return known or currency_of(this_house(), asked.reseller)


def is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
