"""Vectors of rate selection: candidates, filters, order and reply, by deck."""

from collections.abc import Mapping
from typing import Any

import pytest

from reseller_reporting.model.errors import KazooHasNoAnswer
from reseller_reporting.rating.number import normalise
from reseller_reporting.rating.selection import KazooDeck, Mode, RateRequest, rate_reply


def check_rate_selection(row: Mapping[str, Any], decks: Mapping[str, KazooDeck]) -> None:
    given, expected = row["in"], row["out"]
    deck, mode = decks[given["deck"]], Mode(given["mode"])
    request = RateRequest(
        to_number=given["request"]["To-DID"],
        direction=given["request"].get("Direction"),
        flags=(*given["request"].get("Options", ()), *given["request"].get("Outbound-Flags", ())),
    )
    candidates = deck.candidates(request.to_number, mode)
    assert normalise(request.to_number) == expected["normalized"]
    assert (["did_too_short"] if candidates is None else candidates) == expected["candidates"]
    if "error" in row:
        with pytest.raises(KazooHasNoAnswer):
            deck.matching(request, candidates or [])
        return
    matching = deck.matching(request, candidates or [])
    in_order = deck.in_order(matching, by_weight=given["sort_by_weight"])
    assert (matching, in_order) == (expected["matching"], expected["sorted"])
    chosen = deck.choose(request, mode=mode, by_weight=given["sort_by_weight"])
    assert (None if chosen is None else chosen["_id"]) == expected["chosen"]
    assert (None if chosen is None else rate_reply(chosen, deck.name)) == expected["rate_resp"]
