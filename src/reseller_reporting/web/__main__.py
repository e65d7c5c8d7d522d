"""The web server as a process: `python -m reseller_reporting.web HOST PORT`, which `serve` starts.

Waitress reads a request whole before a thread is taken, sends files without one, and drops headers with an underscore:
whoever sends or reads slowly keeps nobody from the pages, half a form is done by nobody, and `X_Forwarded_For` is no
word of a proxy.
"""

import logging
import os
import signal
import sys

from waitress import create_server

from reseller_reporting.app.processes import hold_lifeline

# A request is short, and most of it is the database's; a stream of progress holds one of these while it lasts.
_THREADS = 24
_CONNECTIONS_MAX = 2_000
_IDLE_SECONDS_MAX = 60
# Beyond what our own pages refuse with a page (`settings.REQUEST_BYTES_MAX`).
_REQUEST_BYTES_MAX = 12_000_000


def main() -> None:
    host, port = sys.argv[1], int(sys.argv[2])
    os.environ["RESELLER_REPORTING_LISTENS_ON"] = host
    hold_lifeline(lambda: os.kill(os.getpid(), signal.SIGTERM))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # Waitress lets what is being answered end, for five seconds.

    from reseller_reporting.web.wsgi import application

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # That some wait for a thread is nothing to be told.
    create_server(
        application,
        host=host,
        port=port,
        threads=_THREADS,
        connection_limit=_CONNECTIONS_MAX,
        channel_timeout=_IDLE_SECONDS_MAX,
        max_request_body_size=_REQUEST_BYTES_MAX,
        clear_untrusted_proxy_headers=False,  # Whose word counts is known in `middleware.py`.
        ident=None,
        asyncore_use_poll=True,
    ).run()


if __name__ == "__main__":
    main()
