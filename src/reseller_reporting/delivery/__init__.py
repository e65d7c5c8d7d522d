"""Delivery: how a finished set of reports leaves the house: into a folder, by mail."""
