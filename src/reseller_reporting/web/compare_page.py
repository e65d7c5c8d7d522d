"""What changed between two reports, customer by customer."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from reseller_reporting.app import past_runs
from reseller_reporting.app.tenancy import run_folder, this_house
from reseller_reporting.control.asking import Asking
from reseller_reporting.control.models import KnownAccount
from reseller_reporting.control.roles import Action
from reseller_reporting.control.spoken_periods import bounds
from reseller_reporting.control.visibility import sees_everything, visible_accounts, visible_runs
from reseller_reporting.web.access import needs
from reseller_reporting.web.namesakes import short_ids
from reseller_reporting.web.run_rows import currency_of_run, is_id, moments

_CUSTOMERS_A_PAGE = 50


@require_safe
@needs(Action.SEE_INTERNAL_EDITION)
def compare(asked: Asking) -> HttpResponse:
    """From the older one to the newer one, or turned round where someone wants it so."""
    wanted = [text for text in asked.GET.getlist("run") if is_id(text)]
    made = visible_runs(asked.user).filter(pk__in=wanted, state="made", deleted_at=None).select_related("reseller")
    found = sorted(made, key=_older_first)
    if len(found) != 2:
        return _ask_for_two(asked, wanted)
    newest_first = found[::-1]
    moment_of = dict(
        zip(newest_first, moments([(each.period_name, each.created_at) for each in newest_first]), strict=True)
    )
    is_turned = "turned" in asked.GET
    if is_turned:
        found.reverse()
    before, after = found
    currencies = [currency_of_run(asked, each) for each in found]
    sums = [past_runs.customers(run_folder(this_house(), each.pk)) for each in found]
    incomplete = [each for each in found if not each.is_complete or each.failed_count]
    if not sees_everything(asked.user):
        own = set(visible_accounts(asked.user).values_list("account_id", flat=True))
        sums = [[each for each in one if each.account_id in own] for one in sums]
        incomplete = [each for each, one in zip(found, sums, strict=True) if any(sum_.is_failed for sum_ in one)]
    left_out = _not_asked_for(before, sums[0], after, sums[1]) | _not_asked_for(after, sums[1], before, sums[0])
    compared = [[each for each in one if each.account_id not in left_out] for one in sums]
    changes = past_runs.compare(*compared, is_one_currency=currencies[0] == currencies[1])
    told_apart = short_ids((each.account_id, each.name) for each in changes)
    changed = [(each, told_apart.get(each.account_id, "")) for each in changes if each.is_changed]
    query = f"run={before.pk}&run={after.pk}"
    return render(
        asked,
        "run/compare.html",
        {
            "before": before,
            "after": after,
            "made_at": [moment_of[each] for each in found],
            "currencies": currencies,
            "is_one_currency": currencies[0] == currencies[1],
            "page": Paginator(changed, _CUSTOMERS_A_PAGE).get_page(asked.GET.get("page")),
            "unchanged": len(changes) - len(changed),
            "left_out": len(left_out),
            "total": past_runs.total_change(changes),
            "incomplete": [(each, moment_of[each]) for each in incomplete],
            "query": query + ("&turned=1" if is_turned else ""),
            "turned_query": query + ("" if is_turned else "&turned=1"),
            "has_prices": any(each.price is not None for one in compared for each in one),
            "has_total_due": any(each.total_due is not None for one in compared for each in one),
        },
    )


def _older_first(run: Any) -> tuple[Any, ...]:
    """By what they are of, then by when they were made: a month that was made again is still the earlier one."""
    return *(bounds(run.period_name) or (date.min, date.min)), run.period_name, run.created_at, str(run.pk)


def _ask_for_two(asked: Asking, wanted: Sequence[str]) -> HttpResponse:
    """Back to the list as it was, with what was ticked."""
    messages.info(asked, _("Choose two finished reports to compare."))
    kept = QueryDict(mutable=True)
    kept.setlist("run", wanted)
    for name in ("q", "page"):
        if asked.GET.get(name):
            kept[name] = asked.GET[name]
    response = redirect("runs")
    if kept:
        response.headers["Location"] += f"?{kept.urlencode()}"
    return response


def _not_asked_for(
    run: Any, theirs: Sequence[past_runs.CustomerSums], other: Any, there: Sequence[past_runs.CustomerSums]
) -> set[str]:
    """Who is in one report and was never asked for in the other: no change tells anything of them."""
    present = {each.account_id for each in there}
    missing = [each for each in theirs if each.account_id not in present]
    wanted = other.order.get("accounts")
    if wanted is not None:
        return {each.account_id for each in missing if each.account_id not in wanted and each.name not in wanted}
    if other.order.get("include_sub_resellers") or not run.order.get("include_sub_resellers"):
        return set()
    # Customers of a sub-reseller come only where they are asked for.
    known = KnownAccount.objects.filter(account_id__in={each.account_id for each in missing})
    beyond = known.exclude(reseller_account_id__in=("", other.reseller.account_id))
    return set(beyond.values_list("account_id", flat=True))
