"""What the made-up accounts own and are invoiced for: users, devices, numbers, limits, quantities, plans.

Owns: documents that have no time. Does not own: people (generate_people), calls.

Invariants
- Quantities count exactly the users, devices, numbers and trunks that the listings show.
- A cascade quantity is the sum over all descendants, the account itself left out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from reseller_reporting.simulate.generate_people import Party, stations
from reseller_reporting.simulate.listing import Document
from reseller_reporting.simulate.scripted import invoice, invoice_item
from reseller_reporting.simulate.world import MASTER_ID

Quantities = dict[tuple[str, str], int]

# What an account is charged for one of each a month.
_RETAIL = {
    ("users", "user"): 12.5,
    ("users", "admin"): 12.5,
    ("devices", "sip_device"): 2.0,
    ("devices", "softphone"): 1.25,
    ("phone_numbers", "did_us"): 1.0,
    ("phone_numbers", "tollfree_us"): 2.5,
    ("number_services", "e911"): 0.95,
    ("limits", "twoway_trunks"): 18.0,
    ("limits", "inbound_trunks"): 9.0,
    ("limits", "outbound_trunks"): 9.0,
}
# What the reseller is charged for those of all its customers together.
_WHOLESALE = {
    ("users", "user"): 4.0,
    ("devices", "sip_device"): 0.5,
    ("phone_numbers", "did_us"): 0.3333,
    ("phone_numbers", "tollfree_us"): 0.75,
    ("number_services", "e911"): 0.5,
    ("limits", "twoway_trunks"): 8.0,
}


def users(party: Party) -> list[Document]:
    return [
        {
            "id": station.user_id,
            "username": f"user{station.extension}@{party.record.realm}",
            "email": f"user{station.extension}@example.com",
            "first_name": station.first_name,
            "last_name": station.last_name,
            "priv_level": station.level,
            "features": ["caller_id"],
            "presence_id": station.extension,
            "flags": [],
        }
        for station in stations(party)
    ]


def devices(party: Party) -> list[Document]:
    return [
        {
            "id": station.device_id,
            "name": f"{station.first_name}’s {station.device_kind.replace('_', ' ')}",
            "username": f"device_{station.extension}",
            "mac_address": "",
            "owner_id": station.user_id,
            "enabled": True,
            "device_type": station.device_kind,
            "flags": [],
        }
        for station in stations(party)
    ]


def phone_numbers(party: Party) -> dict[str, Document]:
    numbers = dict.fromkeys(station.number for station in stations(party))
    return {
        number: {
            "state": "in_service",
            "features": _features(place),
            "features_allowed": [],
            "features_denied": [],
            "features_available": ["e911", "cnam"],
            "assigned_to": party.record.id,
            "used_by": "callflow",
            "created": party.record.created,
            "updated": party.record.created,
            "locality": {},
        }
        for place, number in enumerate(numbers)
    }


def limits(party: Party) -> Document:
    """The public part: what a plan imposes in private, unlimited trunks and bursts among it, is not shown."""
    shown = {"inbound_trunks": party.plan.inbound, "outbound_trunks": party.plan.outbound}
    shown["twoway_trunks"] = max(0, party.plan.twoway)
    return {"id": "limits", **shown, "allow_prepay": party.plan.prepay, "allow_postpay": False, "max_postpay_amount": 0}


def allotments(party: Party) -> Document:
    return {
        name: {
            "amount": seconds,
            "cycle": "daily",
            "increment": 1,
            "minimum": 0,
            "no_consume_time": 0,
            "group_consume": [],
        }
        for name, seconds in party.plan.allotments.items()
    }


def quantities(party: Party) -> Quantities:
    """What KAZOO's count of the account's own objects gives."""
    counted: Counter[tuple[str, str]] = Counter({("accounts", "account"): 1})
    for station in stations(party):
        counted["users", station.level] += 1
        counted["devices", station.device_kind] += 1
    for number, document in phone_numbers(party).items():
        counted["phone_numbers", _classification(number)] += 1
        counted["number_carriers", "knm_bandwidth2"] += 1
        for feature in _list(document["features"]):
            counted["number_services", feature] += 1
    for trunks in ("inbound_trunks", "outbound_trunks", "twoway_trunks"):
        counted["limits", trunks] += int(str(limits(party)[trunks]))
    counted["branding", "whitelabel"] += int(party.record.is_reseller)
    counted["ips", "dedicated"] += int(party.place % 7 == 1)
    return {key: count for key, count in counted.items() if count}


def added(each: Iterable[Quantities]) -> Quantities:
    total: Counter[tuple[str, str]] = Counter()
    for own in each:
        total.update(own)
    return dict(total)


def services_summary(party: Party, own: Quantities, below: Quantities) -> Document:
    """Quantities, and the invoice that the account's plan makes of them."""
    is_wholesale = party.record.is_reseller
    plan_id = "wholesale" if is_wholesale else "retail"
    vendor_id = party.record.reseller_id
    priced = [_item(key, rate, own, below, cascade=True) for key, rate in _WHOLESALE.items()] if is_wholesale else []
    if not is_wholesale:
        priced = [_item(key, rate, own, {}, cascade=False) for key, rate in _RETAIL.items()]
    items = [item for item in priced if item["billable"]]
    plan = _plan(_WHOLESALE if is_wholesale else _RETAIL, cascade=is_wholesale)
    made = invoice(items, plan=plan)
    made["bookkeeper"] = {"id": "default_bookkeeper", "vendor_id": vendor_id or MASTER_ID, "type": "default"}
    return {
        "plans": {plan_id: {"vendor_id": vendor_id, "overrides": {}}},
        "invoices": [made],
        "quantities": {"account": _nested(own), "cascade": _nested(below), "manual": _nested(_manual(party))},
        "ratedeck": {"id": "retail", "name": "Retail"},
    }


def recurring_units(summary: Document) -> int:
    """What an account's invoices come to in a month, in units: the debit of its services."""
    invoices = summary["invoices"]
    assert isinstance(invoices, list)
    return sum(round(each["summary"]["recurring"] * 10_000) for each in invoices)


def _item(key: tuple[str, str], rate: float, own: Quantities, below: Quantities, *, cascade: bool) -> Document:
    """Without a cascade, the first user of a retail plan costs nothing: a single discount."""
    quantity = own.get(key, 0) + (below.get(key, 0) if cascade else 0)
    discount = rate if key == ("users", "user") and not cascade and quantity else 0.0
    item = invoice_item(*key, quantity=quantity, rate=rate, total=round(quantity * rate - discount, 4))
    item["maximum"] = quantity
    if discount:
        item["discounts"] = {"total": discount, "single": {"rate": discount}}
    return item


def _plan(prices: Mapping[tuple[str, str], float], *, cascade: bool) -> Document:
    plan: dict[str, Document] = {}
    for (category, item), rate in prices.items():
        plan.setdefault(category, {})[item] = {"rate": rate, **({"cascade": True} if cascade else {})}
    return dict(plan)


def _manual(party: Party) -> Quantities:
    """Now and then somebody has set a count by hand."""
    return {("number_services", "port"): 2} if party.place % 11 == 6 else {}


def _features(place: int) -> list[str]:
    return [["e911", "outbound_cnam"], ["inbound_cnam"], ["e911"], []][place % 4]


def _classification(number: str) -> str:
    return "tollfree_us" if number.startswith(("+1888", "+1855")) else "did_us"


def _nested(flat: Quantities) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (category, item), count in flat.items():
        nested.setdefault(category, {})[item] = count
    return nested


def _list(value: object) -> list[str]:
    assert isinstance(value, list)
    return value
