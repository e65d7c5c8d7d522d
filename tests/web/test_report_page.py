"""The page that a month begins with: what it orders, whom it lets choose, and that size does not slow it down."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reseller_reporting.control.roles import Role
from reseller_reporting.control.scoping import within
from reseller_reporting.words.language import Words

if TYPE_CHECKING:
    from django.test import Client
    from sites import Site

FIRST = "1" * 32


def form(**stated: Any) -> dict[str, Any]:
    """What the page sends when nothing on it was touched."""
    return {
        "scope": "all", "accounts": "", "period": "last-month", "timezone": "Europe/Berlin", "email": "",
        "edition": "internal", "token": "once",
    } | stated  # fmt: skip


def orders() -> list[dict[str, Any]]:
    from reseller_reporting.control.models import Run
    from reseller_reporting.control.scoping import across_resellers

    with across_resellers():
        return list(Run.objects.order_by("created_at").values_list("order", flat=True))


def refused(client: Client, stated: dict[str, Any]) -> str:
    """The page that says why: one that is asked for, so that a browser goes back to it."""
    answer = client.post("/", stated)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?again=1")
    page = client.get("/?again=1")
    assert page.status_code == 200
    return str(page.content.decode())


def test_the_button_alone_orders_last_month_for_all(tree: Site) -> None:
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    answer = client.post("/", form())
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/reports/")
    (order,) = orders()
    assert (order["period"], order["accounts"], order["timezone"]) == ("2026-10", None, "Europe/Berlin")
    assert client.get(answer.headers["Location"]).status_code == 200


def test_a_button_pressed_twice_orders_once(tree: Site) -> None:
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    first, second = client.post("/", form()), client.post("/", form())
    assert first.headers["Location"] == second.headers["Location"]
    assert len(orders()) == 1


@pytest.mark.parametrize(
    ("stated", "period"),
    [
        ({"period": "this-month"}, "2026-11"),
        ({"period": "last-week"}, "2026-11-16..2026-11-23"),
        ({"period": "this-week"}, "2026-11-23..2026-11-30"),
        ({"period": "range", "first": "2026-10-05", "last": "2026-10-05"}, "2026-10-05..2026-10-06"),
    ],
)
def test_periods_are_what_a_clerk_means(tree: Site, stated: dict[str, Any], period: str) -> None:
    tree.as_(tree.user(Role.RESELLER_ADMIN)).post("/", form(**stated))
    assert [order["period"] for order in orders()] == [period]


@pytest.mark.parametrize(
    "stated",
    [
        {"period": "range", "first": "2026-10-05", "last": "2026-10-04"},
        {"period": "range", "first": "2026-10-05"},
        {"period": "range", "first": "9999-12-31", "last": "9999-12-31"},
        {"period": "2027-05"},
        {"period": "nonsense"},
        {"timezone": "../../etc/passwd"},
        {"scope": "some"},
        {"scope": "some", "accounts": "e" * 32},
        {"email": "a@example.com\r\nBcc: b@example.com"},
        {"email": "a@example.com"},  # No mail server is set up.
        {"edition": "everything"},
    ],
)
def test_what_cannot_be_is_said_and_not_ordered(tree: Site, stated: dict[str, Any]) -> None:
    page = refused(tree.as_(tree.user(Role.RESELLER_ADMIN)), form(**stated))
    assert page.count('role="alert"') == 1  # Once, not here and there.
    assert orders() == []


def test_chosen_customers_are_ordered(tree: Site) -> None:
    tree.as_(tree.user(Role.RESELLER_ADMIN)).post("/", form(scope="some", accounts=f"{FIRST}, {5:032x}"))
    assert [order["accounts"] for order in orders()] == [[f"{5:032x}", FIRST]]


@pytest.mark.parametrize("is_foreign", [True, False])
def test_strangers_among_the_chosen_are_told_and_taken_out_of_the_choice(tree: Site, is_foreign: bool) -> None:
    from reseller_reporting.control.models import KnownAccount

    if is_foreign:
        with within(tree.other):
            KnownAccount.objects.create(
                reseller=tree.other, account_id="e" * 32, name="Charlie's", lineage=f"/{'e' * 32}/"
            )
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    page = refused(client, form(scope="some", accounts=f"{FIRST},{'e' * 32}", period="this-month"))
    assert orders() == []
    assert "1 chosen customer is not among those that were read last, and is no longer chosen." in page
    # All else is as it was.
    assert f'id="accounts" value="{FIRST}"' in page
    assert 'value="some" checked' in page
    assert 'value="this-month" checked' in page
    assert "Charlie" not in page


def test_an_admin_of_a_branch_orders_their_branch_and_nothing_else(tree: Site) -> None:
    client = tree.as_(tree.user(Role.RESELLER_ADMIN, account_id=FIRST))
    assert "Customer 00010" not in client.get("/report/accounts?q=customer").content.decode()
    client.post("/", form(token="a"))
    refused(client, form(token="c", scope="some", accounts=f"{10:032x},{5:032x}"))
    client.post("/", form(token="b", scope="some", accounts=f"{5:032x}"))
    everyone, some = (order["accounts"] for order in orders())
    assert everyone is not None
    assert f"{10:032x}" not in everyone
    assert len(everyone) == 28
    assert some == [f"{5:032x}"]


def test_the_tree_opens_level_by_level_and_is_searched_by_any_part(tree: Site) -> None:
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    top = client.get("/report/accounts").content.decode()
    assert top.count("data-account=") == 3
    below = client.get(f"/report/accounts?below={FIRST}").content.decode()
    assert below.count("data-account=") == 27
    found = client.get("/report/accounts?q=SIP.example 00007").content.decode()
    assert "Customer 00007" in found
    assert found.count("data-account=") == 1
    assert "Nothing is found" in client.get("/report/accounts?q=%3Cscript%3E").content.decode()
    assert "<script>" not in client.get("/report/accounts?q=%3Cscript%3E").content.decode()


def test_a_branch_a_search_and_a_group_are_chosen_whole(tree: Site) -> None:
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    assert len(client.get("/report/accounts/ids").json()["ids"]) == 30
    assert len(client.get(f"/report/accounts/ids?branch={FIRST}").json()["ids"]) == 28
    assert client.get("/report/accounts/ids?q=00007").json()["ids"] == [f"{7:032x}"]
    kept = client.post("/report/groups", {"name": " Gold  <b>", "accounts": f"{FIRST},{'e' * 32}"}).content.decode()
    assert "Gold &lt;b&gt;</span>&nbsp;(1)" in kept
    from reseller_reporting.control.models import AccountGroup
    from reseller_reporting.control.scoping import within

    with within(tree.reseller):
        group = AccountGroup.objects.get()
    assert client.get(f"/report/accounts/ids?group={group.pk}").json()["ids"] == [FIRST]
    stranger = tree.as_(tree.user(Role.RESELLER_ADMIN, reseller=tree.other))
    assert stranger.get(f"/report/accounts/ids?group={group.pk}").status_code == 404
    assert stranger.post(f"/report/groups/{group.pk}/delete").status_code == 404
    assert client.post(f"/report/groups/{group.pk}/delete").status_code == 200
    assert "Give the group a name" in client.post("/report/groups", {"name": " "}).content.decode()


def test_a_branch_sees_and_changes_no_group_of_others(tree: Site) -> None:
    from reseller_reporting.control.models import AccountGroup
    from reseller_reporting.control.scoping import within

    outside = f"{10:032x}"
    boss = tree.as_(tree.user(Role.RESELLER_ADMIN))
    for name, ids in (("Theirs", outside), ("Both", f"{outside},{5:032x}")):
        boss.post("/report/groups", {"name": name, "accounts": ids})
    client = tree.as_(tree.user(Role.RESELLER_ADMIN, account_id=FIRST))
    page = client.get("/").content.decode()
    assert "Theirs" not in page
    assert "Both</span>&nbsp;(1)" in page
    with within(tree.reseller):
        numbers = list(AccountGroup.objects.values_list("pk", flat=True))
    said = client.post("/report/groups", {"name": "Both", "accounts": FIRST}).content.decode()
    assert "accounts that are not yours" in said
    for number in numbers:
        client.post(f"/report/groups/{number}/delete")
    with within(tree.reseller):
        kept = dict(AccountGroup.objects.values_list("name", "account_ids"))
    assert kept == {"Theirs": [outside], "Both": sorted([outside, f"{5:032x}"])}


def test_prices_are_by_the_stored_plans_unless_the_box_is_empty(tree: Site) -> None:
    from reseller_reporting.control.models import PlanAssignment

    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    refused(client, form(edition="customer", token="a"))
    PlanAssignment.objects.create(plan="gold", customer="*")
    client.post("/", form(token="b"))
    client.post("/", form(token="c", price_plans="on"))
    client.post("/", form(token="d", edition="customer"))
    assert [(order["price_plans"], order["edition"]) for order in orders()] == [
        (False, "internal"),
        (True, "internal"),
        (True, "customer"),
    ]


def test_files_beside_the_workbooks_are_ordered_by_their_boxes(tree: Site) -> None:
    from reseller_reporting.control.models import PlanAssignment

    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    for name in ("pdf", "accounting", "quickbooks", "xero"):  # What says nothing without prices.
        refused(client, form(also=[name]))
        assert re.search(f'value="{name}"[^>]* disabled', client.get("/").content.decode())
    assert re.search('value="csv" checked', refused(client, form(also=["csv", "exe"])))
    client.post("/", form(token="a", also=["parquet", "csv"]))
    PlanAssignment.objects.create(plan="gold", customer="*")
    assert not re.search(r'name="also"[^>]* disabled', client.get("/").content.decode())
    client.post("/", form(token="b", also=["pdf", "xero"]))
    assert [(order["also"], order["price_plans"]) for order in orders()] == [
        (["csv", "parquet"], False),
        (["pdf", "xero"], True),
    ]


def test_those_who_make_no_reports_are_led_to_those_that_there_are(tree: Site) -> None:
    for role in (Role.RESELLER_VIEWER, Role.CUSTOMER_ADMIN):
        client = tree.as_(tree.user(role))
        assert client.get("/").headers["Location"] == "/reports/"
        assert client.post("/", form()).status_code == 302
        for path in ("/report/accounts", "/report/accounts/ids"):
            assert client.get(path).status_code == 403
        for path in ("/report/groups", "/report/accounts/read"):
            assert client.post(path).status_code == 403
    assert orders() == []


def test_without_a_connection_the_page_says_what_to_do(site: Site) -> None:
    page = site.as_(site.user(Role.RESELLER_ADMIN)).get("/").content.decode()
    assert "Connect to your KAZOO first" in page
    assert "Make the report" not in page


def test_a_branch_is_offered_the_addresses_that_it_wrote_to(tree: Site) -> None:
    from reseller_reporting.control.models import Recipient, Run

    user = tree.user(Role.RESELLER_ADMIN, account_id=FIRST)
    now = tree.house.clock()
    for address in ("own@example.com", "others@example.com"):
        Recipient.objects.create(reseller=tree.reseller, address=address, last_used_at=now)
    order = {"email": ["own@example.com"], "branch": FIRST}
    Run.objects.create(reseller=tree.reseller, order=order, created_by=user, created_at=now)
    page = tree.as_(user).get("/").content.decode()
    assert '<option value="own@example.com">' in page
    assert "others@example.com" not in page
    assert "others@example.com" in tree.as_(tree.user(Role.RESELLER_ADMIN)).get("/").content.decode()


def test_recipients_are_remembered(tree: Site) -> None:
    from reseller_reporting.control.models import Run

    user = tree.user(Role.RESELLER_ADMIN)
    Run.objects.create(
        reseller=tree.reseller, order={"email": ["bills@example.com"]}, created_by=user, created_at=tree.house.clock()
    )
    assert 'value="bills@example.com"' in tree.as_(user).get("/").content.decode()


@pytest.fixture
def large(tree: Site) -> Site:
    from reseller_reporting.control.models import KnownAccount
    from reseller_reporting.control.scoping import within

    with within(tree.reseller):
        KnownAccount.objects.all().delete()
    tree.grow(5000)
    return tree


@pytest.mark.parametrize(
    ("path", "seconds_max"),
    [
        ("/", 0.3),
        ("/report/accounts", 0.1),
        ("/report/accounts?q=customer", 0.1),
        ("/report/accounts?q=cust+049", 0.1),
        (f"/report/accounts?below={FIRST}", 0.1),
        ("/report/accounts/ids", 0.3),
    ],
)
def test_five_thousand_accounts_are_no_burden(large: Site, path: str, seconds_max: float) -> None:
    client = large.as_(large.user(Role.RESELLER_ADMIN))
    client.get(path)  # Templates are compiled once.
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    assert len(queries) <= 15
    took = []
    for _ in range(5):
        began = time.thread_time()  # A busy machine is no slow page.
        client.get(path)
        took.append(time.thread_time() - began)
    assert min(took) < seconds_max


def test_customers_of_sub_resellers_are_counted_apart_and_namesakes_told_apart(tree: Site) -> None:
    from reseller_reporting.control.models import KnownAccount
    from reseller_reporting.control.scoping import within

    with within(tree.reseller):
        KnownAccount.objects.filter(account_id__in=[f"{7:032x}", f"{8:032x}"]).update(reseller_account_id=FIRST)
        KnownAccount.objects.filter(account_id__in=[f"{7:032x}", f"{10:032x}"]).update(name="Twin", sought="twin")
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    page = client.get("/").content.decode()
    for said in ("All customers (28)", "2 more of sub-resellers", "Choose all customers (28)", "sub-resellers (30)"):
        assert said in page
    own = client.get("/report/accounts/ids?own=1").json()["ids"]
    assert (len(own), f"{7:032x}" in own) == (28, False)
    found = client.get("/report/accounts?q=twin").content.decode()
    assert "· 00000…00007" in found
    assert "· 00000…0000a" in found
    assert "…" not in client.get("/report/accounts?q=00009").content.decode()
    branch = tree.as_(tree.user(Role.RESELLER_ADMIN, account_id=FIRST)).get("/").content.decode()
    assert "more of sub-resellers" not in branch


def test_the_language_of_the_documents_is_chosen(tree: Site) -> None:
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    assert '<option value="en" lang="en" selected>' in client.get("/").content.decode()
    client.post("/", form(language="fr"))
    client.post("/", form(token="twice"))
    refused(client, form(language="xx", token="thrice"))
    assert [order["language"] for order in orders()] == ["fr", "en"]


def test_a_time_zone_that_is_chosen_while_the_accounts_are_read_stands(tree: Site) -> None:
    from reseller_reporting.app.tenancy import keep_tree
    from reseller_reporting.control.models import Reseller
    from reseller_reporting.control.scoping import within
    from reseller_reporting.model.account import Account
    from reseller_reporting.model.ids import AccountId

    read = Reseller.objects.get(pk=tree.reseller.pk)
    Reseller.objects.filter(pk=read.pk).update(timezone="Europe/Madrid")
    own = Account(id=AccountId("f" * 32), name="", realm="", tree=(), is_reseller=True, timezone="Europe/Berlin")
    with within(read):
        keep_tree(read, own, [], now=tree.house.clock())
        assert (read.timezone, read.name) == ("Europe/Madrid", "Acme")
        Reseller.objects.filter(pk=read.pk).update(timezone="")
        keep_tree(read, own, [], now=tree.house.clock())
    assert read.timezone == "Europe/Berlin"


@pytest.mark.parametrize("is_below", [False, True])
def test_a_branch_with_a_sub_reseller_in_it_or_above_it_is_ordered_whole(tree: Site, is_below: bool) -> None:
    """The accounts below the first are a sub-reseller's: the first one's itself, or of one of its accounts."""
    from reseller_reporting.control.models import KnownAccount
    from reseller_reporting.control.scoping import within

    sub = f"{1:032x}"
    with within(tree.reseller):
        below = KnownAccount.objects.filter(parent_id=FIRST)
        if is_below:
            KnownAccount.objects.filter(account_id=FIRST).update(is_reseller=True)
            below.update(reseller_account_id=FIRST)
            branch = below.order_by("account_id").first()
            assert branch is not None
            whose, expected = branch.account_id, [branch.account_id]
        else:
            below.filter(account_id=sub).update(is_reseller=True)
            below.exclude(account_id=sub).update(reseller_account_id=sub)
            whose, expected = FIRST, sorted([FIRST, *below.values_list("account_id", flat=True)])
    client = tree.as_(tree.user(Role.RESELLER_ADMIN, account_id=whose))
    assert f"({len(expected)})" in client.get("/").content.decode()
    assert client.post("/", form()).status_code == 302
    (order,) = orders()
    assert (order["accounts"], order["include_sub_resellers"]) == (expected, True)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("1980-01-01", "2026-11-25", "The first day is 1 Jan 2010 at the earliest: KAZOO has no calls from before."),
        ("2009-12-31", "2010-01-31", "The first day is 1 Jan 2010 at the earliest"),
        ("2024-10-01", "2026-10-01", "A report is about 24 months at most."),
        ("2026-12-01", "2026-12-31", "The first day, 1 Dec 2026, is yet to come. Choose days up to today."),
        ("2026-10-05", "2026-10-04", "Choose the first and the last day, the first not after the last."),
        ("", "2026-10-04", "Choose the first and the last day, the first not after the last."),
        ("2026-02-30", "2026-10-04", "Choose the first and the last day, the first not after the last."),
    ],
)
def test_days_that_no_report_can_have_are_said_beside_them(tree: Site, first: str, last: str, said: str) -> None:
    page = refused(tree.as_(tree.user(Role.RESELLER_ADMIN)), form(period="range", first=first, last=last))
    assert said in page.partition('id="range"')[2].partition('id="timezone"')[0]
    assert page.count('role="alert"') == 1
    assert f'name="first" value="{first}"' in page


def test_two_years_to_the_day_are_ordered(tree: Site) -> None:
    tree.as_(tree.user(Role.RESELLER_ADMIN)).post("/", form(period="range", first="2024-11-01", last="2026-10-31"))
    assert [order["period"] for order in orders()] == ["2024-11-01..2026-11-01"]


def test_all_mistakes_are_said_at_once_each_at_its_own_field(tree: Site) -> None:
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    page = refused(
        client, form(scope="some", period="range", timezone="Nowhere", email="a@b, billing@example.com, c", token="x")
    )
    customers, _, rest = page.partition('id="choosing"')
    assert "Choose at least one customer." in customers
    days, _, rest = rest.partition('id="timezone"')
    assert "Choose the first and the last day" in days
    zone, _, rest = rest.partition('id="email"')
    assert "Choose a time zone of the list." in zone
    mail = rest.partition("<datalist")[0]
    assert "&#x27;a@b&#x27; is no mail address" in mail
    assert "&#x27;c&#x27; is no mail address" in mail
    assert page.count('role="alert"') == 5


def test_what_was_typed_is_there_again_and_no_longer_wrong_once_it_is_ordered(tree: Site) -> None:
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    wrong = form(scope="some", accounts=FIRST, period="range", first="2026-10-05", last="2026-10-01", token="a")
    page = refused(client, wrong)
    assert f'id="accounts" value="{FIRST}"' in page
    assert client.post("/", wrong | {"last": "2026-10-09", "token": "b"}).status_code == 302
    page = client.get("/?again=1").content.decode()
    assert 'role="alert"' not in page
    assert f'id="accounts" value="{FIRST}"' in page
    assert 'name="last" value="2026-10-09"' in page
    # By the way of the menu it is a new report.
    assert FIRST not in client.get("/").content.decode()
    assert len(orders()) == 1


def test_a_group_is_replaced_by_those_alone_who_say_so(tree: Site) -> None:
    from reseller_reporting.control.models import AccountGroup

    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    assert (
        "The group “Gold” is saved."
        in client.post("/report/groups", {"name": "Gold", "accounts": FIRST}).content.decode()
    )
    again = {"name": "GOLD", "accounts": f"{FIRST},{5:032x}"}
    asked = client.post("/report/groups", again).content.decode()
    assert "There is a group “Gold” already. Replace what it holds by the 2 chosen customers?" in asked
    assert 'value="GOLD"' in asked
    with within(tree.reseller):
        group = AccountGroup.objects.get()
    assert group.account_ids == [FIRST]
    assert "is saved" in client.post("/report/groups", again | {"replace": str(group.pk)}).content.decode()
    with within(tree.reseller):
        assert list(AccountGroup.objects.values_list("pk", "account_ids")) == [(group.pk, sorted([FIRST, f"{5:032x}"]))]


@pytest.mark.parametrize("mark", ["\u202e", "\u200b", "\u2066", "\u0007"])
def test_a_name_that_holds_what_nobody_sees_is_none(tree: Site, mark: str) -> None:
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    answer = client.post("/report/groups", {"name": f"Go{mark}ld", "accounts": FIRST}).content.decode()
    assert "A name holds no invisible characters" in answer


def test_documents_speak_the_language_of_the_page_unless_the_settings_say_one(tree: Site) -> None:
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    assert (
        '<option value="de" lang="de" selected>' in client.get("/", headers={"accept-language": "de"}).content.decode()
    )


def test_statements_as_pdf_are_offered_where_they_can_be_made(tree: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    assert "not installed here" not in client.get("/").content.decode()
    monkeypatch.setattr("reseller_reporting.app.extras.find_spec", lambda _: None)
    page = client.get("/").content.decode()
    assert re.search(r'value="pdf" disabled>.{,90}not installed here', page)


def test_without_price_plans_the_page_says_what_to_do(tree: Site) -> None:
    clerk = tree.as_(tree.user(Role.RESELLER_ADMIN)).get("/").content.decode()
    assert "Ask whoever runs this installation to store them" in clerk
    assert "plans import" not in clerk
    assert "RESELLER_REPORTING_" not in clerk
    operator = tree.as_(tree.user(Role.OPERATOR)).get("/").content.decode()
    assert "reseller-reporting plans import" in operator
    assert "RESELLER_REPORTING_SMTP_URL" in operator


def test_every_sentence_of_a_refused_form_is_in_the_language_of_the_page(
    tree: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.forms import ValidationError

    from reseller_reporting.web.report_form import ReportForm

    def refuse(_form: ReportForm) -> None:
        raise ValidationError(["Name at least one recipient.", "This report is deleted. Bring it back first."])

    monkeypatch.setattr(ReportForm, "clean", refuse)
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    client.cookies["django_language"] = "de"
    page = client.post("/", form(), follow=True).content.decode()
    for english in ("Name at least one recipient.", "This report is deleted. Bring it back first."):
        german = Words("de").phrase(english)
        assert german != english
        assert german in page


def test_accounts_stand_where_people_look_for_them(tree: Site) -> None:
    from reseller_reporting.control.models import KnownAccount
    from reseller_reporting.control.scoping import within

    with within(tree.reseller):
        for id_, name in (("1" * 32, "Zulu"), (f"{10:032x}", "Łódź"), (f"{20:032x}", "ångström")):
            KnownAccount.objects.filter(account_id=id_).update(name=name)
    page = tree.as_(tree.user(Role.RESELLER_ADMIN)).get("/report/accounts").content.decode()
    places = [page.index(name) for name in ("ångström", "Łódź", "Zulu")]
    assert places == sorted(places)
