"""One job in a process: `python -m reseller_reporting.worker.child ID LEASE`, started by the loop.

Exit code 0: the row says how it ended. Any other: it does not, and the loop puts the job back.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

INTERRUPTED = 130
# A report may take a second longer; a page that somebody waits for may not.
_NICENESS = 10


def main() -> int:
    told: list[int] = []

    def interrupt(number: int, _frame: Any) -> None:
        told.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    try:
        return _work()
    except BaseException:
        # Within a query, the engine makes an error of its own of it: that is no fault to be told of, either.
        if not told:
            raise
        return INTERRUPTED


def _work() -> int:
    os.nice(_NICENESS)
    from reseller_reporting.app.processes import end_own_group, hold_lifeline

    # Without its worker nobody renews the lease: what is not finished is done again by another one.
    hold_lifeline(end_own_group)

    from reseller_reporting.app import logs
    from reseller_reporting.app.house import House
    from reseller_reporting.config import load_settings
    from reseller_reporting.control import database

    house = House(load_settings(os.environ, working_folder=Path.cwd()))
    logs.begin("job", house.settings.log_level)
    database.prepare(house.settings.database_url)

    from reseller_reporting.app import jobs
    from reseller_reporting.control.jobs import LeaseLost

    job_id, lease = sys.argv[1:]
    with suppress(LeaseLost):  # Another worker has it.
        jobs.perform(house, jobs.held(UUID(job_id), lease))
    return 0


if __name__ == "__main__":
    sys.exit(main())
