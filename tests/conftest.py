"""What black-box tests share: a person's terminal, and the files that a run left, read back."""

import csv
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import openpyxl
import pytest
import stamina
import structlog
from databases import database_url, postgresql
from django.utils import translation

from reseller_reporting.app.house import House
from reseller_reporting.cli import _run
from reseller_reporting.config import PREFIX, load_settings
from reseller_reporting.control import database
from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import SimulatedKazoo, running
from reseller_reporting.web.opening import settings_of

__all__ = ["database_url", "postgresql"]  # Fixtures of the kit, for every room.

# Tests start many processes, of which each would compile all that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Django is set up once a process, and the web application needs more of it than the command line does: so that their
# order does not matter, tests begin with all of it. What a command imports is asked of a process of its own.
with TemporaryDirectory() as _nowhere:
    database.configure(
        "sqlite:///none", settings_of(House(load_settings({f"{PREFIX}HOME": _nowhere}, working_folder=Path(_nowhere))))
    )

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


@pytest.fixture(autouse=True)
def _language_of_nobody() -> Iterator[None]:
    """A page's language stays with its thread after the request; a command begins in a thread of its own."""
    yield
    translation.deactivate()


class Outcome(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """All of stdout as the one JSON document that it must be."""
        return dict(json.loads(self.out))

    @property
    def complaint(self) -> str:
        """The last line on stderr, which must be the sentence of a failure; nothing else may look like one."""
        assert "Traceback" not in self.err, self.err
        sentence = self.err.rstrip("\n").splitlines()[-1]
        assert sentence.startswith("reseller-reporting: "), self.err
        return sentence.removeprefix("reseller-reporting: ")


@dataclass
class Terminal:
    """A terminal with a home and a working folder of its own; no setting of whoever runs the tests gets in."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.settings.setdefault("HOME", str(self.folder / "home"))

    def connect(self, kazoo: SimulatedKazoo) -> "Terminal":
        self.settings |= {"KAZOO_URL": kazoo.url, "KAZOO_API_KEY": kazoo.api_key}
        return self

    def run(self, *arguments: object) -> Outcome:
        """The command in this process; a retry does not wait."""
        out, err = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            stamina.set_testing(True, attempts=10, cap=True),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            for name in [name for name in os.environ if name.startswith(PREFIX)]:
                patch.delenv(name)
            for name, value in self.settings.items():
                patch.setenv(PREFIX + name, value)
            patch.chdir(self.folder)
            code = _run([str(each) for each in arguments], debug=False)
        return Outcome(code, out.getvalue(), err.getvalue())

    def started(self, *arguments: object, **environment: str) -> "subprocess.Popen[str]":
        """The command as a process of its own."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        own = {PREFIX + name: value for name, value in self.settings.items()}
        return subprocess.Popen(
            [sys.executable, "-m", "reseller_reporting", *(str(each) for each in arguments)],
            cwd=self.folder,
            env=inherited | own | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def left(self, out: str = "out") -> "Left":
        return Left(self.folder / out)

    def process(self, *arguments: object, **environment: str) -> Outcome:
        with self.started(*arguments, **environment) as process:
            out, err = process.communicate(timeout=60)
        return Outcome(process.returncode, out, err)


class Left:
    """What a run left in a folder, read back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
        self.summary = self._csv("summary.csv")
        self.countries = self._csv("summary-by-country.csv")

    def account(self, id_or_name: str) -> dict[str, Any]:
        (entry,) = [each for each in self.manifest["accounts"] if id_or_name in (each["id"], each["name"])]
        return dict(entry)

    def row(self, account_id: str) -> dict[str, str]:
        (row,) = [row for row in self.summary if row["Account ID"] == account_id]
        return row

    def book(self, id_or_name: str) -> Any:
        return openpyxl.load_workbook(self.folder / self.account(id_or_name)["file"])

    def sheet(self, id_or_name: str, title: str) -> list[dict[str, Any]]:
        header, *rows = self.book(id_or_name)[title].iter_rows(values_only=True)
        return [dict(zip(header, row, strict=True)) for row in rows]

    def files(self) -> dict[str, bytes]:
        return contents(self.folder)

    def files_without_history(self) -> dict[str, bytes]:
        """All but the reseller's workbook, which tells what an earlier report said otherwise."""
        return {name: content for name, content in self.files().items() if name != "reseller.xlsx"}

    def _csv(self, name: str) -> list[dict[str, str]]:
        with (self.folder / name).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below the folder, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def at(text: str) -> datetime:
    """`06-03 12:00` of 2024, which is long over and final."""
    return datetime.fromisoformat(f"2024-{text}").replace(tzinfo=UTC)


UK = Rate(units=300, increment=60, minimum=60, name="UK_LANDLINE")


def acme() -> ScriptedWorld:
    """Acme in June 2024: Alice called twice and Bob once, each minute at 0.03."""
    world = ScriptedWorld()
    reseller = world.reseller("Acme", account_id="a" * 32)
    alice = world.customer("Alice", parent=reseller, account_id="1" * 32)
    bob = world.customer("Bob", parent=reseller, account_id="2" * 32)
    world.call(alice, started_at=at("06-03 12:00"), number="+442071234567", answered_seconds=125, rate=UK)
    world.call(alice, started_at=at("06-04 12:00"), number="+442071234567", answered_seconds=60, rate=UK)
    world.on_net_leg(alice, started_at=at("06-04 11:00"), answered_seconds=7)
    world.call(bob, started_at=at("06-05 12:00"), number="+442071234567", answered_seconds=59, rate=UK)
    for customer in (alice, bob):
        world.services_of(customer, account={"devices": {"sip_device": 3}})
    return world


@pytest.fixture(name="acme")
def acme_fixture() -> ScriptedWorld:
    return acme()


@pytest.fixture
def kazoo(acme: ScriptedWorld) -> Iterator[SimulatedKazoo]:
    """Acme's KAZOO; a test may go on telling the world."""
    with running(acme) as server:
        yield server


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """Connected to nothing."""
    return Terminal(tmp_path / "terminal")


@pytest.fixture
def connected(terminal: Terminal, kazoo: SimulatedKazoo) -> Terminal:
    return terminal.connect(kazoo)


@pytest.fixture(scope="session")
def new_terminal(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Terminal]:
    """For tests that need another one, or one for many tests."""
    return lambda: Terminal(tmp_path_factory.mktemp("terminal"))
