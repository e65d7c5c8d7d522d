"""What every command does: builds the house from the surroundings, and says what happened."""

import json as json_text
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reseller_reporting.app.house import House


def the_house() -> "House":
    from reseller_reporting.app.house import House
    from reseller_reporting.config import load_settings

    return House(load_settings(os.environ, working_folder=Path.cwd()))


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tell_json(document: dict[str, Any]) -> None:
    tell(json_text.dumps(document, ensure_ascii=False, indent=2))


def note(text: str) -> None:
    sys.stderr.write(f"{text}\n")
