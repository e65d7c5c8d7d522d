"""Measuring: a simulated KAZOO and the product's own commands, each in a process of its own, told by the system."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

COMMAND = [sys.executable, "-m", "reseller_reporting"]
HEADER = "| step | wall s | CPU s | CPU / wall | peak MB of the largest process |\n| --- | --- | --- | --- | --- |"


@contextmanager
def simulated_kazoo(*, accounts: int, calls: int, faults: str = "calm") -> Iterator[Mapping[str, str]]:
    """Serves on a free port until the block ends; gives what it printed, and its process id as `pid`."""
    size = ["--accounts", str(accounts), "--calls", str(calls), "--faults", faults]
    serving = [*COMMAND, "simulate", "kazoo", "--port", "0", "--json", *size]
    server = subprocess.Popen(serving, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield {**json.loads(_document(server.stdout)), "pid": str(server.pid)}
    finally:
        server.terminate()
        server.wait()


def cpu_seconds_of(told: Mapping[str, str]) -> float:
    """What a server of `simulated_kazoo` has used so far: it shares the cores with whom it serves."""
    fields = Path(f"/proc/{told['pid']}/stat").read_text().rpartition(") ")[2].split()
    user_ticks, system_ticks = int(fields[11]), int(fields[12])
    return (user_ticks + system_ticks) / os.sysconf("SC_CLK_TCK")


def environment(told: Mapping[str, str], home: Path) -> dict[str, str]:
    """That of an installed program: it may keep its bytecode."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        "RESELLER_REPORTING_HOME": str(home),
        "RESELLER_REPORTING_KAZOO_URL": told["url"],
        "RESELLER_REPORTING_KAZOO_API_KEY": told["api_key"],
    }


class Measured(NamedTuple):
    wall_seconds: float
    cpu_seconds: float
    peak_mb: float  # Of the largest process.
    said: str


def step(name: str, command: Sequence[str], variables: Mapping[str, str]) -> Measured:
    """Runs one command and prints a row of the table."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, env=variables, stdout=out, stderr=err)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - began
        out.seek(0)
        err.seek(0)
        if process.returncode:
            raise SystemExit(err.read().decode())
        said = out.read().decode()
    measured = Measured(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said)
    cpu = measured.cpu_seconds
    print(f"| {name} | {wall:.1f} | {cpu:.1f} | {cpu / wall:.2f} | {measured.peak_mb:.0f} |", flush=True)
    return measured


def _document(stream: Iterable[str]) -> str:
    """The first JSON document of a stream that stays open."""
    text = ""
    for line in stream:
        text += line
        if line.startswith("}"):
            break
    return text
