"""Numbers as the switch sees them: normalised, put into a class, and eligible for flat-rate trunks or not.

Owns: the rules that KAZOO has before an administrator changes them. Does not own: which country a number is in.

Every `\\d` here is an ASCII digit: other scripts' digits are no telephone number.
"""

import re
from functools import lru_cache

TOLLFREE_US = "tollfree_us"
EMERGENCY = "emergency"
UNKNOWN = "unknown"

# The first match decides. `{}` is what the group matched.
_CONVERTERS = (
    (re.compile(r"1?([2-9]\d{2}[2-9]\d{6})", re.ASCII), "+1"),
    (re.compile(r"011(\d{5,})", re.ASCII), "+"),
    (re.compile(r"00(\d{5,})", re.ASCII), "+"),
    (re.compile(r"([2-9]\d{7,})", re.ASCII), "+"),
)
_CARIBBEAN = "684|264|268|242|246|441|284|345|767|809|829|849|473|671|876|664|670|787|939|869|758|784|721|868|649|340"
_CLASSES = (
    (TOLLFREE_US, re.compile(r"\+1(?:800|88\d|877|866|855|844|833|822)\d{7}", re.ASCII)),
    ("toll_us", re.compile(r"\+1900\d{7}", re.ASCII)),
    (EMERGENCY, re.compile(r"911|922|933|833|811|711|999")),
    ("caribbean", re.compile(rf"\+?1(?:{_CARIBBEAN})\d{{7}}", re.ASCII)),
    ("did_us", re.compile(r"(?:\+?1)?[2-9]\d{2}[2-9]\d{6}", re.ASCII)),
    ("international", re.compile(r"\+[2-9]\d{7,}", re.ASCII)),
)
_NO_DIGIT = re.compile(r"[^0-9]")
_FLAT_RATE_WHITELIST = re.compile(r"\+1\d{10}", re.ASCII)
# 833 and 822 are toll-free, too, but stand in no default blacklist.
_FLAT_RATE_BLACKLIST = re.compile(rf"\+1(?:{_CARIBBEAN}|900|800|888|877|866|855|844)\d{{7}}", re.ASCII)


@lru_cache(maxsize=65_536)
def normalise(number: str) -> str:
    """The number in E.164 with its plus, or unchanged where it is none that the switch can complete."""
    if number.startswith("+"):
        return number
    for pattern, prefix in _CONVERTERS:
        if match := pattern.fullmatch(number):
            return prefix + match[1]
    return number


@lru_cache(maxsize=65_536)
def rated_digits(number: str) -> str:
    """The digits that a deck is searched by: those of the normalised number, whatever else stands in it."""
    return _NO_DIGIT.sub("", normalise(number))


def classify(number: str) -> str:
    """`did_us`, `tollfree_us`, `international` and the like; `unknown` for what fits no class."""
    normalised = normalise(_without_host(number))
    return next((name for name, pattern in _CLASSES if pattern.fullmatch(normalised)), UNKNOWN)


def is_flat_rate_eligible(number: str) -> bool:
    """Whether a call to this number may use a trunk: in North America, and not dear or toll-free there."""
    normalised = normalise(_without_host(number))
    return bool(_FLAT_RATE_WHITELIST.fullmatch(normalised)) and not _FLAT_RATE_BLACKLIST.fullmatch(normalised)


def _without_host(number: str) -> str:
    return number.partition("@")[0]
