"""An office of the kit, on a database of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from workers import Office, office_at

if TYPE_CHECKING:
    from tests.conftest import Terminal


@pytest.fixture
def office(database_url: str, terminal: Terminal) -> Iterator[Office]:
    with office_at(database_url, terminal) as opened:
        yield opened
