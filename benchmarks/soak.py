"""The soak: a million legs from a KAZOO that throttles, fails, resets, cuts and forgets, against a calm one.

    python benchmarks/soak.py [--accounts 400] [--calls 450000] [--faults all,slow=0]

Both runs pull into stores of their own and make all documents. The files must be the same, byte for byte.
"""

import argparse
import hashlib
import json
import tempfile
from pathlib import Path

from measuring import COMMAND, HEADER, Measured, environment, simulated_kazoo, step


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=400)
    parser.add_argument("--calls", type=int, default=450_000)
    parser.add_argument("--faults", default="all")
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
        return step(f"`run`, {faults}", command, environment(told, home))


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


if __name__ == "__main__":
    main()
