"""Progress: what a use case tells whoever watches; shells decide how it looks."""

from collections.abc import Sequence
from typing import Protocol

from reseller_reporting.model.account import Account

# The stages of a report, in their order; the first one is the worker's, which begins the work.
PREPARING = "Getting ready"
LOGGING_IN = "Logging in"
TREE = "Reading the account tree"
SERVICES = "Reading services"
CALLS = "Reading calls"
WORKBOOKS = "Writing workbooks"
STAGES = (PREPARING, LOGGING_IN, TREE, SERVICES, CALLS, WORKBOOKS)


class Progress(Protocol):
    def about(self, accounts: Sequence[Account]) -> None:
        """Whom the work is for, as soon as that is known."""

    def stage(self, name: str, total: int | None = None) -> None:
        """A new stage begins, of so many steps where that is known."""

    def step(self, note: str = "", *, account_id: str = "") -> None:
        """One step of the stage is done, for that account where it is an account's."""

    def say(self, sentence: str) -> None:
        """Something worth a line."""


class Quiet:
    """Nobody watches."""

    def about(self, accounts: Sequence[Account]) -> None:
        pass

    def stage(self, name: str, total: int | None = None) -> None:
        pass

    def step(self, note: str = "", *, account_id: str = "") -> None:
        pass

    def say(self, sentence: str) -> None:
        pass
