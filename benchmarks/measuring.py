"""Measuring: a simulated KAZOO and the product's own commands, each in a process of its own, told by the system."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

COMMAND = [sys.executable, "-m", "reseller_reporting"]
HEADER = "| step | wall s | CPU s | CPU / wall | peak MB of the largest process |\n| --- | --- | --- | --- | --- |"


@contextmanager
def simulated_kazoo(*, accounts: int, calls: int) -> Iterator[Mapping[str, str]]:
    """Serves on a free port until the block ends; gives what it printed."""
    size = ["--accounts", str(accounts), "--calls", str(calls)]
    serving = [*COMMAND, "simulate", "kazoo", "--port", "0", "--json", *size]
    server = subprocess.Popen(serving, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield json.loads(_document(server.stdout))
    finally:
        server.terminate()
        server.wait()


def environment(told: Mapping[str, str], home: Path) -> dict[str, str]:
    """That of an installed program: it may keep its bytecode."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        "RESELLER_REPORTING_HOME": str(home),
        "RESELLER_REPORTING_KAZOO_URL": told["url"],
        "RESELLER_REPORTING_KAZOO_API_KEY": told["api_key"],
    }


def step(name: str, command: Sequence[str], variables: Mapping[str, str]) -> None:
    """Runs one command and prints a row of the table."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(said.decode())
    cpu = used.ru_utime + used.ru_stime
    print(f"| {name} | {wall:.1f} | {cpu:.1f} | {cpu / wall:.2f} | {used.ru_maxrss / 1024:.0f} |", flush=True)


def _document(stream: Iterable[str]) -> str:
    """The first JSON document of a stream that stays open."""
    text = ""
    for line in stream:
        text += line
        if line.startswith("}"):
            break
    return text
