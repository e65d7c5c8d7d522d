"""Single jobs are tried on a site of the kit, in this process."""

from sites import empty_database, made_run, site, tree

__all__ = ["empty_database", "made_run", "site", "tree"]
