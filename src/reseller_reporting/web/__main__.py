"""The web server as a process: `python -m reseller_reporting.web HOST PORT`, which `serve` starts."""

import os
import signal
import sys

from granian.constants import Interfaces
from granian.server import Server

from reseller_reporting.app.processes import hold_lifeline


def main() -> None:
    host, port = sys.argv[1], int(sys.argv[2])
    os.environ["RESELLER_REPORTING_LISTENS_ON"] = host
    hold_lifeline(lambda: os.kill(os.getpid(), signal.SIGTERM))
    Server(
        "reseller_reporting.web.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        workers=1,
        log_enabled=False,
        websockets=False,
        respawn_failed_workers=False,
        workers_kill_timeout=10,
    ).serve()


if __name__ == "__main__":
    main()
