"""Identifiers with names of their own: never a bare str where two could be swapped."""

from typing import NewType

AccountId = NewType("AccountId", str)
LegId = NewType("LegId", str)  # KAZOO's `YYYYMM-<call id>`.
CallId = NewType("CallId", str)  # SIP Call-ID of the leg.
