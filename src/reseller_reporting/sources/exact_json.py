"""JSON with exact numbers: no amount passes through a float on its way in."""

from decimal import Decimal
from json import loads

import msgspec

_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class NotJson(Exception):
    """Text that ends early or is no JSON."""


def untyped(body: bytes) -> object:
    """Any JSON; broken characters are replaced rather than fatal, and NaN is text, which is no number."""
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return loads(body.decode("utf-8", "replace"), parse_float=Decimal, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from error
