"""Django's settings of the web application, but for what an installation says (`opening.py`): those of the control
database, and what pages need. Type checking reads them here."""

from pathlib import Path
from typing import Any

from reseller_reporting.control.settings import *  # noqa: F403 - one home for what both need.
from reseller_reporting.control.settings import PASSWORD_CHARACTERS_MIN

_HERE = Path(__file__).parent

INSTALLED_APPS = [
    "reseller_reporting.control",
    "reseller_reporting.web",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "ninja",
    "axes",
]
MIDDLEWARE = [
    "reseller_reporting.web.middleware.Watched",
    "reseller_reporting.web.middleware.Headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "reseller_reporting.web.turns.InTurn",  # Static files are served above it.
    "reseller_reporting.web.middleware.Legible",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "reseller_reporting.web.middleware.Small",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "reseller_reporting.web.middleware.WhoAsks",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "reseller_reporting.web.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "reseller_reporting.web.navigation.context",
            ]
        },
    }
]

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "reseller_reporting.web.kazoo_door.KazooBackend",
]
_RULES = "reseller_reporting.web.password_rules"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_RULES}.LongEnough", "OPTIONS": {"min_length": PASSWORD_CHARACTERS_MIN}},
    {"NAME": f"{_RULES}.NotCommon"},
    {"NAME": f"{_RULES}.NotSimple"},
    {"NAME": f"{_RULES}.NotLikeTheUser", "OPTIONS": {"user_attributes": ("username", "email", "name")}},
]
PASSWORD_RESET_TIMEOUT = 3600
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # Hours.
AXES_RESET_ON_SUCCESS = True
# Of one name from one address: a stranger cannot lock someone out of their own office.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "reseller_reporting.web.pages.locked_out"
# A quarter of an hour is one, however often somebody tries meanwhile; nor does what is tried then pile up.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# It keeps what a refused form held: of each form that asks for a secret, every field that may be one.
AXES_SENSITIVE_PARAMETERS = [
    "password",
    "old_password",
    "new_password1",
    "new_password2",
    "code",
    "csrfmiddlewaretoken",
]
AXES_VERBOSE = False

SESSION_COOKIE_NAME = "reseller_reporting_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "reseller_reporting_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "reseller_reporting.web.pages.csrf_refused"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
REQUEST_BYTES_MAX = 10_000_000  # Ours: of a whole request, files within it included.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000  # A choice among 10 000 accounts is a form, too.

USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("nl", "Nederlands"),
    ("it", "Italiano"),
    ("pt", "Português"),
]
FORMAT_MODULE_PATH = "reseller_reporting.web.formats"
LOCALE_PATHS = [str(_HERE / "locale")]

# What an installation says takes the place of these.
HOUSE: Any = None
STATIC_URL = "/static/"
STATIC_ROOT = ""
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
NINJA_PAGINATION_PER_PAGE = 100
