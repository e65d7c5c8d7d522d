"""The databases that the control room is tried on: a file, and a PostgreSQL server of its own."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest


def _binaries() -> Path | None:
    """Where PostgreSQL's programs are; Debian keeps them off the path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return next((path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Cluster:
    """A server of its own, which can be stopped and started. `url` is that of its databases, without a name."""

    url: str
    start: Callable[[], None]
    stop: Callable[[], None]

    def database(self, name: str) -> str:
        import psycopg

        with psycopg.connect(f"{self.url}/postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
            connection.execute(f'CREATE DATABASE "{name}"')
        return f"{self.url}/{name}"


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Skips where there is no PostgreSQL."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed here (apt-get install postgresql)")
    # Of its own, not below the tests' folder: PostgreSQL runs as another user than root, who must get there.
    folder = Path(mkdtemp(prefix="control-postgresql-"))
    data, port = folder / "data", _free_port()
    owner: dict[str, str] = {}
    if os.geteuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user 'postgres'")
        shutil.chown(folder, "postgres")
        owner = {"user": "postgres"}

    def do(program: str, *arguments: object) -> None:
        command = [str(binaries / program), *map(str, arguments)]
        output = folder / f"{program}.out"
        with output.open("wb") as out:
            done = subprocess.run(command, cwd=folder, stdout=out, stderr=out, check=False, **owner)  # type: ignore[call-overload]
        assert done.returncode == 0, output.read_text()

    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    made = Cluster(
        f"postgresql://keeper:pass%2Fword@127.0.0.1:{port}",
        start=lambda: do("pg_ctl", "-D", data, "-w", "-o", options, "-l", folder / "server.log", "start"),
        stop=lambda: do("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"),
    )
    try:
        do("initdb", "-D", data, "-U", "keeper", "--auth=trust", "--no-sync", "--encoding=UTF8")
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A fresh server, which ends with the tests."""
    with cluster() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'home' / 'control.sqlite3'}"
    server: Cluster = request.getfixturevalue("postgresql")
    return server.database(f"test_{tmp_path.name.lower()[-40:]}_{os.getpid()}")
