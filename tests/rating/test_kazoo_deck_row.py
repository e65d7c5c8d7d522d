"""Rows of KAZOO's own bulk import where the recorded answers say little."""

import pytest

from reseller_reporting.model.errors import KazooHasNoAnswer
from reseller_reporting.rating.kazoo_deck_row import rate_document


def row(**cells: str) -> dict[str, str]:
    return {"prefix": "44", "rate_cost": "0.01", **cells}


@pytest.mark.parametrize(
    ("cell", "routes"),
    [
        (r"^\+44(20,21).+$", [r"^\+44(20,21).+$"]),
        (r"\+44.+,\+45.+", [r"\+44.+,\+45.+"]),
        (r'["^\\+441", "^\\+442"]', [r"^\+441", r"^\+442"]),
        ('"^44"', ["^44"]),
        ("42", [r"^\+?44.+$"]),
        ("[broken", ["[broken"]),
    ],
)
def test_routes_are_a_json_list_or_one_expression(cell: str, routes: list[str]) -> None:
    assert rate_document(row(routes=cell))["routes"] == routes


@pytest.mark.parametrize("direction", ["both", "inbound,outbound", "sideways"])
def test_there_is_no_word_for_both_directions(direction: str) -> None:
    with pytest.raises(KazooHasNoAnswer, match="direction"):
        rate_document(row(direction=direction))


def test_a_prefix_is_read_as_any_whole_number() -> None:
    assert rate_document(row(prefix="+44"))["prefix"] == 44
    with pytest.raises(KazooHasNoAnswer, match="number"):
        rate_document({"rate_cost": "0.01"})
