"""Summary words: everything that the first sheet says by itself, and the texts that describe its charts.

Whole sentences with places for what changes, so that they can be said in another language.
"""

from reseller_reporting.words.message import mark

TITLE = mark("Calls and costs, {period}")
NOT_COMPLETE = mark("This report is not complete: figures are missing or may still change.")
NOT_AVAILABLE = mark("not available")
UNCHANGED, FROM_NOTHING = mark("unchanged"), mark("was 0")
NO_CALLS = mark("There are no calls in this period.")

# The four questions, a card each.
EARNED, OWED, CHARGED = mark("What is earned"), mark("What is owed"), mark("What the customer was charged")
# Without a price plan nobody owes anything by this report: a cost is called what it is.
COST_OF_CALLS, CHARGED_FOR_CALLS = mark("Reseller cost of calls"), mark("Charged for calls")
FOR_WHAT, COMPARED, NOT_COMPARED = mark("For what"), mark("{measure} since {month}"), mark("Since the month before")
IS_COMPLETE, COMPLETE, INCOMPLETE = mark("Is it complete"), mark("Complete"), mark("Not complete")
CALL_UNIT, CALLS_UNIT, COUNTRIES = mark("call"), mark("calls"), mark("Countries")
WARNINGS, PROBLEMS, FIRST_DAY, LAST_DAY = mark("Warnings"), mark("Problems"), mark("First day"), mark("Last day")
NOT_HELD = mark("The store does not hold {month} whole.")
NOT_AT_HAND = mark("Figures of {month} are not at hand.")
NOT_A_MONTH = mark("Only whole months are compared.")

# Sections, and titles of their columns and rows.
NOTES, KEY_FIGURES, REPORT = mark("Notes"), mark("Key figures"), mark("Report")
MONTHS, TREND = mark("The last months"), mark("Trend")
MONTHS_NOTE = mark("Earlier months as the store holds them. Minutes are counted from answer to end in all of them.")
CALLS_BY_MONTH, MINUTES_BY_MONTH = mark("Calls by month"), mark("Answered Minutes by month")
RESELLER_COST_BY_MONTH, CUSTOMER_COST_BY_MONTH = mark("Reseller Cost by month"), mark("Customer Cost by month")
ANSWERED_MINUTES = mark("Answered Minutes")
BY_COUNTRY, OTHER_COUNTRIES, TOTAL = mark("By country"), mark("Other countries ({count})"), mark("Total")
BY_PAYER, FLAT_RATE, PER_MINUTE, OTHER = (
    mark("By what paid for the call"),
    mark("Flat-rate"),
    mark("Per-minute"),
    mark("Other"),
)
BY_DAY, DAY, BY_PERIOD_MONTH, MONTH = mark("By day"), mark("Day"), mark("By month"), mark("Month")
MAKE_UP, PART, AMOUNT = mark("What the total due is made of"), mark("Part"), mark("Amount")

# Charts.
CHART_COUNTRY = mark("{measure} by country, {currency}")
CHART_PAYER = mark("Billing minutes: flat-rate against per-minute")
CHART_DAY, CHART_MONTH = mark("Billing minutes by day"), mark("Billing minutes by month")
CHART_MAKE_UP = mark("What the total due is made of, {currency}")
ALT_COUNTRY = mark(
    "Bars of {measure} by country, the largest first: {largest} with {amount} {currency} of {total} {currency}."
)
ALT_PAYER = mark("Bars of billing minutes: {flat} flat-rate, {per_minute} per-minute, {other} other.")
ALT_DAY = mark("Columns of billing minutes by day. The most were {minutes} on {day}; all together are {total}.")
ALT_MONTH = mark("Columns of billing minutes by month. The most were {minutes} in {day}; all together are {total}.")
ALT_MAKE_UP = mark("Bars of the parts of the total due of {total} {currency}, taxes included.")

# The report's own facts.
ACCOUNT, ACCOUNT_ID, REALM, RESELLER = mark("Account"), mark("Account ID"), mark("Realm"), mark("Reseller")
FROM, TO, TIME_ZONE, DATA_FROM = mark("From"), mark("To (exclusive)"), mark("Time zone"), mark("Data from")
CURRENCY, COMPLETE_LABEL, CALLS_LISTED = mark("Currency"), mark("Complete"), mark("Calls listed")
ADDRESS = mark("Address")
NO_SOURCE, YES, NO_AS_SAID = mark("no source"), mark("yes"), mark("no, as said above")
LISTED = {
    "billable": mark("billable legs: those that bear a billing tag"),
    "all": mark("all legs; on-net ones are listed and count in no figure"),
}

# Key figures: what each of them says.
LEGS, MINUTES_UNIT, RECORDS = mark("legs"), mark("minutes"), mark("records")
CALLS_NOTE = mark("Billable legs that started in the period")
CUSTOMER_CALLS_NOTE = mark("Calls that started in the period")
CUSTOMER_MINUTES_NOTE = mark("As the price plan counts them; without a plan from answer to end")
MINUTES_NOTE = mark("Charged seconds / 60; answered seconds / 60 where none are charged")
TOTAL_DUE, TOTAL_DUE_NOTE = mark("Total due"), mark("What the statement comes to, taxes included")
PRICE_NOTE = mark("Of the calls, by the price plan")
RECURRING_PRICE, RECURRING_PRICE_NOTE = mark("Recurring Price"), mark("Of services, by the price plan")
NET, NET_NOTE = mark("Net"), mark("What the statement comes to before all taxes")
MARGIN_ON_CALLS, MARGIN_NOTE = mark("Margin on calls"), mark("Price of the calls less reseller cost")
SUM_OF_NETS_NOTE = mark("What the statements come to before all taxes")
TOTAL_MARGIN_NOTE = mark("Net less reseller cost and reseller recurring cost, as in margin.csv")
FLAT_RATE_CALLS, FLAT_RATE_MINUTES = mark("Flat-rate Calls"), mark("Flat-rate Minutes")
FLAT_RATE_NOTE = mark("Carried by the reseller's trunks, burst included")
PER_MINUTE_CALLS, PER_MINUTE_MINUTES = mark("Per-minute Calls"), mark("Per-minute Minutes")
PER_MINUTE_NOTE = mark("Paid by the minute from the reseller's credit")
RESELLER_COST_NOTE = mark("What the provider charged the reseller for these calls")
CUSTOMER_COST_NOTE = mark("What the platform charged the customer's own credit")
RESELLER_RECURRING = mark("Reseller Recurring Cost")
RESELLER_RECURRING_NOTE = mark("Its share of the reseller's own invoice: a whole month's, as it stood when read")
CUSTOMER_RECURRING = mark("Customer Recurring Cost")
CUSTOMER_RECURRING_NOTE = mark("Its own invoices: a whole month's, as they stood when read")
LEDGERS, LEDGERS_NOTE = mark("Ledgers Per Minute"), mark("Net debit of the account's per-minute ledger in the period")
ON_NET, ON_NET_NOTE = mark("On-net legs"), mark("Read, without a billing tag; in no figure above")
MALFORMED, MALFORMED_NOTE = mark("Malformed records"), mark("No legs; in no figure above")
