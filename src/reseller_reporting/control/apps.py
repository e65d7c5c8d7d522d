"""The room as a Django app, so that it has models and migrations."""

from django.apps import AppConfig


class ControlConfig(AppConfig):
    name = "reseller_reporting.control"
    label = "control"
    default_auto_field = "django.db.models.BigAutoField"
