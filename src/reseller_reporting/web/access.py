"""What a view asks before anything else: whether the role of whoever asks allows it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from reseller_reporting.control.asking import Asking, asking
from reseller_reporting.control.roles import Action, may

P = ParamSpec("P")


def needs(
    action: Action,
) -> Callable[[Callable[Concatenate[Asking, P], HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """The view gets a request of which it is known who asks; 403 to a role that may not."""

    def decorated(view: Callable[Concatenate[Asking, P], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def asked(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
            someone = asking(request)
            if not may(someone.user, action):
                raise PermissionDenied
            return view(someone, *arguments, **named)

        return asked

    return decorated
