"""Migrations of the control database: made by Django, checked in, applied by `database.opened`."""
