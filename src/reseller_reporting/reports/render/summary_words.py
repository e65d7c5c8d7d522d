"""Summary words: everything that the first sheet says by itself, and the texts that describe its charts.

Whole sentences with places for what changes, so that they can be said in another language.
"""

TITLE = "Calls and costs, {period}"
NOT_COMPLETE = "This report is not complete: figures are missing or may still change."
NOT_AVAILABLE = "not available"
NO_CALLS = "There are no calls in this period."

# The four questions, a card each.
EARNED, OWED, CHARGED = "What is earned", "What is owed", "What the customer was charged"
FOR_WHAT, COMPARED, NOT_COMPARED = "For what", "{measure} since {month}", "Since the month before"
IS_COMPLETE, COMPLETE, INCOMPLETE = "Is it complete", "Complete", "Not complete"
CALLS_UNIT, COUNTRIES = "calls", "Countries"
WARNINGS, PROBLEMS, FIRST_DAY, LAST_DAY = "Warnings", "Problems", "First day", "Last day"
NOT_HELD = "The store does not hold {month} whole."
NOT_A_MONTH = "Only whole months are compared."

# Sections, and titles of their columns and rows.
NOTES, KEY_FIGURES, REPORT = "Notes", "Key figures", "Report"
MONTHS, TREND = "The last months", "Trend"
MONTHS_NOTE = "Earlier months as the store holds them. Minutes are counted from answer to end in all of them."
CALLS_BY_MONTH, MINUTES_BY_MONTH = "Calls by month", "Answered Minutes by month"
RESELLER_COST_BY_MONTH, CUSTOMER_COST_BY_MONTH = "Reseller Cost by month", "Customer Cost by month"
ANSWERED_MINUTES = "Answered Minutes"
BY_COUNTRY, OTHER_COUNTRIES, TOTAL = "By country", "Other countries ({count})", "Total"
BY_PAYER, FLAT_RATE, PER_MINUTE, OTHER = "By what paid for the call", "Flat-rate", "Per-minute", "Other"
BY_DAY, DAY, BY_PERIOD_MONTH, MONTH = "By day", "Day", "By month", "Month"
MAKE_UP, PART, AMOUNT = "What the total due is made of", "Part", "Amount"

# Charts.
CHART_COUNTRY = "{measure} by country, {currency}"
CHART_PAYER = "Billing minutes: flat-rate against per-minute"
CHART_DAY, CHART_MONTH = "Billing minutes by day", "Billing minutes by month"
CHART_MAKE_UP = "What the total due is made of, {currency}"
ALT_COUNTRY = (
    "Bars of {measure} by country, the largest first: {largest} with {amount} {currency} of {total} {currency}."
)
ALT_PAYER = "Bars of billing minutes: {flat} flat-rate, {per_minute} per-minute, {other} other."
ALT_DAY = "Columns of billing minutes by day. The most were {minutes} on {day}; all together are {total}."
ALT_MONTH = "Columns of billing minutes by month. The most were {minutes} in {day}; all together are {total}."
ALT_MAKE_UP = "Bars of the parts of the total due of {total} {currency}, taxes included."

# The report's own facts.
ACCOUNT, ACCOUNT_ID, REALM, RESELLER = "Account", "Account ID", "Realm", "Reseller"
FROM, TO, TIME_ZONE, DATA_FROM = "From", "To (exclusive)", "Time zone", "Data from"
CURRENCY, COMPLETE_LABEL, CALLS_LISTED = "Currency", "Complete", "Calls listed"
NO_SOURCE, YES, NO_AS_SAID = "no source", "yes", "no, as said above"
LISTED = {
    "billable": "billable legs: those that bear a billing tag",
    "all": "all legs; on-net ones are listed and count in no figure",
}

# Key figures: what each of them says.
LEGS, MINUTES_UNIT, RECORDS = "legs", "minutes", "records"
CALLS_NOTE = "Billable legs that started in the period"
MINUTES_NOTE = "Charged seconds / 60; answered seconds / 60 where none are charged"
TOTAL_DUE, TOTAL_DUE_NOTE = "Total due", "What the statement comes to, taxes included"
PRICE_NOTE = "Of the calls, by the price plan"
RECURRING_PRICE, RECURRING_PRICE_NOTE = "Recurring Price", "Of services, by the price plan"
MARGIN_NOTE = "Price of the calls less reseller cost"
FLAT_RATE_CALLS, FLAT_RATE_MINUTES = "Flat-rate Calls", "Flat-rate Minutes"
FLAT_RATE_NOTE = "Carried by the reseller's trunks, burst included"
PER_MINUTE_CALLS, PER_MINUTE_MINUTES = "Per-minute Calls", "Per-minute Minutes"
PER_MINUTE_NOTE = "Paid by the minute from the reseller's credit"
RESELLER_COST_NOTE = "What the provider charged the reseller for these calls"
CUSTOMER_COST_NOTE = "What the platform charged the customer's own credit"
RESELLER_RECURRING = "Reseller Recurring Cost"
RESELLER_RECURRING_NOTE = "Its share of the reseller's own invoice: a whole month's, as it stood when read"
CUSTOMER_RECURRING = "Customer Recurring Cost"
CUSTOMER_RECURRING_NOTE = "Its own invoices: a whole month's, as they stood when read"
LEDGERS, LEDGERS_NOTE = "Ledgers Per Minute", "Net debit of the account's per-minute ledger in the period"
ON_NET, ON_NET_NOTE = "On-net legs", "Read, without a billing tag; in no figure above"
MALFORMED, MALFORMED_NOTE = "Malformed records", "No legs; in no figure above"
