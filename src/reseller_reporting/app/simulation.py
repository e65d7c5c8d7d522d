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
    people: tuple["SimulatedPerson", ...]  # Users of the reseller and of customers, who log in by themselves.


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPerson:
    account_name: str
    account_realm: str
    username: str
    password: str
    priv_level: str


def people_of(world: GeneratedWorld) -> tuple[SimulatedPerson, ...]:
    """Whoever has a password of their own, administrators and others."""
    return tuple(
        SimulatedPerson(
            account_name=login.account_name,
            account_realm=record.realm,
            username=login.username,
            password=login.password,
            priv_level=str(user["priv_level"]),
        )
        for login in world.logins[1:]
        if (record := world.account(login.account_id)) is not None
        for user in world.users(login.account_id)
        if user["id"] == login.owner_id
    )


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
                people=people_of(world),
            )
        )

    try:
        serve(world, host=host, port=port, on_ready=on_ready, faults=chosen)
    except OSError as error:
        cause = os.strerror(error.errno) if error.errno else "it cannot be opened"
        raise InvalidSettings(f"Port {port} of {host}: {cause}. Choose another with --port.") from error
