"""Arrow schemas: the contract between rooms. Seconds and counts are int64, money int64 of units, times UTC.

Names map the world's words to ours at the door: KAZOO's `billing_seconds` are our `answered_seconds`; what is
paid for are `charged_seconds`. A unit is 1/10 000 of the currency.
"""

import pyarrow as pa

UTC_TIME = pa.timestamp("us", "UTC")

# One row per leg. `month` is the UTC month of the start; with account_id it is the partition.
LEGS = pa.schema(
    [
        pa.field("month", pa.string(), nullable=False),  # YYYY-MM
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("leg_id", pa.string(), nullable=False),
        pa.field("call_id", pa.string(), nullable=False),
        pa.field("interaction_id", pa.string(), nullable=False),
        pa.field("other_leg_call_id", pa.string(), nullable=False),
        pa.field("started_at", UTC_TIME, nullable=False),
        pa.field("direction", pa.string(), nullable=False),  # inbound: towards the switch; outbound: from it.
        pa.field("duration_seconds", pa.int64(), nullable=False),
        pa.field("answered_seconds", pa.int64(), nullable=False),
        pa.field("caller_id_number", pa.string(), nullable=False),
        pa.field("caller_id_name", pa.string(), nullable=False),
        pa.field("callee_id_number", pa.string(), nullable=False),
        pa.field("dialed_number", pa.string(), nullable=False),
        pa.field("calling_from", pa.string(), nullable=False),
        pa.field("owner_id", pa.string(), nullable=False),
        pa.field("authorizing_id", pa.string(), nullable=False),
        pa.field("hangup_cause", pa.string(), nullable=False),
        pa.field("customer_call_type", pa.string(), nullable=False),  # "" for an on-net leg.
        pa.field("customer_cost_units", pa.int64(), nullable=False),
        pa.field("reseller_call_type", pa.string()),  # Null when the source has no reseller view.
        pa.field("reseller_cost_units", pa.int64()),  # Null when the source has no reseller view.
        pa.field("rate_units", pa.int64(), nullable=False),  # Per minute.
        pa.field("rate_name", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("taken_at", UTC_TIME, nullable=False),
    ]
)

# One row per ledger entry. account_id is the account that made the call; ledger_account_id the one charged.
LEDGER_ENTRIES = pa.schema(
    [
        pa.field("month", pa.string(), nullable=False),  # UTC month of period_start_at.
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("ledger_account_id", pa.string(), nullable=False),
        pa.field("entry_id", pa.string(), nullable=False),
        pa.field("service", pa.string(), nullable=False),  # per-minute-voip
        pa.field("call_id", pa.string(), nullable=False),  # source.id
        pa.field("period_start_at", UTC_TIME, nullable=False),  # For voice the end of the call.
        pa.field("amount_units", pa.int64(), nullable=False),  # Charges are negative.
        pa.field("charged_seconds", pa.int64()),  # usage.quantity
        pa.field("answered_seconds", pa.int64()),  # metadata.billing_seconds; absent in older entries.
        pa.field("rate_units", pa.int64()),
        pa.field("rate_increment_seconds", pa.int64()),
        pa.field("rate_minimum_seconds", pa.int64()),
        pa.field("rate_nocharge_seconds", pa.int64()),
        pa.field("rate_name", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("taken_at", UTC_TIME, nullable=False),
    ]
)

# The rate's parts from a CDR document, for legs that no ledger entry explains. Null: not on the document.
LEG_DOCUMENTS = pa.schema(
    [
        pa.field("month", pa.string(), nullable=False),
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("leg_id", pa.string(), nullable=False),
        pa.field("rate_units", pa.int64()),
        pa.field("rate_increment_seconds", pa.int64()),
        pa.field("rate_minimum_seconds", pa.int64()),
        pa.field("rate_nocharge_seconds", pa.int64()),
        pa.field("surcharge_units", pa.int64()),
        pa.field("discount_percent", pa.int64()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("taken_at", UTC_TIME, nullable=False),
    ]
)

# Malformed records. `at` places one in a period: its start, else the best that is known of it.
PROBLEMS = pa.schema(
    [
        pa.field("month", pa.string(), nullable=False),
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("at", UTC_TIME, nullable=False),
        pa.field("origin", pa.string(), nullable=False),  # kazoo:cdrs, file:calls.csv
        pa.field("row", pa.int64()),
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("record", pa.string(), nullable=False),  # The record as it came, as JSON text.
        pa.field("source", pa.string(), nullable=False),
        pa.field("taken_at", UTC_TIME, nullable=False),
    ]
)

# What the store gives to the rating room: LEGS joined to what explains them, one row per leg, in report order
# (started_at, call_id, leg_id). Ledger columns come from the customer's or the reseller's entry for the call.
EXPLAINED_LEGS = pa.schema(
    [
        *[field for field in LEGS if field.name not in {"month", "source", "taken_at"}],
        pa.field("entry_charged_seconds", pa.int64()),
        pa.field("entry_rate_units", pa.int64()),
        pa.field("entry_increment_seconds", pa.int64()),
        pa.field("entry_minimum_seconds", pa.int64()),
        pa.field("entry_nocharge_seconds", pa.int64()),
        pa.field("document_rate_units", pa.int64()),
        pa.field("document_increment_seconds", pa.int64()),
        pa.field("document_minimum_seconds", pa.int64()),
        pa.field("document_nocharge_seconds", pa.int64()),
        pa.field("document_surcharge_units", pa.int64()),
        pa.field("document_discount_percent", pa.int64()),
        pa.field("has_document", pa.bool_(), nullable=False),
    ]
)

# EXPLAINED_LEGS with what each party's ledger took for the call. Null: no entry for it in that ledger.
AUDITED_LEGS = pa.schema(
    [
        *EXPLAINED_LEGS,
        pa.field("customer_ledger_units", pa.int64()),
        pa.field("reseller_ledger_units", pa.int64()),
    ]
)

# What the rating room gives to the reports: one row per leg, same order, every figure of the call sheet.
RATED_LEGS = pa.schema(
    [
        pa.field("started_at", UTC_TIME, nullable=False),
        pa.field("leg_id", pa.string(), nullable=False),
        pa.field("call_id", pa.string(), nullable=False),
        pa.field("caller_id_number", pa.string(), nullable=False),
        pa.field("dialed_number", pa.string(), nullable=False),
        pa.field("rate_units", pa.int64(), nullable=False),
        pa.field("rate_name", pa.string(), nullable=False),
        pa.field("reseller_call_type", pa.string()),  # Null: no reseller view.
        pa.field("reseller_cost_units", pa.int64()),
        pa.field("customer_call_type", pa.string(), nullable=False),
        pa.field("customer_cost_units", pa.int64(), nullable=False),
        pa.field("breakdown", pa.string(), nullable=False),
        pa.field("direction", pa.string(), nullable=False),
        pa.field("country_code", pa.string(), nullable=False),
        pa.field("owner_id", pa.string(), nullable=False),
        pa.field("answered_seconds", pa.int64(), nullable=False),
        pa.field("charged_seconds", pa.int64()),  # Null: not charged by the minute, or nothing says.
        pa.field("is_billable", pa.bool_(), nullable=False),
    ]
)

# RATED_LEGS with what the reseller's own plan makes of them. Micros; null: no price, or nothing to take it from.
PRICED_LEGS = pa.schema(
    [
        *RATED_LEGS,
        pa.field("billed_seconds", pa.int64()),  # By the plan.
        pa.field("price_micros", pa.int64()),
        pa.field("margin_micros", pa.int64()),
        pa.field("price_words", pa.string()),
    ]
)

# What a report said of a billable leg, as far as a later one of the same period is compared with it.
REPORTED_LEGS = pa.schema(
    [
        pa.field("leg_id", pa.string(), nullable=False),
        pa.field("call_id", pa.string()),  # Null: the leg id without its month, as KAZOO makes it.
        pa.field("started_at", UTC_TIME, nullable=False),
        pa.field("billing_seconds", pa.int64(), nullable=False),  # Charged, else answered.
        pa.field("reseller_cost_units", pa.int64()),
        pa.field("customer_cost_units", pa.int64(), nullable=False),
        pa.field("price_micros", pa.int64()),
    ]
)

# What a price plan reads of a billable leg of RATED_LEGS, in the same order.
PRICEABLE_LEGS = pa.schema(
    [
        RATED_LEGS.field(name)
        for name in (
            "started_at",
            "call_id",
            "leg_id",
            "direction",
            "dialed_number",
            "country_code",
            "answered_seconds",
            "charged_seconds",
            "reseller_cost_units",
        )
    ]
)

# One row per rate of a deck: model.rate.Rate in columns. Micros are 1/1 000 000 of the currency.
RATES = pa.schema(
    [
        pa.field("deck", pa.string(), nullable=False),
        pa.field("prefix", pa.string(), nullable=False),
        pa.field("per_minute_micros", pa.int64(), nullable=False),
        pa.field("surcharge_micros", pa.int64(), nullable=False),
        pa.field("minimum_seconds", pa.int64(), nullable=False),
        pa.field("increment_seconds", pa.int64(), nullable=False),
        pa.field("nocharge_seconds", pa.int64(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("country_code", pa.string(), nullable=False),
        pa.field("directions", pa.list_(pa.string()), nullable=False),
        pa.field("effective_at", UTC_TIME),  # Null: since ever.
        pa.field("is_closed", pa.bool_(), nullable=False),
        pa.field("rate_id", pa.string(), nullable=False),
        pa.field("weight", pa.int64(), nullable=False),
        pa.field("routes", pa.list_(pa.string()), nullable=False),
        pa.field("options", pa.list_(pa.string()), nullable=False),
        pa.field("currency", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),  # file:NAME
        pa.field("taken_at", UTC_TIME, nullable=False),
    ]
)

# Legs that a carrier brought or took, in total order (started_at, call_id, leg_id): what may use a trunk or cost money.
OFF_NET_LEGS = pa.schema(
    [
        LEGS.field(name)
        for name in (
            "account_id",
            "leg_id",
            "call_id",
            "started_at",
            "duration_seconds",
            "answered_seconds",
            "direction",
            "caller_id_number",
            "dialed_number",
            "customer_call_type",
            "customer_cost_units",
            "reseller_call_type",
            "reseller_cost_units",
        )
    ]
)

# What the replay of trunks asks of them: nothing that is as long as a call id.
TRUNK_LEGS = pa.schema(
    [
        OFF_NET_LEGS.field(name)
        for name in (
            "account_id",
            "started_at",
            "duration_seconds",
            "answered_seconds",
            "direction",
            "dialed_number",
            "customer_call_type",
            "customer_cost_units",
            "reseller_call_type",
            "reseller_cost_units",
        )
    ]
)

# What a deck and trunk limits say of OFF_NET_LEGS, beside what the switch stated for the same party.
RERATED_LEGS = pa.schema(
    [
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("started_at", UTC_TIME, nullable=False),
        pa.field("call_id", pa.string(), nullable=False),
        pa.field("leg_id", pa.string(), nullable=False),
        pa.field("direction", pa.string(), nullable=False),
        pa.field("number", pa.string(), nullable=False),  # The called one, by which a leg is rated.
        pa.field("country_code", pa.string(), nullable=False),  # Of the far end.
        pa.field("answered_seconds", pa.int64(), nullable=False),
        pa.field("paid_by", pa.string(), nullable=False),  # flat_rate, flat_rate_burst, per_minute, limits_disabled
        pa.field("prefix", pa.string()),  # Null: no rate, so the leg is unrated.
        pa.field("rate_name", pa.string()),
        pa.field("per_minute_micros", pa.int64()),
        pa.field("billed_seconds", pa.int64()),
        pa.field("cost_micros", pa.int64()),  # Null where the leg is to be paid by the minute and has no rate.
        pa.field("stated_call_type", pa.string(), nullable=False),
        pa.field("stated_cost_units", pa.int64()),
    ]
)

# What prices ask of a billable leg as it is stored, where nobody asks for its name: PRICEABLE_LEGS with empty ids comes
# from it. With what the replay of trunks asks, and with what explains a charge, it is wider.
STORED_PRICEABLE_LEGS = pa.schema(
    [
        LEGS.field(name)
        for name in (
            "account_id",
            "started_at",
            "direction",
            "caller_id_number",
            "dialed_number",
            "answered_seconds",
            "reseller_cost_units",
        )
    ]
)
STORED_TRUNK_LEGS = pa.schema(
    [*STORED_PRICEABLE_LEGS, *(field for field in TRUNK_LEGS if field.name not in STORED_PRICEABLE_LEGS.names)]
)
STORED_EXPLAINED_LEGS = pa.schema(
    [
        *STORED_TRUNK_LEGS,
        *(LEGS.field(name) for name in ("rate_units", "rate_name")),
        *(field for field in EXPLAINED_LEGS if field.name not in LEGS.names),
    ]
)
