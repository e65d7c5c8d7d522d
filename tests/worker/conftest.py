"""An office of the kit, on a database of each kind; single jobs are tried on a site of it, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from sites import empty_database, made_run, site, tree
from workers import Office, office_at

if TYPE_CHECKING:
    from tests.conftest import Terminal

__all__ = ["empty_database", "made_run", "site", "tree"]


@pytest.fixture
def office(database_url: str, terminal: Terminal) -> Iterator[Office]:
    with office_at(database_url, terminal) as opened:
        yield opened
