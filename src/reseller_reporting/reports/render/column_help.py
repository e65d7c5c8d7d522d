"""Column help: what a column of a sheet says, in the note of its header.

A customer reads words of its own: nothing of what the provider counts and charges.
"""

from collections.abc import Mapping

from reseller_reporting.reports.edition import Edition
from reseller_reporting.reports.render import summary_words as words
from reseller_reporting.words.message import mark

# By the title of the column; a column whose title says it all has none.
HELP = {
    "Date/time": mark("When the call began, on the clock of the report's time zone."),
    "Call ID": mark("The switch's own name of the call. Ledger entries refer to it."),
    "(From) Caller ID": mark("The number that the caller showed, as it came."),
    "To Number": mark("The number that was dialled, as it came."),
    "Billing Minutes": mark("Charged seconds / 60. Where none were charged, answered seconds / 60."),
    "Rate": mark("The provider's price of a minute of talk, the same for both parties."),
    "Rate Name": mark("Which rate of the provider's deck was taken for the number."),
    "Reseller Call Type": mark(
        "What paid for the call on the reseller's side: flat_rate is a trunk, flat_rate_burst a burst trunk, "
        "per_minute credit. Only per_minute costs anything."
    ),
    "Reseller Cost": mark("What the provider charged the reseller."),
    "Customer Call Type": mark("What paid for the call on the customer's side. Only per_minute costs anything."),
    "Customer Cost": mark("What the platform charged the customer's own credit. It is not the price of a price plan."),
    "Reseller Cost Breakdown": mark("How the reseller's cost came about, from the parts of the rate."),
    "Direction": mark("inbound: towards the switch; outbound: from it."),
    "Country": mark("Of the far end: the number that was dialled, or that called."),
    "User": mark("Whose call it is: name, else user name, else the id."),
    "Billing Seconds": mark("From answer to end; 0 for a call that nobody took."),
    "Charged Seconds": mark("What was paid for, after minimum and increment. Only calls by the minute have any."),
    "Price": mark("What the price plan says that is owed for it, before taxes. Empty: there is no price."),
    "Margin": mark("Price less reseller cost."),
    "Price Breakdown": mark("How the price came about, by the price plan."),
    "Calls": mark("Legs that bear a billing tag; a call from one user to another is not among them."),
    "Flat-rate Minutes": mark("Carried by the reseller's trunks, burst included."),
    "Per-minute Minutes": mark("Paid by the minute from the reseller's credit."),
    "Quantity": mark("How many the account has: set by hand where Manual says so, else counted."),
    "Of Sub-accounts": mark("How many the accounts below it have."),
    "Manual": mark("A quantity that was set by hand and stands in for the counted one."),
    "Billable": mark("The quantity after step, minimum and maximum."),
    "Recurring Cost": mark("What is due each month, whatever is called."),
    "Record ID": mark("Where the record names itself."),
    "Reason": mark("Why the record is in no sum, or what is wrong with the call's price."),
}

CUSTOMER_HELP = {
    **{title: HELP[title] for title in ("Date/time", "(From) Caller ID", "To Number", "Country", "User")},
    "Call ID": mark("The call's own name, for questions about it."),
    "Billing Minutes": mark(
        "As the price plan counts them, its minimum and steps included; without a plan from answer to end."
    ),
    "Direction": mark("inbound: to you; outbound: from you."),
    "Billing Seconds": HELP["Billing Seconds"],
    "Price": HELP["Price"],
    "Price Breakdown": HELP["Price Breakdown"],
    "Calls": mark("Calls that count; one from one user to another is not among them."),
}

# In the reseller's own workbook a row is a customer, a country or a change.
_SUMS = {
    **{title: HELP[title] for title in ("Calls", "Billing Minutes", "Flat-rate Minutes", "Per-minute Minutes")},
    "Reseller Cost": words.RESELLER_COST_NOTE,
    "Customer Cost": words.CUSTOMER_COST_NOTE,
    "Price": words.PRICE_NOTE,
    "Margin": words.MARGIN_NOTE,
}
CUSTOMERS_HELP = {
    **_SUMS,
    "Name": mark("Leads to the customer's workbook."),
    "Complete": mark("Everything was read and used"),
    "Reseller Recurring Cost": words.RESELLER_RECURRING_NOTE,
    "Customer Recurring Cost": words.CUSTOMER_RECURRING_NOTE,
    "Recurring Price": words.RECURRING_PRICE_NOTE,
    "Ledgers Per Minute": words.LEDGERS_NOTE,
}
COUNTRIES_HELP = {
    **_SUMS,
    "Country": HELP["Country"],
    "Direction": HELP["Direction"],
    "Customers": mark("How many customers have calls there."),
}
MARGINS_HELP = {
    "Usage Price": words.PRICE_NOTE,
    "Reseller Cost": words.RESELLER_COST_NOTE,
    "Usage Margin": mark("Usage price less reseller cost."),
    "Recurring Price": words.RECURRING_PRICE_NOTE,
    "Reseller Recurring Cost": words.RESELLER_RECURRING_NOTE,
    "Recurring Margin": mark("Recurring price less reseller recurring cost."),
    "Minimum": mark("What is missing to the minimum that was agreed."),
    "Net": mark("What the statement comes to before taxes."),
    "Margin": mark("Net less reseller cost and reseller recurring cost."),
    "Margin Percent": mark("The margin in percent of net."),
    "Calls Below Cost": mark("Calls priced for less than the reseller paid."),
    "Loss On These": mark("By how much, all of them together."),
}
CHANGES_HELP = {
    "Late Calls": mark("Calls of the period that the last report did not have yet."),
    "Gone Calls": mark("Calls that the last report had and this one has not."),
    "Changed Calls": mark("Calls with other costs or prices than in the last report."),
}


def help_for(edition: Edition) -> Mapping[str, str]:
    return HELP if edition is Edition.INTERNAL else CUSTOMER_HELP
