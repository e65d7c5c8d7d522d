"""The server: in the foreground until a signal, or beside the program that uses it."""

import http.client
import signal
import socket
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import pytest

from reseller_reporting.simulate.scripted import ScriptedWorld
from reseller_reporting.simulate.server import running

FOREGROUND = """
from reseller_reporting.simulate.generate import GeneratedWorld
from reseller_reporting.simulate.server import serve
serve(GeneratedWorld(accounts=2, calls=10), port=0, on_ready=lambda url: print(url, flush=True))
"""


def acme() -> ScriptedWorld:
    world = ScriptedWorld()
    world.reseller("Acme")
    return world


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_foreground_server_ends_well_on_a_signal(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", FOREGROUND], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = urlsplit(process.stdout.readline().strip())
        connection = http.client.HTTPConnection(url.netloc, timeout=20)
        connection.request("GET", f"{url.path}/accounts/x")
        assert connection.getresponse().status == 401
        connection.close()
        process.send_signal(number)
        assert process.wait(20) == 0


def test_a_server_beside_its_user_leaves_nothing_behind() -> None:
    before = threading.active_count()
    with running(acme()) as kazoo:
        assert urlsplit(kazoo.url).hostname == "127.0.0.1"
        assert kazoo.account_name == "Acme"
    assert threading.active_count() == before


def test_a_taken_port_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=str(port)), running(acme(), port=port):
            pass
