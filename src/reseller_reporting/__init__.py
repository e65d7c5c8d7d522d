"""Reseller Reporting: what each customer of a KAZOO reseller used, what it cost, and why."""

__version__ = "0.1.0"
