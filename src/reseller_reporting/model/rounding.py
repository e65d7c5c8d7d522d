"""Rounding: which way and after how many decimals an exact amount becomes money. Ways only; who rounds says when."""

from enum import StrEnum

PLACES_DEFAULT = 4
PLACES_MAX = 6


class Rounding(StrEnum):
    DOWN = "down"  # What the switch does.
    HALF_UP = "half-up"
    UP = "up"
