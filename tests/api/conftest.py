"""The API is tried on a site of the kit, with accounts, a run and its files."""

from api_site import api
from sites import empty_database, site

__all__ = ["api", "empty_database", "site"]
