"""One customer with more legs than a sheet has rows: from a simulated KAZOO to a workbook with two call sheets.

    python benchmarks/large_customer.py [--calls 500000]

All legs are listed (`--legs all`), on-net ones too: half a million calls are about 1.1 million rows. Everything is
real: the pull, the store, the document step. The rows are counted in the file, streamed as XML.
"""

import argparse
import json
import re
import tempfile
import zipfile
from pathlib import Path

from measuring import HEADER, environment, simulated_kazoo, step

ROWS_OF_A_SHEET = 1_048_576


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=500_000)
    asked = parser.parse_args()
    with simulated_kazoo(accounts=1, calls=asked.calls) as told, tempfile.TemporaryDirectory() as folder:
        _measure(environment(told, Path(folder) / "home"), Path(folder))


def _measure(variables: dict[str, str], folder: Path) -> None:
    print(HEADER)
    step("`sync`", ["sync"], variables)
    out = folder / "out"
    step("`run --source store --legs all`", ["run", "--source", "store", "--legs", "all", "--out", str(out)], variables)
    legs = json.loads((out / "manifest.json").read_text("utf-8"))["totals"]["legs_read"]
    (workbook,) = (out / "accounts").glob("*.xlsx")
    rows = call_rows(workbook)
    print(f"\n{legs} legs read; {workbook.stat().st_size / 1e6:.0f} MB; rows with header: {rows}")
    assert sum(rows.values()) == legs + len(rows), "a leg has no row"
    assert max(rows.values()) <= ROWS_OF_A_SHEET, "more rows than Excel opens"


def call_rows(workbook: Path) -> dict[str, int]:
    """Rows of each call sheet, counted without holding them."""
    with zipfile.ZipFile(workbook) as parts:
        names = re.findall(r'<sheet name="([^"]*)"', parts.read("xl/workbook.xml").decode())
        return {
            name: _rows(parts, f"xl/worksheets/sheet{number}.xml")
            for number, name in enumerate(names, 1)
            if name == "Calls" or re.fullmatch(r"Calls \d+", name)
        }


def _rows(parts: zipfile.ZipFile, name: str) -> int:
    count, rest = 0, b""
    with parts.open(name) as sheet:
        while piece := sheet.read(1 << 20):
            piece = rest + piece
            count += piece.count(b"<row ")
            rest = piece[-4:]  # Shorter than what is counted, so nothing is counted twice.
    return count


if __name__ == "__main__":
    main()
