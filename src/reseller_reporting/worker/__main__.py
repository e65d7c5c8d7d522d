"""A worker as a process: `python -m reseller_reporting.worker`, which `serve` and `worker` start."""

import os
import signal
import sys
from pathlib import Path


def main() -> int:
    from reseller_reporting.app import logs
    from reseller_reporting.app.house import House
    from reseller_reporting.app.processes import hold_lifeline
    from reseller_reporting.config import load_settings
    from reseller_reporting.control import database
    from reseller_reporting.model.errors import ResellerReportingError

    house = House(load_settings(os.environ, working_folder=Path.cwd()))
    logs.begin("worker", house.settings.log_level)
    try:
        database.configure(house.settings.database_url)

        from reseller_reporting.worker.loop import Worker

        worker = Worker(house)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: worker.stop())
        hold_lifeline(worker.stop)
        worker.reach_database()
    except ResellerReportingError as failure:
        sys.stderr.write(f"{failure.sentence}\n")
        return 1
    worker.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
