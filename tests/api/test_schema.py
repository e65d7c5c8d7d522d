"""The API against its own description, with requests that a machine makes up: schemathesis, with a key and without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from django.conf import settings as django_settings
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

if TYPE_CHECKING:
    from api_site import ApiSite

_CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
_EXAMPLES_AN_OPERATION = 3


def described(api: ApiSite) -> Any:
    return schemathesis.openapi.from_dict(api.of("operator").get("/openapi.json").json())


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    from reseller_reporting.api import jobs, passing

    monkeypatch.setattr(django_settings, "ALLOWED_HOSTS", ["localhost", "testserver"])
    monkeypatch.setattr(passing, "READS_A_MINUTE", 1_000_000)
    monkeypatch.setattr(passing, "WRITES_A_MINUTE", 1_000_000)
    monkeypatch.setattr(jobs, "STREAM_SECONDS_MAX", 0)


def test_made_up_requests_are_answered_as_described_and_without_a_key_not_at_all(api: ApiSite, unlimited: None) -> None:
    schema = described(api)
    schema.app = WSGIHandler()
    headers = api.of("reseller_admin").headers
    operations = [each.ok() for each in schema.get_all_operations()]
    assert len(operations) > 30
    for operation in operations:
        _try(operation, headers)
    assert api.site.client.get("/api/v1/me", headers=headers).status_code == 200  # The key was good to the end.


def _try(operation: Any, headers: dict[str, str]) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=_EXAMPLES_AN_OPERATION,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def tried(case: Any) -> None:
        case.validate_response(case.call(headers=headers), checks=_CHECKS)
        assert case.call().status_code == 401, operation.label

    tried()
