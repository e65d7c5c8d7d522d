"""Faults: what a KAZOO can do to those who read it, each named, each switched on by itself.

Owns: Faults, the named profiles, how both are written on a command line. Does not own: whom a fault strikes
(faults_at_work), what it makes of an answer (faults_in_answers).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any


def _fault(default: float | bool, usual: float | bool, says: str) -> Any:
    return field(default=default, metadata={"usual": usual, "says": says})


def _chance(usual: float, says: str) -> Any:
    return _fault(0.0, usual, says)


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """All of them are off unless said otherwise; `usual` is what a bare name stands for."""

    seed: int = _fault(1, 1, "another seed strikes other requests")
    in_a_row_max: int = _fault(2, 2, "a request is failed at most so many times in a row, so who repeats gets through")

    # Of a request that would have been answered.
    too_many_requests: float = _chance(0.1, "chance of a 429 without Retry-After")
    error_500: float = _chance(0.1, "chance of a 500")
    error_502: float = _chance(0.1, "chance of a 502")
    error_503: float = _chance(0.1, "chance of a 503, in either spelling")
    missing_view: float = _chance(0.1, "chance of a 503 'datastore missing view' that passes, in either spelling")
    reset: float = _chance(0.1, "chance that the connection is reset in the middle of the body")
    truncated: float = _chance(0.1, "chance of an answer whose JSON stops half-way")
    slow: float = _chance(0.1, "chance that an answer waits for slow_seconds first")
    slow_seconds: float = _fault(0.5, 0.5, "how long a slow answer waits")

    # Of a listing or an account, from beginning to end.
    missing_view_always: float = _chance(1.0, "share of call and ledger listings whose view is missing for good")
    repeated_key: float = _chance(1.0, "share of listings whose second page names itself as the next")
    short_pages: float = _chance(1.0, "chance that a page holds fewer rows than asked for, with the key to go on")
    raw_keys: bool = _fault(False, True, "keys of pages as old installations give them: JSON arrays and bare text")
    count_wrong: float = _chance(1.0, "chance that a page of calls or ledger entries announces a row that it lacks")
    lost_entries: float = _chance(0.1, "share of ledger entries that KAZOO sums up but does not list")
    vanish: float = _chance(0.5, "share of customers that are deleted during the run: 404")
    vanish_after: int = _fault(3, 3, "requests about such a customer that are still answered")

    # Of streams: they close with "success" after a failure.
    chunked: bool = _fault(False, True, "call and ledger listings are chunked whatever is_chunked says")
    cut_stream: float = _chance(1.0, "chance that a chunked listing stops early, with the key to go on")
    cut_stream_keyless: float = _chance(
        1.0, "chance that a chunked listing stops before its next month and looks complete"
    )

    # Of the administrator and the installation.
    token_requests: int = _fault(0, 25, "a token dies after so many requests, in both forms of 401 by turns; 0: never")
    token_seconds: int = _fault(0, 60, "how long a token lives by KAZOO's clock; 0: an hour")
    locked: bool = _fault(False, True, "the account is locked: every log-in is a 423")
    clock_ahead_seconds: int = _fault(0, 600, "KAZOO's clock goes so many seconds ahead")
    no_reseller_view: bool = _fault(
        False, True, "calls are listed without the reseller's columns, as to a masquerading token"
    )
    bucket: int = _fault(
        0, 100, "tokens in the bucket of a client address and account; a log-in takes 35; 0: no bucket"
    )
    bucket_refill: float = _fault(10.0, 10.0, "tokens that come back to a bucket each second")
    range_seconds: int = _fault(0, 86_400, "the longest range that a listing may ask for; 0: KAZOO's default")
    rows_max: int = _fault(0, 100, "416 for answers of more rows in one piece; 0: no limit")
    no_allotments: bool = _fault(False, True, "allotments are not configured for anybody: 400")

    # Of the version.
    old: bool = _fault(False, True, "answers as KAZOO 4.2 gives them: fewer columns, /services in place of its summary")
    no_empty: bool = _fault(False, True, "columns that are empty are left out of call listings")
    unknown_keys: bool = _fault(False, True, "keys that nobody knows, in envelopes, rows and documents")
    float_noise: bool = _fault(False, True, "amounts with the noise of doubles: 6.9900000000000002132")


CALM = Faults()
PROFILES: Mapping[str, Faults] = {
    "calm": CALM,
    "busy": Faults(bucket=100, too_many_requests=0.05, slow=0.1),
    "flaky": Faults(error_500=0.03, error_502=0.03, error_503=0.03, missing_view=0.03, reset=0.03, truncated=0.03),
    "throttled": Faults(bucket=100),
    "restarting": Faults(error_502=0.05, error_503=0.05, reset=0.05, token_requests=50),
    "old": Faults(old=True, no_empty=True, float_noise=True),
    "strict": Faults(range_seconds=86_400, rows_max=100),
    # Everything after which the figures can still be right.
    "all": Faults(
        too_many_requests=0.03,
        error_500=0.02,
        error_502=0.02,
        error_503=0.02,
        missing_view=0.02,
        reset=0.02,
        truncated=0.02,
        slow=0.02,
        chunked=True,
        cut_stream=0.02,
        short_pages=0.02,
        raw_keys=True,
        token_requests=100,
        bucket=100,
        range_seconds=604_800,
        no_empty=True,
        unknown_keys=True,
        float_noise=True,
    ),
}


def parse_faults(text: str) -> Faults:
    """`flaky`, `reset`, `flaky,range_seconds=3600,seed=7`: each word changes what those before it left."""
    known = {each.name: each for each in fields(Faults)}
    faults = CALM
    for word in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = word.partition("=")
        if name in PROFILES and not value:
            profile = PROFILES[name]
            changed: dict[str, Any] = {
                each: getattr(profile, each) for each in known if getattr(profile, each) != getattr(CALM, each)
            }
            faults = replace(faults, **changed)
        elif name in known:
            given: dict[str, Any] = {name: _value(name, value, known[name].metadata["usual"])}
            faults = replace(faults, **given)
        else:
            raise ValueError(f"{name!r} is no fault; there are {', '.join([*PROFILES, *known])}")
    return faults


def described() -> list[str]:
    """A line for each fault, as a person may want to read it."""
    return [f"{each.name}={each.metadata['usual']}: {each.metadata['says']}" for each in fields(Faults)]


def _value(name: str, text: str, usual: float | bool) -> float | bool:
    """The value in the type of the usual one, which stands for a missing one."""
    if not text:
        return usual
    if isinstance(usual, bool):
        if text in ("true", "false"):
            return text == "true"
        raise ValueError(f"{name} is true or false, not {text!r}")
    try:
        value = type(usual)(text)
    except ValueError:
        raise ValueError(f"{name} wants a number like {usual}, not {text!r}") from None
    if not 0 <= value < 1e9:
        raise ValueError(f"{name} cannot be {text}")
    return value
