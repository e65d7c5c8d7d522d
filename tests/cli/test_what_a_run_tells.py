"""What a run says to who watches it: warnings in a sentence each, and lines of plans that fit nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from months import plans

from reseller_reporting.simulate.scripted import ScriptedWorld, invoice, invoice_item

if TYPE_CHECKING:
    from tests.conftest import Terminal

ACME = "a" * 32
RUN = ("run", "--period", "2024-06", "--out", "out")
PRICED = (*RUN, "--price-plans", "plans")
RETAIL = "plan: retail\nusage:\n  uk: {countries: [GB], per_minute: 0.05}\n"
CHEAP = "plan: cheap\nusage:\n  uk: {countries: [GB], per_minute: 0.01}\nrecurring:\n  sip_device: 0.10\n"
CUSTOMERS = """customers:
  - {plan: retail}
  - {plan: retail, customer: Alicia}
  - {plan: retail, customer: "Bo*"}
  - {plan: retail, customer: "2222*"}
  - {plan: retail, customer: "11111111111111111111111111111111", effective: 2024-06-05}
  - {plan: retail, customer: Café Müller, effective: 2024-06-16}
"""
ALICIA = "The plan retail is given to 'Alicia', whom no known account fits. Did you mean 'Alice'?"
NUMBER = "The plan retail is given to '2222*', whom no known account fits."
CAFE = "The plan retail is given to 'Café Müller' from 2024-06-16, whom no known account fits."


def for_nobody(terminal: Terminal) -> list[str]:
    """What the manifest says of plans for nobody."""
    warnings = terminal.left().manifest["warnings"]
    return [each["message"] for each in warnings if each["code"] == "plan_for_nobody"]


def test_a_line_that_fits_nobody_is_told_with_its_place_and_the_nearest_name(
    connected: Terminal, acme: ScriptedWorld
) -> None:
    plans(connected, {"retail": RETAIL, "customers": CUSTOMERS})
    told = connected.run(*PRICED)
    assert told.code == 0, told.err
    assert for_nobody(connected) == [NUMBER, ALICIA, CAFE]
    for line, message in ((3, ALICIA), (5, NUMBER), (7, CAFE)):
        assert f"plans/customers.yaml:{line}: {message}\n" in told.out
    # Accents are what people leave out. Whoever was not chosen is somebody all the same.
    acme.customer("Cafe Muller", parent=ACME)
    told = connected.run(*PRICED, "--accounts", "Bob")
    assert for_nobody(connected) == [NUMBER, ALICIA, f"{CAFE} Did you mean 'Cafe Muller'?"]
    assert "customers.yaml:4" not in told.out


def test_stored_lines_are_told_the_same_and_by_what_is_stored(connected: Terminal) -> None:
    plans(connected, {"retail": RETAIL, "customers": CUSTOMERS})
    assert connected.run(*PRICED).code == 0
    manifest = (connected.folder / "out" / "manifest.json").read_bytes()
    assert connected.run("plans", "import", "plans").code == 0
    told = connected.run(*RUN, "--source", "store")
    assert f"stored plan of 'Alicia': {ALICIA}\n" in told.out
    assert (connected.folder / "out" / "manifest.json").read_bytes() == manifest


def test_the_commands_of_plans_tell_it_once_the_store_knows_accounts(connected: Terminal) -> None:
    plans(connected, {"retail": RETAIL, "customers": CUSTOMERS})
    assert connected.run("plans", "import", "plans").code == 0
    nobody = ("plans", "assign", "retail", "--customer", "Nobody Inc")
    assert connected.run(*nobody).err == ""
    assert "fits" not in connected.run("plans", "check", "plans").err
    assert connected.run("sync", "--period", "2024-06").code == 0
    told = connected.run(*nobody)
    assert told.code == 0
    assert told.out.startswith("Nobody Inc has retail")
    assert told.err == "The plan retail is given to 'Nobody Inc', whom no known account fits.\n"
    assert connected.run("plans", "assign", "retail", "--customer", "Al*").err == ""
    checked = connected.run("plans", "check", "plans")
    assert checked.code == 0
    assert f"plans/customers.yaml:3: {ALICIA}\n" in checked.err
    assert len(connected.run("plans", "check", "plans", "--json").document["notes"]) == 3


def test_what_costs_money_is_told_counted_and_first(connected: Terminal, acme: ScriptedWorld) -> None:
    bill = invoice(
        [invoice_item("devices", "sip_device", quantity=6, rate=1.0, total=6.0)],
        plan={"devices": {"sip_device": {"rate": 1.0, "cascade": True}}},
    )
    acme.services_of(ACME, cascade={"devices": {"sip_device": 6}}, invoices=[bill])
    acme.customer("Zoe", parent=ACME)
    lines = "customers:\n  - {plan: cheap, customer: Alice}\n  - {plan: cheap, customer: Bob}\n"
    plans(connected, {"cheap": CHEAP, "customers": lines})
    told = connected.run(*PRICED)
    assert told.code == 0, told.err
    wanted = [
        "1 customer has no price plan: Zoe.",
        "3 calls of 2 customers are priced below what the reseller paid: Alice, Bob.",
        "Recurring services of 2 customers are priced below what the reseller pays: Alice, Bob.",
    ]
    said = told.out.splitlines()
    assert [line for line in said if line in wanted] == wanted
    assert said.index(wanted[0]) > said.index(next(line for line in said if line.startswith("Reseller cost")))
    assert said[-1].startswith("Files in ")
    only = connected.run(*PRICED, "--accounts", "Bob")
    assert "1 call of 1 customer is priced below what the reseller paid: Bob.\n" in only.out
    # The document says what the file says, and nothing more.
    document = connected.run(*PRICED, "--json").document
    assert document == connected.left().manifest


def test_what_is_not_told_is_counted(connected: Terminal) -> None:
    lines = [f"  - {{plan: retail, customer: Stranger {number}}}" for number in range(20)]
    plans(connected, {"retail": RETAIL, "customers": "\n".join(["customers:", "  - {plan: retail}", *lines, ""])})
    told = connected.run(*PRICED).out
    assert told.count("whom no known account fits") == 3
    assert "And 17 more warnings in manifest.json.\n" in told
    assert len(for_nobody(connected)) == 20


def test_notes_of_files_for_the_books_are_told(connected: Terminal, acme: ScriptedWorld) -> None:
    acme.services_of(acme.customer("Alice", parent=ACME), account={"devices": {"sip_device": 3}})
    plans(connected, {"cheap": CHEAP})
    told = connected.run(*PRICED, "--also", "xero")
    assert told.code == 0, told.err
    assert "their invoices go to one customer.\n" in told.out
