"""Faults at work: which request is struck by which fault.

Owns: chance, tokens that die, buckets, accounts that vanish. Does not own: the shape of answers (faults_in_answers).

Invariants
- Chance follows from the seed, the request and how often it came before: the order of different requests is nothing.
- A request that failed `in_a_row_max` times in a row is answered, but for what is wrong for good.
"""

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from reseller_reporting.simulate.crossbar_answers import Refused, bad_identifier, expired, invalid_credentials
from reseller_reporting.simulate.faults import Faults

NO_ACCOUNT = "no_account"
LOGIN_COST = 35
_LISTINGS_WITH_VIEWS = ("/cdrs", "/users/{user}/cdrs", "/ledgers", "/ledgers/{source}")
_FAULTS_503 = ("datastore_unreachable", "datastore timeout", "datastore_fault")
_MISSING_VIEW = ("datastore missing view", "datastore_missing_view")


class Ending(Enum):
    """How the body of an answer ends."""

    WHOLE = "whole"
    RESET = "reset"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as far as chance looks at it. `path` is the pattern: what follows the account's id."""

    method: str
    url_path: str
    query: Mapping[str, str]
    address: str
    account_id: str = NO_ACCOUNT
    path: str = ""
    token: str = ""
    is_own_account: bool = True

    @property
    def identity(self) -> str:
        return " ".join([self.method, self.url_path, *(f"{key}={self.query[key]}" for key in sorted(self.query))])


@dataclass(slots=True)
class FaultsAtWork:
    """The faults of one server, and what it has to remember for them."""

    faults: Faults
    clock: Callable[[], float] = time.monotonic
    _times: Counter[str] = field(default_factory=Counter)
    _failed_in_a_row: Counter[str] = field(default_factory=Counter)
    _token_requests: Counter[str] = field(default_factory=Counter)
    _account_requests: Counter[str] = field(default_factory=Counter)
    _buckets: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)

    async def meet(self, asked: Asked) -> Ending:
        """Refuses the request, lets it wait, or says how its answer will end."""
        self._wear_token(asked.token)
        self._draw(asked)
        if self.faults.locked and asked.method == "PUT":
            raise Refused(423, "locked", {"message": "account disabled"})
        self._vanish(asked)
        faults = self.faults
        if faults.missing_view_always and asked.path in _LISTINGS_WITH_VIEWS:
            chance = self.chance("missing_view_always", asked.url_path)
            if chance < faults.missing_view_always:
                raise Refused(503, _either(_MISSING_VIEW, chance))
        self._times[asked.identity] += 1
        if faults.slow and self._chance_now("slow", asked) < faults.slow:
            await asyncio.sleep(faults.slow_seconds)
        return self._passing_failure(asked)

    def chance(self, name: str, about: str) -> float:
        """A number in [0, 1) that is always the same."""
        seeded = f"{self.faults.seed} {name} {about}".encode()
        return int.from_bytes(hashlib.blake2b(seeded, digest_size=6).digest()) / 2**48

    def strikes_now(self, name: str, asked: Asked) -> bool:
        rate: float = getattr(self.faults, name)
        return rate > 0 and self._chance_now(name, asked) < rate

    def _chance_now(self, name: str, asked: Asked) -> float:
        return self.chance(name, f"{self._times[asked.identity]} {asked.identity}")

    def _wear_token(self, token: str) -> None:
        life = self.faults.token_requests
        if not life or not token:
            return
        self._token_requests[token] += 1
        if self._token_requests[token] > life:
            number = list(self._token_requests).index(token)
            raise expired() if number % 2 else invalid_credentials()

    def _draw(self, asked: Asked) -> None:
        """One bucket for each client address and account; it says nothing of when to come again."""
        size = self.faults.bucket
        if not size:
            return
        key, now = (asked.address, asked.account_id), self.clock()
        left, seen_at = self._buckets.get(key, (float(size), now))
        left = min(size, left + (now - seen_at) * self.faults.bucket_refill)
        cost = LOGIN_COST if asked.account_id == NO_ACCOUNT else 1
        is_enough = left >= cost
        self._buckets[key] = (left - cost if is_enough else left, now)
        if not is_enough:
            raise _too_many_requests()

    def _vanish(self, asked: Asked) -> None:
        if asked.is_own_account or self.chance("vanish", asked.account_id) >= self.faults.vanish:
            return
        self._account_requests[asked.account_id] += 1
        if self._account_requests[asked.account_id] > self.faults.vanish_after:
            raise bad_identifier()

    def _passing_failure(self, asked: Asked) -> Ending:
        failure = self._failure(asked)
        if failure is None or self._failed_in_a_row[asked.identity] >= self.faults.in_a_row_max:
            del self._failed_in_a_row[asked.identity]
            return Ending.WHOLE
        self._failed_in_a_row[asked.identity] += 1
        if isinstance(failure, Refused):
            raise failure
        return failure

    def _failure(self, asked: Asked) -> Refused | Ending | None:
        turn = self.chance("turn", f"{self._times[asked.identity]} {asked.identity}")
        failures: dict[str, Refused | Ending] = {
            "too_many_requests": _too_many_requests(),
            "error_500": Refused(500, "unspecified_fault"),
            "error_502": Refused(502, "bad_gateway"),
            "error_503": Refused(503, _either(_FAULTS_503, turn)),
            "missing_view": Refused(503, _either(_MISSING_VIEW, turn)),
            "reset": Ending.RESET,
            "truncated": Ending.TRUNCATED,
        }
        return next((failure for name, failure in failures.items() if self.strikes_now(name, asked)), None)


def _too_many_requests() -> Refused:
    return Refused(429, "too_many_requests", {"message": "too many requests"})


def _either(spellings: tuple[str, ...], chance: float) -> str:
    return spellings[int(chance * 2**20) % len(spellings)]
