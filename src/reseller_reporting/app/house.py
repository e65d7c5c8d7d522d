"""The house: settings, clock and lake, built once and handed to every use case.

What reads KAZOO and the lake weighs a hundred megabytes: it is imported when it is asked for, which the processes of
the web application never do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from reseller_reporting.app.branding import brand_of
from reseller_reporting.config import Settings, kazoo_credentials_problem
from reseller_reporting.model.brand import Brand
from reseller_reporting.model.errors import InvalidSettings

if TYPE_CHECKING:
    from reseller_reporting.sources.kazoo.credentials import Credentials
    from reseller_reporting.sources.kazoo.source import KazooSource
    from reseller_reporting.store.lake import Lake


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class House:
    settings: Settings
    clock: Callable[[], datetime] = utc_now
    is_kazoo_typed: bool = False  # By a user, not by the operator: then it is asked outside alone.

    @cached_property
    def brand(self) -> Brand:
        return brand_of(self.settings)

    @cached_property
    def lake(self) -> "Lake":
        from reseller_reporting.store.lake import Lake

        return Lake(self.settings.store_folder)

    def credentials(self) -> "Credentials":
        from reseller_reporting.sources.kazoo.credentials import Credentials

        problem = kazoo_credentials_problem(self.settings)
        if problem:
            raise InvalidSettings(problem)
        settings = self.settings
        assert settings.kazoo_url is not None
        return Credentials(
            url=settings.kazoo_url,
            api_key=settings.kazoo_api_key,
            username=settings.kazoo_username,
            password=settings.kazoo_password,
            account_name=settings.kazoo_account_name,
            is_public_only=self.is_kazoo_typed and settings.kazoo_private_networks == "refused",
        )

    def kazoo(self) -> "KazooSource":
        """Not yet logged in; entering it does that."""
        # What works on the store alone waits for no client.
        from reseller_reporting.sources.kazoo.source import KazooSource

        return KazooSource(
            self.credentials(),
            page_size=self.settings.kazoo_page_size,
            concurrency=self.settings.kazoo_concurrency,
            clock=self.clock,
        )
