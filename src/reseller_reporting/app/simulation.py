"""Simulation: the simulated KAZOO by itself, for trying out and for tests of other software."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.simulate.faults import parse_faults
from reseller_reporting.simulate.generate import GeneratedWorld
from reseller_reporting.simulate.server import serve


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What a client of the simulated KAZOO needs to log in."""

    url: str
    api_key: str
    account_name: str
    username: str
    password: str


def simulate_kazoo(
    *, host: str, port: int, seed: int, accounts: int, calls: int, faults: str, ready: Callable[[Simulated], None]
) -> None:
    """Serves until it is interrupted."""
    try:
        chosen = parse_faults(faults)
    except ValueError as error:
        raise InvalidSettings(f"--faults: {error}.") from None
    world = GeneratedWorld(seed=seed, accounts=accounts, calls=calls)
    login = world.logins[0]

    def on_ready(url: str) -> None:
        ready(
            Simulated(
                url=url,
                api_key=login.api_key,
                account_name=login.account_name,
                username=login.username,
                password=login.password,
            )
        )

    try:
        serve(world, host=host, port=port, on_ready=on_ready, faults=chosen)
    except OSError as error:
        cause = os.strerror(error.errno) if error.errno else "it cannot be opened"
        raise InvalidSettings(f"Port {port} of {host}: {cause}. Choose another with --port.") from error
