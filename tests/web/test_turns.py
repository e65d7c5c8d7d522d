"""Requests take turns, a few at a time; nobody waits for ever, and supervisors not at all."""

import threading

from django.http import HttpRequest, HttpResponse

from reseller_reporting.web.turns import AT_ONCE, InTurn

_PATIENCE_SECONDS = 20


class Crowd:
    """So many ask at once, and are answered when `opened` is set."""

    def __init__(self, count: int, *, wait_seconds: float = _PATIENCE_SECONDS) -> None:
        self.in_turn = InTurn(self._answer, wait_seconds=wait_seconds)
        self.opened, self.most, self._inside = threading.Event(), 0, 0
        self.entered, self._lock = threading.Semaphore(0), threading.Lock()
        self.threads = [threading.Thread(target=self.in_turn, args=(_asking("/"),)) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def _answer(self, request: HttpRequest) -> HttpResponse:
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)
        self.entered.release()
        assert request.path == "/healthz" or self.opened.wait(_PATIENCE_SECONDS)
        with self._lock:
            self._inside -= 1
        return HttpResponse()

    def enter(self, count: int) -> bool:
        return all(self.entered.acquire(timeout=_PATIENCE_SECONDS) for _ in range(count))

    def leave(self) -> None:
        self.opened.set()
        for thread in self.threads:
            thread.join(_PATIENCE_SECONDS)


def _asking(path: str) -> HttpRequest:
    request = HttpRequest()
    request.path = path
    return request


def test_a_few_at_a_time_and_all_are_answered() -> None:
    crowd = Crowd(3 * AT_ONCE)
    assert crowd.enter(AT_ONCE)
    assert not crowd.entered.acquire(blocking=False)
    crowd.leave()
    assert crowd.enter(2 * AT_ONCE)
    assert crowd.most == AT_ONCE


def test_who_waited_long_goes_on_without_a_turn() -> None:
    """All turns are held by what waits for KAZOO, say."""
    crowd = Crowd(2 * AT_ONCE, wait_seconds=0.01)
    assert crowd.enter(2 * AT_ONCE)
    crowd.leave()
    assert crowd.most == 2 * AT_ONCE


def test_supervisors_need_no_turn() -> None:
    crowd = Crowd(AT_ONCE)
    assert crowd.enter(AT_ONCE)
    assert crowd.in_turn(_asking("/healthz")).status_code == 200
    crowd.leave()


def test_a_request_that_fails_gives_its_turn_back() -> None:
    def answer(_: HttpRequest) -> HttpResponse:
        raise ConnectionError

    in_turn = InTurn(answer, wait_seconds=0)
    for _ in range(2 * AT_ONCE):
        try:
            in_turn(_asking("/"))
        except ConnectionError:
            continue
    assert all(in_turn._turns.acquire(blocking=False) for _ in range(AT_ONCE))
