"""The far end's country, against how numbers are written in call records and against the numbering plans."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import babel
import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reseller_reporting.rating import country_table
from reseller_reporting.rating.country import country_code, country_name, far_end

TOOL = Path(__file__).parents[2] / "tools/make_country_table.py"
NO_COUNTRY = (800, 808, 870, 878, 881, 882, 883, 888, 979)

# Where we mean to answer something else than the metadata, and why.
DIFFERENT = {
    "+16002012345": "US",  # A service code of Canada's is not geographic, and counts as US like all such.
    "+13101234": "ZZ",  # Seven digits of NANP have no area code.
    "+989601": "ZZ",  # Six digits cannot be told from a short code.
}


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("+12125551234", "US"),
        ("2125551234", "US"),  # Ten digits are read as NANP.
        ("12125551234", "US"),
        ("(416) 555-1234", "CA"),
        ("+1 416.555.1234", "CA"),
        ("8765551234", "JM"),
        ("6585551234", "JM"),
        ("+17875551234", "PR"),
        ("18095551234", "DO"),
        ("+14415551234", "BM"),
        ("+13405551234", "VI"),
        ("8005551234", "US"),  # Toll-free, and the other codes of no place.
        ("+18335551234", "US"),
        ("+19005551234", "US"),
        ("+15005551234", "US"),
        ("+16005551234", "US"),
        ("+17005551234", "US"),
        ("+17105551234", "US"),
        ("+15555551234", "US"),  # Not assigned, yet of the form.
        ("01155512", "ZZ"),  # 011 and too little after it.
        ("011442079460000", "GB"),
        ("00442079460000", "GB"),
        ("+011442079460000", "GB"),
        ("0018765551234", "JM"),
        ("442079460000", "GB"),  # Eleven digits or more are E.164 even without a plus.
        ("+441481234567", "GG"),
        ("+441534234567", "JE"),
        ("+441624234567", "IM"),
        ("+74951234567", "RU"),
        ("+77012345678", "KZ"),
        ("+390612345678", "IT"),
        ("+390669812345", "VA"),
        ("+4721234567", "NO"),
        ("+4779123456", "SJ"),
        ("+358401234567", "FI"),
        ("+35818123456", "AX"),
        ("+61212345678", "AU"),
        ("+61891621234", "CC"),
        ("+61891641234", "CX"),
        ("+262262161234", "RE"),
        ("+262269601234", "YT"),
        ("+5999123456", "CW"),
        ("+5997151234", "BQ"),
        ("+2908123", "TA"),
        ("+38344123456", "XK"),
        ("+4930123456", "DE"),
        ("+12125551234@sip.example.com", "US"),
        ("+12125551234;phone-context=x", "US"),
        ("+121255512345", "US"),  # A digit too many was charged all the same.
    ],
)
def test_a_number_is_where_its_leading_digits_say(number: str, code: str) -> None:
    assert country_code(number) == code


@pytest.mark.parametrize(
    "number",
    [
        *("", " ", "+", "anonymous", "unknown", "Restricted", "1001", "*97", "5551234", "911", "+911", "112", "999"),
        *("933", "alice@pbx.example.com", "sip:alice", "+1212", "1125551234", "0125551234", "02079460000", "12", "+0"),
        *("+12125551234x5", "1-800-FLOWERS", "++12125551234", "+1234567890123456", "٢١٢٥٥٥١٢٣٤", "+21012345678"),
        *("+11125551234", "11125551234", "\n", "@", ";", "+99912345678"),
    ],
)
def test_what_cannot_be_told_is_zz(number: str) -> None:
    assert country_code(number) == "ZZ"


def test_codes_of_no_country_are_zz() -> None:
    for calling_code in NO_COUNTRY:
        example = phonenumbers.example_number_for_non_geo_entity(calling_code)
        assert example is not None
        assert country_code(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)) == "ZZ"


def test_the_far_end_is_the_caller_of_an_inbound_leg_and_the_dialled_number_of_an_outbound_one() -> None:
    assert far_end("inbound", "+4930123456", "+12125551234") == "+4930123456"
    assert far_end("outbound", "+4930123456", "+12125551234") == "+12125551234"


def test_countries_bear_their_english_names() -> None:
    names = [country_name(code) for code in ("US", "PR", "GB", "XK", "CI", "ZZ", "??")]
    assert names == ["United States", "Puerto Rico", "United Kingdom", "Kosovo", "Côte d’Ivoire", "Unknown", "Unknown"]


@given(st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_text_has_an_answer_with_a_name(number: str) -> None:
    code = country_code(number)
    assert code == "ZZ" or code in country_table.NAMES


def test_example_numbers_of_every_region_and_type_are_where_the_metadata_says() -> None:
    types = [value for value in vars(phonenumbers.PhoneNumberType).values() if isinstance(value, int)]
    different = {}
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in types:
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            if country_code(number) != phonenumbers.region_code_for_number(example):
                different[number] = country_code(number)
    assert different == DIFFERENT


def test_the_committed_table_is_what_the_tool_makes() -> None:
    made_from = f"phonenumberslite {phonenumbers.__version__}, Babel {babel.__version__}"
    if made_from != country_table.MADE_FROM:
        pytest.skip(f"the table was made from {country_table.MADE_FROM}; here is {made_from}")
    tool = load(TOOL)
    assert Path(country_table.__file__).read_text(encoding="utf-8") == tool.table()


@pytest.mark.parametrize("pattern", ["a", "[1-", "(12", "1{2", r"\w", "1+"])
def test_the_tool_refuses_a_pattern_that_it_cannot_read(pattern: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        load(TOOL).PatternReader(pattern).read()


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # Dataclasses look their module up by its name.
    spec.loader.exec_module(module)
    return module
