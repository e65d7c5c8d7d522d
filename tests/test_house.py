"""The house rules that a machine can check: sizes, names, money without floats, stairs that only go down."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "reseller_reporting"
MODULES = sorted(path for path in SOURCE.rglob("*.py"))

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 800
# Tables that a tool writes; nobody reads them from top to bottom.
GENERATED = "Made by tools/"
NAMELESS = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
# Where KAZOO's own double arithmetic is repeated bit for bit. What leaves these modules as money is whole units.
DOUBLE_ARITHMETIC = {
    SOURCE / "rating" / f"{name}.py" for name in ("charge", "kazoo_number", "kazoo_call", "kazoo_deck_row", "selection")
}


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def is_generated(path: Path) -> bool:
    return GENERATED in path.read_text(encoding="utf-8")[:2000]


def test_no_function_is_longer_than_a_page() -> None:
    long = [
        f"{named(path)}:{function.name}"
        for path in MODULES
        for function in functions(tree_of(path))
        if (function.end_lineno or function.lineno) - function.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_no_file_wants_to_be_a_room() -> None:
    long = [
        named(path)
        for path in MODULES
        if len(path.read_text(encoding="utf-8").splitlines()) > FILE_LINES_MAX and not is_generated(path)
    ]
    assert long == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [named(path) for path in MODULES if path.stat().st_size and ast.get_docstring(tree_of(path)) is None]
    assert silent == []


def test_no_module_is_nameless_or_bears_a_name_of_the_standard_library() -> None:
    taken = NAMELESS | set(sys.stdlib_module_names)
    names = {path: path.parent.name if path.name == "__init__.py" else path.stem for path in MODULES}
    assert [named(path) for path, name in names.items() if name in taken] == []


def test_every_room_has_a_readme() -> None:
    rooms = [folder for folder in SOURCE.iterdir() if (folder / "__init__.py").is_file()]
    assert [named(room) for room in rooms if not (room / "README.md").is_file()] == []


def floats(tree: ast.AST) -> Iterator[ast.AST]:
    """Each mention of float, and each number that is one."""
    for node in ast.walk(tree):
        is_name = isinstance(node, ast.Name) and node.id == "float"
        if is_name or (isinstance(node, ast.Constant) and isinstance(node.value, float)):
            yield node


def test_model_and_rating_know_no_float_but_where_kazoos_arithmetic_is_repeated() -> None:
    found = []
    for path in [*(SOURCE / "model").rglob("*.py"), *(SOURCE / "rating").rglob("*.py")]:
        tree = tree_of(path)
        if path not in DOUBLE_ARITHMETIC:
            found += [f"{named(path)}:{getattr(node, 'lineno', 0)}" for node in floats(tree)]
    assert found == []


def test_the_float_check_sees_every_way_in() -> None:
    code = "def f(a: float) -> None:\n    b = 0.5\n    c = float(b)\n"
    assert len(list(floats(ast.parse(code)))) == 3


def tracked_files() -> list[Path]:
    """The files of the repository; of a copy without its history, every file that is not a tool's."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and not path.relative_to(ROOT).parts[0].startswith(".")]


# Put together here, so that this file does not find itself.
INDEX_HOSTS = [".".join(["pypi", "org"]), ".".join(["files", "pythonhosted", "org"]), "extra-index" + "-url"]
ABSOLUTE_PATH = r"(?<![\w.}~-])/" + "(work|home|root)/"


def test_no_file_names_a_package_index_or_a_place_on_one_machine() -> None:
    unwanted = re.compile("|".join([*map(re.escape, INDEX_HOSTS), ABSOLUTE_PATH]).encode())
    assert [named(path) for path in tracked_files() if unwanted.search(path.read_bytes())] == []


# Import rules. Each is broken once, by one line, to see that it bites.


@dataclass(frozen=True)
class Break:
    """A line that, added to a module, breaks the rule of this name."""

    module: str
    line: str


BREAKS = {
    "The house has floors, and stairs only go down": Break("store/__init__.py", "import reseller_reporting.app"),
    "Shells do through app; only the control database may they read themselves": Break(
        "cli/__init__.py", "import reseller_reporting.delivery.mail"
    ),
    "Django stays in control and the shells": Break("store/__init__.py", "import django"),
    "The simulated KAZOO charges by the rating room's rule and knows no other room": Break(
        "simulate/__init__.py", "import reseller_reporting.sources"
    ),
    "Model and rating are pure: no clock, no chance, no network, no files, no framework": Break(
        "rating/__init__.py", "import random"
    ),
    "What waits is light: the web's processes and the worker's loop read no KAZOO and no lake": Break(
        "app/tenancy.py", "import pyarrow"
    ),
    "No circles inside a room": Break("delivery/smtp.py", "import reseller_reporting.delivery.mail"),
}


def test_every_import_rule_has_its_break() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {rule["name"] for rule in rules} == set(BREAKS)


def broken_rules(house: Path) -> set[str]:
    """The names of the rules that do not hold there."""
    # The tool imports what it looks at from the path it is given, here the copy instead of the checkout.
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    ran = subprocess.run(
        [*command, "--no-cache"],
        cwd=house,
        env={"PYTHONPATH": str(house / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in {0, 1}, ran.stderr
    assert "Contracts" in ran.stdout, ran.stdout + ran.stderr
    report = re.sub(r"\x1b\[[0-9;]*m", "", ran.stdout)
    broken = set(re.findall(r"^(.+?) BROKEN\b", report, re.MULTILINE))
    assert bool(broken) == (ran.returncode == 1), report
    return {" ".join(name.split()) for name in broken}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.slow
def test_the_house_keeps_its_import_rules(copy: Path) -> None:
    assert broken_rules(copy) == set()


@pytest.mark.slow
@pytest.mark.parametrize("rule", BREAKS)
def test_an_import_rule_bites(copy: Path, rule: str) -> None:
    module = copy / "src" / "reseller_reporting" / BREAKS[rule].module
    with module.open("a", encoding="utf-8") as file:
        file.write(f"\n{BREAKS[rule].line}\n")
    assert rule in broken_rules(copy)
