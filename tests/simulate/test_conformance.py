"""What the simulated KAZOO shows, held against KAZOO's own schemas of what it stores."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reseller_reporting.simulate.generate import GeneratedWorld
from reseller_reporting.simulate.gregorian import from_datetime

# They are not ours to copy, so they are read where they stand: beside the checkout, if at all.
SCHEMAS = Path(__file__).resolve().parents[3] / "shared" / "kazoo" / "schemas"
TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}
JUNE = {
    "created_from": from_datetime(datetime(2024, 6, 3, tzinfo=UTC)),
    "created_to": from_datetime(datetime(2024, 6, 5, tzinfo=UTC)),
}

pytestmark = pytest.mark.skipif(not SCHEMAS.exists(), reason="KAZOO's schemas are not beside the checkout")


def schema(name: str) -> dict[str, Any]:
    return dict(json.loads((SCHEMAS / f"{name}.json").read_text("utf-8")))


def faults_of(value: Any, rule: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """What the rule forbids; keys that it does not name are allowed, as listings carry more than documents."""
    if "$ref" in rule:
        yield from faults_of(value, schema(rule["$ref"]), where)
    types = rule.get("type", [])
    allowed = tuple(each for name in ([types] if isinstance(types, str) else types) for each in TYPES[name])
    if allowed and (not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed)):
        yield f"{where}: {value!r} is no {types}"
        return
    if "enum" in rule and value not in rule["enum"]:
        yield f"{where}: {value!r} is none of {rule['enum']}"
    yield from _size_faults(value, rule, where)
    if isinstance(value, dict):
        yield from (f"{where}: no {name}" for name in rule.get("required", []) if name not in value)
        for name, inner in rule.get("properties", {}).items():
            if name in value:
                yield from faults_of(value[name], inner, f"{where}.{name}")
    if isinstance(value, list):
        for each in value:
            yield from faults_of(each, rule.get("items", {}), f"{where}[]")


def _size_faults(value: Any, rule: Mapping[str, Any], where: str) -> Iterator[str]:
    if isinstance(value, str) and not rule.get("minLength", 0) <= len(value) <= rule.get("maxLength", len(value)):
        yield f"{where}: {value!r} is too short or too long"
    if isinstance(value, str) and "pattern" in rule and not re.search(rule["pattern"], value):
        yield f"{where}: {value!r} does not match {rule['pattern']}"
    if isinstance(value, int | float) and value < rule.get("minimum", value):
        yield f"{where}: {value!r} is below {rule['minimum']}"


@pytest.fixture
def client(connect: Callable[..., Any]) -> Any:
    return connect(GeneratedWorld(seed=3, accounts=3, calls=3000))


@pytest.fixture
def accounts(client: Any) -> list[str]:
    below = client.everything(f"/accounts/{client.kazoo.account_id}/descendants")
    return [client.kazoo.account_id, *(each["id"] for each in below)]


@pytest.mark.parametrize(
    ("path", "name"), [("", "accounts"), ("/limits", "limits"), ("/users", "users"), ("/devices", "devices")]
)
def test_documents_and_listings_keep_to_their_schema(client: Any, accounts: list[str], path: str, name: str) -> None:
    rule = schema(name)
    for account_id in accounts:
        data = client.get(f"/accounts/{account_id}{path}").data
        documents = data if isinstance(data, list) else [data]
        assert documents
        found = [fault for each in documents for fault in faults_of(each, rule, name)]
        assert found == []


def test_call_documents_keep_to_their_schema(client: Any, accounts: list[str]) -> None:
    rule, seen = schema("cdrs"), 0
    for account_id in accounts:
        for row in client.get(f"/accounts/{account_id}/cdrs", **JUNE, page_size=10).data:
            document = client.get(f"/accounts/{account_id}/cdrs/{row['id']}").data
            assert list(faults_of(document, rule, "cdrs")) == []
            assert all(isinstance(each, str) for each in document["custom_channel_vars"].values())
            seen += 1
    assert seen > 10


def test_ledger_entries_keep_to_their_schema_but_for_the_sign(client: Any, accounts: list[str]) -> None:
    """The schema is of what is posted, which is positive; what is listed is negative for a debit."""
    rule, seen = schema("ledgers"), 0
    for account_id in accounts:
        for entry in client.get(f"/accounts/{account_id}/ledgers/per-minute-voip", **JUNE).data:
            assert entry["amount"] < 0
            unsigned = {key: value for key, value in entry.items() if key != "amount"}
            assert list(faults_of(unsigned, rule, "ledgers")) == []
            seen += 1
    assert seen > 10


def test_a_breach_of_a_schema_is_found() -> None:
    """A rule that never fails would prove nothing."""
    assert list(faults_of({"first_name": "", "priv_level": "king"}, schema("users"))) != []
    assert list(faults_of({"inbound_trunks": -1}, schema("limits"))) == [".inbound_trunks: -1 is below 0"]
    assert list(faults_of({"name": True}, schema("devices"))) == [".name: True is no string"]
