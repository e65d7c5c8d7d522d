"""The audit trail: who did what, from where; to be read and searched, never changed."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reseller_reporting.control import searching
from reseller_reporting.control.asking import Asking
from reseller_reporting.control.models import KnownAccount
from reseller_reporting.control.roles import Action
from reseller_reporting.control.visibility import visible_events
from reseller_reporting.web.access import needs
from reseller_reporting.web.templatetags.humane import account_id_of_person

_EVENTS_A_PAGE = 50


@require_safe
@needs(Action.SEE_AUDIT)
def events(asked: Asking) -> HttpResponse:
    text = asked.GET.get("q", "").strip()[:200]
    found = searching.events(visible_events(asked.user), text)
    page = Paginator(found.order_by("-at", "-pk"), _EVENTS_A_PAGE).get_page(asked.GET.get("page"))
    of_kazoo = {each.who: account_id_of_person(each.who) for each in page}
    named = KnownAccount.objects.filter(account_id__in={id_ for id_ in of_kazoo.values() if id_})
    names = dict(named.values_list("account_id", "name"))
    rows = [(each, names.get(of_kazoo[each.who], "")) for each in page]
    template = "audit/_events.html" if asked.headers.get("HX-Target") == "events" else "audit/events.html"
    return render(asked, template, {"page": page, "rows": rows, "q": text})
