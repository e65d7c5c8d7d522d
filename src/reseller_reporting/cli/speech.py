"""What every command does: builds the house from the surroundings, and says what happened."""

import json as json_text
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from reseller_reporting.app.house import House
    from reseller_reporting.app.ingest import Wanted
    from reseller_reporting.config import Refused


def the_house() -> "House":
    from reseller_reporting.app.house import House
    from reseller_reporting.config import load_settings

    return House(load_settings(os.environ, working_folder=Path.cwd()))


def the_house_and_what_is_wrong() -> "tuple[House, list[Refused]]":
    """With whatever settings will do, and those that will not."""
    from reseller_reporting.app.house import House
    from reseller_reporting.config import load_what_will_do

    settings, refused = load_what_will_do(os.environ, working_folder=Path.cwd())
    return House(settings), refused


def wanted_of(
    period: str, accounts: str, timezone: str | None, *, include_sub_resellers: bool, refresh: bool = False
) -> "Wanted":
    """What was asked for, with everything checked that can be seen without asking KAZOO."""
    from reseller_reporting.app.house import utc_now
    from reseller_reporting.app.ingest import Wanted
    from reseller_reporting.app.selection import read_selection
    from reseller_reporting.model.period import check_period, check_zone

    return Wanted(
        period=check_period(period, now=utc_now()),
        timezone=check_zone(timezone) if timezone is not None else None,
        accounts=read_selection(accounts),
        include_sub_resellers=include_sub_resellers,
        refresh=refresh,
    )


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tell_json(document: dict[str, Any]) -> None:
    tell(json_text.dumps(document, ensure_ascii=False, indent=2))


def note(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def plans_named(text: str | None) -> Path | Literal["none"] | None:
    """`--price-plans` as the use cases take it."""
    return "none" if text == "none" else None if text is None else Path(text)
