"""Opening: what an installation's settings make of Django's, the tables, and the static files. Once a process.

Static files are collected and compressed under HOME once a version, and served below an address that names their
content: a browser keeps them for ever and never has old ones.
"""

import hashlib
import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit

from reseller_reporting.app.house import House
from reseller_reporting.control import database
from reseller_reporting.control.sealing import seal_of
from reseller_reporting.web import settings as stated
from reseller_reporting.web.client_address import FORWARDED_PROTO

_STATIC = Path(__file__).parent / "static"
# What brings static files of its own.
_OTHERS = ("django", "django-htmx", "django-ninja")
_HERE = ["localhost", "127.0.0.1", "[::1]"]


def open_web(house: House) -> None:
    """Django is set up and the database up to date; pages can be served."""
    database.prepare(house.settings.database_url, settings_of(house))
    _collect_static()


def settings_of(house: House) -> Mapping[str, Any]:
    named = {name: value for name, value in vars(stated).items() if name.isupper()}
    content = _static_digest()
    url = urlsplit(house.settings.web_url or "")
    is_https = url.scheme == "https"
    return named | {
        "HOUSE": house,
        "SECRET_KEY": seal_of(house.settings.home, house.settings.secret_key).derived("django"),
        "ALLOWED_HOSTS": [*_HERE, *([url.hostname] if url.hostname else []), *_named_hosts()],
        "CSRF_TRUSTED_ORIGINS": [house.settings.web_url] if house.settings.web_url else [],
        "SESSION_COOKIE_SECURE": is_https,
        "CSRF_COOKIE_SECURE": is_https,
        # Whoever stands before us and speaks TLS says so; `Watched` leaves it of trusted proxies alone.
        "SECURE_PROXY_SSL_HEADER": (FORWARDED_PROTO, "https") if is_https else None,
        "SECURE_HSTS_SECONDS": 31_536_000 if is_https else 0,
        "STATIC_URL": f"/static/{content}/",
        "STATIC_ROOT": str(house.settings.home / "static" / content),
        # The address names the content.
        "WHITENOISE_IMMUTABLE_FILE_TEST": lambda _path, _url: True,
    }


def _named_hosts() -> list[str]:
    """The address that `serve --host` listens on, by which it may be called as well."""
    host = os.environ.get("RESELLER_REPORTING_LISTENS_ON", "")
    return [f"[{host}]" if ":" in host else host] if host and host not in ("0.0.0.0", "::") else []  # noqa: S104


def _static_digest() -> str:
    digest = hashlib.sha256("".join(f"{name} {version(name)}\n" for name in _OTHERS).encode())
    for path in sorted(path for path in _STATIC.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(_STATIC)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _collect_static() -> None:
    """Whole or not at all: made beside, and renamed."""
    from django.conf import settings
    from django.core.management import call_command
    from django.test.utils import override_settings

    target = Path(str(settings.STATIC_ROOT))
    if target.is_dir():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = mkdtemp(prefix=f".{target.name}-", dir=target.parent)
    with override_settings(STATIC_ROOT=beside):
        call_command("collectstatic", verbosity=0, interactive=False)
    try:
        Path(beside).rename(target)
    except OSError:  # Another process was first.
        if not target.is_dir():
            raise
