"""Country: where the far end of a leg is, told by the leading digits of its number.

Owns: how a number as KAZOO writes it is read, and the answer for what cannot be told. Does not own: whether the
number exists. A validating parse refuses too much: new ranges and numbers dialled with a digit too many were
charged all the same.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from reseller_reporting.rating.country_table import NAMES, PREFIXES

UNKNOWN_CODE = "ZZ"
UNKNOWN_NAME = "Unknown"

_REGION_BY_PREFIX = {prefix: region for region, row in PREFIXES for prefix in row.split()}
_PREFIX_LENGTHS = sorted({len(prefix) for prefix in _REGION_BY_PREFIX}, reverse=True)

_TAIL = re.compile(r"[@;].*", re.DOTALL)
_PUNCTUATION = re.compile(r"[\s().-]+")
_NUMBER = re.compile(r"(\+?)([0-9]+)")  # Not \d: other scripts' digits are no telephone number.
# Shorter ones are extensions, emergency numbers and other short codes; E.164 allows 15 digits.
_E164_LENGTHS = range(7, 16)
NANP_DIGITS = 11


def country_prefixes() -> Mapping[str, str]:
    """Every prefix with its country's code; where they nest, the longest one decides."""
    return _REGION_BY_PREFIX


def far_end(direction: str, caller_id_number: str, dialed_number: str) -> str:
    """Inbound is towards the switch: its far end is the caller, that of an outbound leg the dialled number."""
    return dialed_number if direction == "outbound" else caller_id_number


@lru_cache(maxsize=131_072)
def country_code(number: str) -> str:
    """ISO 3166-1 alpha-2, `ZZ` where it cannot be told: short codes, hidden callers, codes of no country."""
    digits = _e164_digits(number)
    if len(digits) not in _E164_LENGTHS or (digits[0] == "1" and len(digits) < NANP_DIGITS):
        return UNKNOWN_CODE
    for length in _PREFIX_LENGTHS:
        if region := _REGION_BY_PREFIX.get(digits[:length]):
            return region
    return UNKNOWN_CODE


def country_name(code: str) -> str:
    """The English name; `Unknown` for `ZZ` and every code that no number leads to."""
    return NAMES.get(code, UNKNOWN_NAME)


def _e164_digits(number: str) -> str:
    """The digits from the country code on; empty where the text is no number that could have one."""
    match = _NUMBER.fullmatch(_PUNCTUATION.sub("", _TAIL.sub("", number)))
    if match is None:
        return ""
    plus, digits = match.groups()
    # No country code begins with 0, so these are dialled international prefixes, even behind a plus.
    for international_prefix in ("011", "00"):
        if digits.startswith(international_prefix):
            return digits.removeprefix(international_prefix)
    if plus or len(digits) >= NANP_DIGITS:
        return digits
    # Ten digits are read as NANP; the table knows no area code that begins with 0 or 1.
    return "1" + digits if len(digits) == NANP_DIGITS - 1 else ""
