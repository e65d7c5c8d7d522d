"""Progress: what a use case tells whoever watches; shells decide how it looks."""

from typing import Protocol


class Progress(Protocol):
    def stage(self, name: str, total: int | None = None) -> None:
        """A new stage begins, of so many steps where that is known."""

    def step(self, note: str = "") -> None:
        """One step of the stage is done."""

    def say(self, sentence: str) -> None:
        """Something worth a line."""


class Quiet:
    """Nobody watches."""

    def stage(self, name: str, total: int | None = None) -> None:
        pass

    def step(self, note: str = "") -> None:
        pass

    def say(self, sentence: str) -> None:
        pass
