"""What waitress serves: the application, opened as this module is imported."""

import os
from pathlib import Path

from reseller_reporting.app import logs
from reseller_reporting.app.house import House
from reseller_reporting.config import load_settings
from reseller_reporting.web.opening import open_web

house = House(load_settings(os.environ, working_folder=Path.cwd()))
logs.begin("web", house.settings.log_level)
open_web(house)

from django.core.wsgi import get_wsgi_application  # noqa: E402 - Django is set up now.

application = get_wsgi_application()
