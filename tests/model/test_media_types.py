"""What a file is, by the end of its name."""

import mimetypes

import pytest

from reseller_reporting.model.media_types import UNKNOWN, media_type


@pytest.mark.parametrize(
    "name", ["summary.csv", "manifest.json", "accounts/a--1.xlsx", "statements/a.b.pdf", "all.zip"]
)
def test_the_types_are_those_that_everyone_uses(name: str) -> None:
    assert media_type(name) == mimetypes.guess_type(name)[0]


def test_what_has_no_type_is_just_bytes() -> None:
    assert media_type("legs/a.parquet") == "application/vnd.apache.parquet"
    assert media_type("csv.unknown") == media_type("") == UNKNOWN
