"""What a password must be, said in our own words: Django's sentences read differently in each language."""

from typing import Any

from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
    UserAttributeSimilarityValidator,
)
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


class LongEnough(MinimumLengthValidator):
    def get_error_message(self) -> str:
        return _("This password is too short. It needs at least %(count)s characters.") % {"count": self.min_length}

    def get_help_text(self) -> str:
        return _("At least %(count)s characters; several words in a row are good.") % {"count": self.min_length}


class NotCommon(CommonPasswordValidator):
    def get_error_message(self) -> str:
        return _("Many people use this password. Choose another one.")

    def get_help_text(self) -> str:
        return _("Not one that many people use.")


class NotSimple:
    """A password may be of small letters alone, but not of one piece said again and again, or of digits alone."""

    def validate(self, password: str, user: Any = None) -> None:  # noqa: ARG002 - as Django asks.
        known = password.strip().casefold()
        is_repeated = known in (known + known)[1:-1]
        if is_repeated or known.isdigit() or not known:
            raise ValidationError(_("This password is too easy to guess. Choose another one."), code="too_simple")

    def get_help_text(self) -> str:
        return _("Not one piece again and again, and not digits alone.")


class NotLikeTheUser(UserAttributeSimilarityValidator):
    def get_error_message(self) -> str:
        return _("This password is too much like your name or mail address. Choose another one.")

    def get_help_text(self) -> str:
        return _("Not like your name or mail address.")
