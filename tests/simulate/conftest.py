"""A client that speaks to a simulated KAZOO over the wire, as ours will."""

import hashlib
import http.client
import json
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from reseller_reporting.simulate.server import SimulatedKazoo, running
from reseller_reporting.simulate.world import World


@dataclass
class Answer:
    status: int
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def data(self) -> Any:
        return self.body["data"]


@dataclass
class Client:
    """Logs in at the first request."""

    kazoo: SimulatedKazoo
    token: str = ""

    def get(self, path: str, **query: object) -> Answer:
        if not self.token:
            self.login()
        return self.ask("GET", path, query=query, headers={"X-Auth-Token": self.token})

    def login(self, api_key: str | None = None) -> Answer:
        answer = self.put("/api_auth", {"api_key": api_key or self.kazoo.api_key})
        self.token = answer.body.get("auth_token", "")
        return answer

    def user_login(self, *, method: str = "md5", credentials: str = "", **data: str) -> Answer:
        secret = f"{self.kazoo.username}:{self.kazoo.password}".encode()
        digest = hashlib.new("sha1" if method == "sha" else method, secret, usedforsecurity=False)
        return self.put("/user_auth", {"credentials": credentials or digest.hexdigest(), "method": method, **data})

    def put(self, path: str, data: dict[str, Any]) -> Answer:
        return self.ask("PUT", path, body=json.dumps({"data": data}).encode())

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, object] | None = None,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        server = urllib.parse.urlsplit(self.kazoo.url)
        connection = http.client.HTTPConnection(server.netloc, timeout=20)
        target = f"{server.path}{path}?{urllib.parse.urlencode(query or {})}"
        with closing(connection):
            connection.request(method, target, body=body, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, json.loads(response.read()), dict(response.headers))

    def everything(self, path: str, **query: object) -> list[Any]:
        """Every page of a listing, by the rule: only an absent next key is the end."""
        rows: list[Any] = []
        while True:
            answer = self.get(path, **query)
            assert answer.status == 200, answer.body
            rows += answer.data
            if "next_start_key" not in answer.body:
                return rows
            key = answer.body["next_start_key"]
            query["start_key"] = key if isinstance(key, str) else json.dumps(key)


NOW = datetime(2024, 6, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    """Starts a server over a world; the clock stands at NOW unless one is given."""
    with ExitStack() as servers:

        def start(world: World, **options: Any) -> Client:
            clock = options.pop("clock", NOW.timestamp)
            return Client(servers.enter_context(running(world, clock=clock, **options)))

        yield start
