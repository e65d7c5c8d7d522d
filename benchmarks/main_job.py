"""The main job at size: a month of 200 customers and 100 000 billable legs, from a simulated KAZOO to files.

    python benchmarks/main_job.py [--accounts 200] [--calls 100000]

Whole-process figures from the operating system; compare them within one run only.
"""

import argparse
import json
import tempfile
from pathlib import Path

from measuring import COMMAND, HEADER, environment, simulated_kazoo, step


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--calls", type=int, default=100_000)
    asked = parser.parse_args()
    with (
        simulated_kazoo(accounts=asked.accounts, calls=asked.calls) as told,
        tempfile.TemporaryDirectory() as folder,
    ):
        _measure(environment(told, Path(folder) / "home"), Path(folder))


def _measure(variables: dict[str, str], folder: Path) -> None:
    print(HEADER)
    step("`--help`", [*COMMAND, "--help"], variables)
    step("`sync`", [*COMMAND, "sync"], variables)
    step("`run --source store`", [*COMMAND, "run", "--source", "store", "--out", str(folder / "out")], variables)
    step("`run` again, all final", [*COMMAND, "run", "--out", str(folder / "again")], variables)
    manifest = json.loads((folder / "out" / "manifest.json").read_text("utf-8"))
    totals = manifest["totals"]
    same = (folder / "out" / "manifest.json").read_bytes() == (folder / "again" / "manifest.json").read_bytes()
    size = sum(path.stat().st_size for path in (folder / "out").rglob("*") if path.is_file())
    print(f"\n{totals['legs_read']} legs read, {totals['calls']} calls, {size / 1e6:.0f} MB, same bytes: {same}")


if __name__ == "__main__":
    main()
