"""Schemas of what only the store keeps: coverage, and the snapshots of what an account was at a moment."""

import pyarrow as pa

from reseller_reporting.model.tables import UTC_TIME

AMOUNT = pa.decimal128(24, 8)

# One row per account and pulled span of start times. `month` is that of taken_at.
COVERAGE = pa.schema(
    [
        pa.field("month", pa.string(), nullable=False),
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("from_at", UTC_TIME, nullable=False),
        pa.field("to_at", UTC_TIME, nullable=False),
        pa.field("taken_at", UTC_TIME, nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("legs", pa.int64(), nullable=False),
        pa.field("malformed", pa.int64(), nullable=False),
        pa.field("has_ledger", pa.bool_(), nullable=False),
        pa.field("warnings", pa.string(), nullable=False),  # JSON list of [code, message, count].
    ]
)

# One row per account, pull and window that was asked for: times of saving, both ends included.
WINDOWS = pa.schema(
    [
        pa.field("month", pa.string(), nullable=False),
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("from_at", UTC_TIME, nullable=False),  # The span of start times that it was asked for.
        pa.field("to_at", UTC_TIME, nullable=False),
        pa.field("listing", pa.string(), nullable=False),  # cdrs, per-minute-voip
        pa.field("created_from", UTC_TIME, nullable=False),
        pa.field("created_to", UTC_TIME, nullable=False),
        pa.field("taken_at", UTC_TIME, nullable=False),
        pa.field("pages", pa.int64(), nullable=False),
        pa.field("records", pa.int64(), nullable=False),
        pa.field("kept", pa.int64(), nullable=False),
        pa.field("failure", pa.string(), nullable=False),
    ]
)

ACCOUNTS = pa.schema(
    [
        pa.field("month", pa.string(), nullable=False),
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("taken_at", UTC_TIME, nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("realm", pa.string(), nullable=False),
        pa.field("parent_id", pa.string()),
        pa.field("reseller_id", pa.string()),
        pa.field("is_reseller", pa.bool_(), nullable=False),
        pa.field("timezone", pa.string()),
        pa.field("tree", pa.string(), nullable=False),  # Ancestors, root first, joined by /.
        pa.field("is_own", pa.bool_(), nullable=False),  # The account whose credentials were used.
        pa.field("has_services", pa.bool_(), nullable=False),
        pa.field("has_limits", pa.bool_(), nullable=False),
        pa.field("has_users", pa.bool_(), nullable=False),
        pa.field("has_devices", pa.bool_(), nullable=False),
        pa.field("recurring", AMOUNT),
    ]
)

_OF_SNAPSHOT = [
    pa.field("month", pa.string(), nullable=False),
    pa.field("account_id", pa.string(), nullable=False),
    pa.field("taken_at", UTC_TIME, nullable=False),
]

QUANTITIES = pa.schema(
    [
        *_OF_SNAPSHOT,
        pa.field("category", pa.string(), nullable=False),
        pa.field("item", pa.string(), nullable=False),
        pa.field("account", pa.int64()),
        pa.field("cascade", pa.int64()),
        pa.field("manual", pa.int64()),
    ]
)

INVOICE_ITEMS = pa.schema(
    [
        *_OF_SNAPSHOT,
        pa.field("position", pa.int64(), nullable=False),
        pa.field("category", pa.string(), nullable=False),
        pa.field("item", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("quantity", pa.int64(), nullable=False),
        pa.field("billable", pa.int64(), nullable=False),
        pa.field("rate", AMOUNT, nullable=False),
        pa.field("discount", AMOUNT, nullable=False),
        pa.field("total", AMOUNT, nullable=False),
        pa.field("is_cascade", pa.bool_(), nullable=False),
        pa.field("bookkeeper_id", pa.string(), nullable=False),
        pa.field("exceptions", pa.string(), nullable=False),  # Joined by a comma.
    ]
)

LIMITS = pa.schema(
    [
        *_OF_SNAPSHOT,
        pa.field("inbound_trunks", pa.int64()),
        pa.field("outbound_trunks", pa.int64()),
        pa.field("twoway_trunks", pa.int64()),
        pa.field("allow_prepay", pa.bool_()),
        pa.field("allow_postpay", pa.bool_()),
    ]
)

# Users and devices: an id and the name that documents show.
NAMES = pa.schema(
    [
        *_OF_SNAPSHOT,
        pa.field("kind", pa.string(), nullable=False),  # user, device
        pa.field("id", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
    ]
)
