"""Refusals of the API, RFC 9457: the one form of them, for the door and for what is behind it."""

from typing import Any

from django.http import JsonResponse

PROBLEM_TYPE = "application/problem+json"


def problem(status: int, code: str, detail: str, **more: Any) -> JsonResponse:
    """`code` is for programs, `detail` a sentence for people; neither says what exists beyond what one may see."""
    document = {"type": "about:blank", "title": code, "status": status, "code": code, "detail": detail} | more
    return JsonResponse(document, status=status, content_type=PROBLEM_TYPE)
