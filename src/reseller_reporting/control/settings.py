"""Django's settings, but for the database, which `database.configure` adds. Type checking reads them here, too."""

INSTALLED_APPS = ["reseller_reporting.control"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LOGGING_CONFIG = None
