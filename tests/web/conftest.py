"""Pages are tried on a site of the kit."""

from sites import empty_database, site

__all__ = ["empty_database", "site"]
