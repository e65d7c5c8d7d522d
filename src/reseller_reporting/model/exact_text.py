"""Figures from their text: what a person wrote is what counts, never what a double or a clock makes of it.

Python and pydantic read `1_000`, `1e3`, ` 1` and a date from `1735689600`; a price plan does not.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,40}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def exact_number(value: object) -> object:
    is_number = _NUMBER.fullmatch(value) if isinstance(value, str) else type(value) in (int, Decimal)
    if not is_number:
        raise PydanticCustomError("no_number", "no exact number")
    return value


def whole_number(value: object) -> object:
    is_whole = _WHOLE.fullmatch(value) if isinstance(value, str) else type(value) is int
    if not is_whole:
        raise PydanticCustomError("no_whole_number", "no whole number")
    return value


def written_day(value: object) -> object:
    is_day = _DAY.fullmatch(value) if isinstance(value, str) else type(value) is date
    if not is_day:
        raise PydanticCustomError("no_date", "no date")
    return value


Exact = Annotated[Decimal, BeforeValidator(exact_number)]
Whole = Annotated[int, BeforeValidator(whole_number)]
Day = Annotated[date, BeforeValidator(written_day)]
