"""What the use cases' tests share."""

from collections.abc import Iterator

import pytest
import stamina


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """What is asked for again is asked for at once."""
    with stamina.set_testing(True, attempts=10, cap=True):
        yield
