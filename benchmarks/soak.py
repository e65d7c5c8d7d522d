"""The soak: a million legs from a KAZOO that throttles, fails, resets, cuts and forgets, against a calm one.

    python benchmarks/soak.py [--accounts 400] [--calls 450000] [--faults PROFILE]

Both runs pull into stores of their own and make all documents. The files must be the same, byte for byte.
"""

import argparse
import hashlib
import json
import tempfile
from pathlib import Path

from measuring import COMMAND, HEADER, Measured, environment, simulated_kazoo, step

# Every fault at once, each seldom: there are some 80 000 requests, and each failed one waits for a second.
_SELDOM = ("too_many_requests", "error_500", "error_502", "error_503", "missing_view", "reset", "truncated")
_MIXED = ",".join(["all,bucket=0,slow=0,token_requests=2000,cut_stream=0.01", *(f"{name}=0.001" for name in _SELDOM)])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=400)
    parser.add_argument("--calls", type=int, default=450_000)
    parser.add_argument("--faults", default=_MIXED)
    asked = parser.parse_args()
    print(HEADER)
    with tempfile.TemporaryDirectory() as folder:
        left: list[tuple[dict[str, object], dict[str, str]]] = []
        for faults in ("calm", asked.faults):
            out = Path(folder) / f"out-{len(left)}"
            measured = _run(asked.accounts, asked.calls, faults, Path(folder) / f"home-{len(left)}", out)
            left.append((json.loads(measured.said)["totals"], _digests(out)))
    (calm, calm_files), (soaked, soaked_files) = left
    print(f"\n{calm['legs_read']} legs, {calm['calls']} calls, {len(calm_files)} files")
    differing = sorted(
        name for name in calm_files.keys() | soaked_files if calm_files.get(name) != soaked_files.get(name)
    )
    if calm != soaked or differing:
        raise SystemExit(f"The soaked run differs: {differing[:5]} of {len(differing)} files; {calm} against {soaked}")
    print("legs, sums and files of both runs are equal, byte for byte")


def _run(accounts: int, calls: int, faults: str, home: Path, out: Path) -> Measured:
    with simulated_kazoo(accounts=accounts, calls=calls, faults=faults) as told:
        command = [*COMMAND, "run", "--out", str(out), "--json"]
        return step("`run`, calm" if faults == "calm" else "`run`, mixed faults", command, environment(told, home))


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


if __name__ == "__main__":
    main()
