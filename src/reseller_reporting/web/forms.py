"""Forms as the pages show them: Tabler's classes, and fields that say what is wrong with them."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from reseller_reporting.web.log_ins import is_password_of

_CLASSES: dict[type[forms.Widget], str] = {
    forms.CheckboxInput: "form-check-input",
    forms.RadioSelect: "form-check-input",
    forms.Select: "form-select",
}


class Styled(forms.BaseForm):
    """Beside a form's own class: `class MyForm(Styled, forms.Form)`."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        for field in self.fields.values():
            kind = next((css for widget, css in _CLASSES.items() if isinstance(field.widget, widget)), "form-control")
            field.widget.attrs["class"] = f"{field.widget.attrs.get('class', '')} {kind}".strip()

    def add_error(self, field: str | None, error: Any) -> None:
        super().add_error(field, error)
        for name in (self.errors if field is None else {field: error}).keys() & self.fields.keys():
            marks = self.fields[name].widget.attrs
            if "is-invalid" not in marks["class"]:
                marks["class"] += " is-invalid"


class OwnPasswordWords(forms.BaseForm):
    """New passwords in our own words: Django's are those of its translators, in each language others."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["new_password2"].label = _("New password once more")
        self.fields["new_password2"].help_text = ""
        self.error_messages: dict[str, Any] = {
            **self.error_messages,
            "password_mismatch": _("The two new passwords are not the same."),
            "password_incorrect": _("The old password is not right."),
        }

    def validate_password_for_user(self, user: Any, _password_field_name: str = "") -> None:
        """What is wrong with it is said where it is chosen, not where it is repeated."""
        super().validate_password_for_user(user, "new_password1")  # type: ignore[misc]  # Of Django's form beside it.


class LogInForm(Styled, AuthenticationForm):
    error_messages = {  # noqa: RUF012 - Django's own way to say it.
        "invalid_login": _("This does not let you in. Check the mail address or user name, and the password."),
        "inactive": _("This does not let you in. Check the mail address or user name, and the password."),
    }

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["username"].label = _("Mail address or user name")

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).strip().lower()


class ChangePasswordForm(OwnPasswordWords, Styled, PasswordChangeForm):
    """Wrong old passwords count as they do at the log-in: who finds a session open does not get to guess."""

    def __init__(self, *arguments: Any, request: HttpRequest, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._request = request

    def clean_old_password(self) -> str:
        old = str(self.cleaned_data["old_password"])
        if not is_password_of(self._request, self.user, old):
            raise forms.ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return old
