"""A mail server that keeps what it is given."""

from __future__ import annotations

from asyncio.base_events import Server
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller

if TYPE_CHECKING:
    from aiosmtpd.smtp import Envelope


@dataclass
class Mailbox:
    """Takes a message only after `on_message` has returned."""

    received: list[Envelope] = field(default_factory=list)
    on_message: Callable[[], None] = lambda: None
    answer: str = "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.received.append(envelope)
        self.on_message()
        return self.answer


class _FreePortController(Controller):
    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def taking_mail(mailbox: Mailbox, *, port: int = 0) -> Iterator[str]:
    """Its URL: a free port, unless one is named."""
    kind = Controller if port else _FreePortController
    controller = kind(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()
