"""Every command explains itself, and the README names it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reseller_reporting import __version__
from reseller_reporting.cli.commands import command

if TYPE_CHECKING:
    from tests.conftest import Terminal

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def paths(group: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, each in group.commands.items():
        if hasattr(each, "commands"):
            yield from paths(each, (*above, name))
        else:
            yield (*above, name), each


COMMANDS = dict(paths(command))
PROMISED = {("demo",), ("run",), ("accounts",), ("sync",), ("import",), ("doctor",), ("simulate", "kazoo")}


def test_every_promised_command_is_there() -> None:
    assert COMMANDS.keys() >= PROMISED


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_shows_an_example_that_names_the_command(terminal: Terminal, path: tuple[str, ...]) -> None:
    outcome = terminal.run(*path, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    _, _, example = outcome.out.partition("Example:")
    assert f"reseller-reporting {' '.join(path)}" in " ".join(example.split())


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_says_what_it_does(path: tuple[str, ...]) -> None:
    silent = [parameter.name for parameter in COMMANDS[path].params if not getattr(parameter, "help", None)]
    assert silent == []


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_readme_names_the_command(path: tuple[str, ...]) -> None:
    assert f"| `{' '.join(path)}` |" in README


def test_the_readme_names_every_option_of_run() -> None:
    options = [option for parameter in COMMANDS["run",].params for option in parameter.opts if option.startswith("--")]
    assert [option for option in options if f"`{option}`" not in README] == []


REPORTING = [path for path in COMMANDS if path != ("version",)]


@pytest.mark.parametrize("path", REPORTING, ids=" ".join)
def test_every_command_that_reports_speaks_json(path: tuple[str, ...]) -> None:
    assert "--json" in [option for parameter in COMMANDS[path].params for option in parameter.opts]


def test_without_a_command_people_are_told_what_there_is(terminal: Terminal) -> None:
    outcome = terminal.run()
    assert "demo" in outcome.out + outcome.err


def test_the_module_is_the_command(terminal: Terminal) -> None:
    outcome = terminal.process("version")
    assert (outcome.code, outcome.out, outcome.err) == (0, f"{__version__}\n", "")
