"""What a password must be, said in our own words: Django's sentences read differently in each language."""

from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
    UserAttributeSimilarityValidator,
)
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


class NotLikeTheUser(UserAttributeSimilarityValidator):
    def get_error_message(self) -> str:
        return _("This password is too much like your name or mail address. Choose another one.")

    def get_help_text(self) -> str:
        return _("Not like your name or mail address.")
