"""Rated legs from Parquet to CSV: `python -m reseller_reporting.app.legs_conversion in.parquet out.csv`."""

import sys
from pathlib import Path

from reseller_reporting.reports.render.as_legs import write_csv_of

if __name__ == "__main__":
    write_csv_of(Path(sys.argv[1]), Path(sys.argv[2]))
