"""Django's settings for the control database alone, but for its address, which `database.configure` adds.

The web application's settings begin with these (`web/settings.py`). What stands here must not need another Django app:
the command line opens the database with nothing but this.
"""

INSTALLED_APPS = ["reseller_reporting.control"]
AUTH_USER_MODEL = "control.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LOGGING_CONFIG = None
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
PASSWORD_CHARACTERS_MIN = 12
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_CHARACTERS_MIN},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
