"""The command line: translates words into one call of `app`, and an outcome into words and an exit code."""

import gc
import os
import sys
import traceback
from functools import partial

# What Typer makes of Ctrl-C, without a word.
_CTRL_C = 130
# What DuckDB makes of it: a RuntimeError that says so.
_CTRL_C_WITHIN_A_QUERY = "Query interrupted"
# Pages, rows and documents are let go of without Python's search for circles, which costs a pull a seventh of its time.
_OBJECTS_BETWEEN_SEARCHES = 200_000


def main() -> None:
    """Entry point. Exit code 0; 2 for what can be seen without asking KAZOO; 1 for any other failure."""
    gc.set_threshold(_OBJECTS_BETWEEN_SEARCHES, 20, 100)
    # Wanted anywhere on the line, and never read by a command: so it is taken out before anything else.
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    sys.exit(_run(arguments, debug=debug))


def _run(arguments: list[str], *, debug: bool) -> int:  # noqa: PLR0911 - one line per way to end reads best as a list.
    import typer

    from reseller_reporting.cli.commands import command
    from reseller_reporting.model.errors import ResellerReportingError

    try:
        code = int(command.main(arguments, prog_name="reseller-reporting", standalone_mode=False) or 0)
        return _stopped() if code == _CTRL_C else code
    except typer.Exit as stop:
        return int(stop.exit_code)
    except typer.TyperException as error:
        # Wrong usage: the shown text says how to call it right.
        getattr(error, "show", partial(_say, str(error)))()
        return 2
    except (KeyboardInterrupt, typer.Abort):
        return _stopped()
    except BrokenPipeError:  # Whoever read the output has gone, as `head` does; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ResellerReportingError as error:
        if debug:
            traceback.print_exc()
        _say(error.sentence)
        return 2 if error.is_wrong_usage else 1
    except Exception as error:  # noqa: BLE001 - the last door: a person gets a sentence, --debug the trace.
        if str(error) == _CTRL_C_WITHIN_A_QUERY:
            return _stopped()
        if debug:
            traceback.print_exc()
        _say(f"Something unexpected went wrong: {type(error).__name__}: {error}. Add --debug to see where.")
        return 1


def _stopped() -> int:
    _say("Stopped. What was read is kept; run the same command again to go on.")
    return 1


def _say(sentence: str) -> None:
    sys.stderr.write(f"reseller-reporting: {sentence}\n")
