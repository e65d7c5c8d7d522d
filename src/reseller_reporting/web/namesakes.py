"""Namesakes: customers of one name, and what tells them apart wherever their names stand in a list.

Who has a name alone is shown by it alone.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

_SHORT = 5  # Of either end.


def short_id(account_id: str) -> str:
    """Enough of it to tell namesakes apart."""
    return f"{account_id[:_SHORT]}…{account_id[-_SHORT:]}" if len(account_id) > 3 * _SHORT else account_id


def short_ids(customers: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Of those, each an account and its name, who share their name with another one: by account, what is shown."""
    named = list(customers)
    bearers = Counter(name for _, name in named)
    return {account_id: short_id(account_id) for account_id, name in named if bearers[name] > 1}
