"""The main job at size: 200 customers, 100 000 legs, from a simulated KAZOO to files; and one customer of 1.1 million.

    ./dev python benchmarks/main_job.py [--accounts 200] [--calls 100000]

Whole-process figures from the operating system; ratios against what is measured in the same run.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = [sys.executable, "-m", "reseller_reporting"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--calls", type=int, default=100_000)
    asked = parser.parse_args()
    serving = [*COMMAND, "simulate", "kazoo", "--port", "0", "--json", "--accounts", str(asked.accounts)]
    server = subprocess.Popen([*serving, "--calls", str(asked.calls)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        told = json.loads(_document(server.stdout))
        with tempfile.TemporaryDirectory() as folder:
            _measure(told, Path(folder))
    finally:
        server.terminate()
        server.wait()


def _measure(told: dict[str, str], folder: Path) -> None:
    environment = {
        **os.environ,
        "RESELLER_REPORTING_HOME": str(folder / "home"),
        "RESELLER_REPORTING_KAZOO_URL": told["url"],
        "RESELLER_REPORTING_KAZOO_API_KEY": told["api_key"],
    }
    print("| step | wall s | CPU s | CPU / wall | peak MB of the largest process |\n| --- | --- | --- | --- | --- |")
    _step("sync", ["sync"], environment)
    _step("run (documents)", ["run", "--source", "store", "--out", str(folder / "out")], environment)
    _step("run again, all final", ["run", "--out", str(folder / "again")], environment)
    manifest = json.loads((folder / "out" / "manifest.json").read_text("utf-8"))
    totals = manifest["totals"]
    same = (folder / "out" / "manifest.json").read_bytes() == (folder / "again" / "manifest.json").read_bytes()
    size = sum(path.stat().st_size for path in (folder / "out").rglob("*") if path.is_file())
    print(f"\n{totals['legs_read']} legs read, {totals['calls']} calls, {size / 1e6:.0f} MB, same bytes: {same}")


def _step(name: str, arguments: list[str], environment: dict[str, str]) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run([*COMMAND, *arguments], env=environment, check=True, capture_output=True)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"| {name} | {wall:.1f} | {cpu:.1f} | {cpu / wall:.2f} | {after.ru_maxrss / 1024:.0f} |", flush=True)


def _document(stream: object) -> str:
    """The first JSON document of a stream that stays open."""
    text = ""
    for line in stream:  # type: ignore[attr-defined]
        text += line
        if line.startswith("}"):
            break
    return text


if __name__ == "__main__":
    main()
