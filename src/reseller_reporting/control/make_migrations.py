"""For whoever changes the models: writes the migration that follows. Run it as a module; `--check` only tells."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from reseller_reporting.control.database import configure


def main(arguments: list[str]) -> None:
    with TemporaryDirectory() as folder:
        configure(f"sqlite:///{Path(folder) / 'none.sqlite3'}")
        from django.core.management import call_command

        call_command("makemigrations", "control", *arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
