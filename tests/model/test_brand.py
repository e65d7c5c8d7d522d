"""Colours that can be read, by the contrast of WCAG 2."""

from decimal import Decimal

import pytest

from reseller_reporting.model.brand import Brand, contrast_to_white, is_colour


@pytest.mark.parametrize(
    ("colour", "contrast"),
    [("#FFFFFF", "1.00"), ("#000000", "21.00"), ("#767676", "4.54"), ("#777777", "4.48"), ("#0B6E6E", "6.05")],
)
def test_contrast_to_white(colour: str, contrast: str) -> None:
    """Black, white and the two greys around the limit are known from the standard."""
    assert contrast_to_white(colour).quantize(Decimal("0.01")) == Decimal(contrast)


@pytest.mark.parametrize("text", ["red", "#FFF", "#GGGGGG", "0B6E6E", "#0B6E6E00", "#0B6E6E\n", ""])
def test_what_is_no_colour(text: str) -> None:
    assert not is_colour(text)


def test_a_company_stands_for_the_resellers_name() -> None:
    assert Brand(company="Müller GmbH").company_or("Acme") == "Müller GmbH"
    assert Brand().company_or("Acme") == "Acme"
