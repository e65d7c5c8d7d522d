"""Options that several commands take, in one wording."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Source(StrEnum):
    KAZOO = "kazoo"
    STORE = "store"


Period = Annotated[
    str,
    typer.Option(
        metavar="PERIOD",
        help="2026-10, 2026-10-01..2026-10-16 (end exclusive), last-month, this-month, last-week or this-week.",
    ),
]
Accounts = Annotated[
    str,
    typer.Option(metavar="WHICH", help="all; ids or exact names separated by commas; or @FILE with one per line."),
]
Timezone = Annotated[
    str | None,
    typer.Option(metavar="ZONE", help="IANA name, such as Europe/Berlin. Default: the reseller account's, else UTC."),
]
SubResellers = Annotated[bool, typer.Option("--include-sub-resellers", help="Also the customers of sub-resellers.")]
Refresh = Annotated[bool, typer.Option("--refresh", help="Ask KAZOO again, even for what cannot change any more.")]
PricePlans = Annotated[
    str | None,
    typer.Option(
        metavar="WHICH",
        help="A plan's file, or a folder of plans with customers.yaml; none. Default: the stored plans.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else there.")]
Out = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where the files go. Default: reports/PERIOD.")]
SourceOption = Annotated[
    Source,
    typer.Option(help="kazoo: pull what is missing first. store: use only what the store holds."),
]
