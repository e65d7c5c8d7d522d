"""The room as a Django app: templates, static files, translations, and what log-ins leave in the audit trail."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "reseller_reporting.web"
    label = "web"

    def ready(self) -> None:
        from reseller_reporting.web import log_ins

        log_ins.watch()
