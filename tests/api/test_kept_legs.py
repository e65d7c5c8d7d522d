"""Rated legs of a report that nobody ordered files of: kept beside it, for whoever asks later."""

from __future__ import annotations

import hashlib
import io
import zipfile
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from api_site import ACME, BRANCH, LEAF, ROOT, SHOP
from structlog.testing import CapturingLogger

from reseller_reporting.app import converting
from reseller_reporting.app.tenancy import run_folder
from reseller_reporting.control.scoping import within

if TYPE_CHECKING:
    from pathlib import Path

    from api_site import ApiSite

CSV = "\ufeffCalled,Customer Cost\r\n" + "".join(f"'+4930{row:04},0.{row:04}\r\n" for row in range(25))


def keep(api: ApiSite, *, rows: int = 25) -> Path:
    """Legs of Acme as a report keeps them."""
    legs = pa.table(
        {
            "Called": [f"+4930{row:04}" for row in range(rows)],
            "Customer Cost": pa.array([Decimal(row).scaleb(-4) for row in range(rows)], pa.decimal128(19, 4)),
        }
    )
    path = run_folder(api.site.house, api.run.pk) / ".legs" / "acme.parquet"
    pq.write_table(legs, path, row_group_size=10)
    row = api.files[".legs/acme.parquet"]
    row.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    row.save()
    return path


def content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_kept_legs_come_in_every_form_and_their_downloads_are_known(api: ApiSite) -> None:
    from reseller_reporting.control.models import AuditEvent

    kept, path = keep(api), f"/runs/{api.run.pk}/legs/{ACME}"
    viewer = api.of("reseller_viewer")
    assert content(viewer.get(f"{path}?format=parquet")) == kept.read_bytes()
    answer = viewer.get(f"{path}?format=csv")
    assert (answer.headers["Content-Type"], content(answer)) == ("text/csv; charset=utf-8", CSV.encode())
    assert 'filename="acme.csv"' in answer.headers["Content-Disposition"]
    first = viewer.get(f"{path}?limit=20").json()
    assert first["columns"] == ["Called", "Customer Cost"]
    assert (len(first["rows"]), first["rows"][7]) == (20, {"Called": "+49300007", "Customer Cost": "0.0007"})
    with within(api.site.reseller):
        subjects = list(AuditEvent.objects.order_by("pk").values_list("subject", flat=True))
    assert subjects == ["legs/acme.parquet", "legs/acme.csv", "legs/acme.csv"]


def test_a_cursor_stays_good_when_what_is_read_is_made_once_more(api: ApiSite) -> None:
    keep(api)
    viewer, path = api.of("reseller_viewer"), f"/runs/{api.run.pk}/legs/{ACME}?limit=20"
    following = viewer.get(path).json()["next"]
    for file in (run_folder(api.site.house, api.run.pk) / ".legs-csv").iterdir():
        file.unlink()
    last = viewer.get(f"{path}&cursor={following}").json()
    assert ([row["Called"] for row in last["rows"]], last["next"]) == (
        [f"+4930{row:04}" for row in range(20, 25)],
        None,
    )


def test_a_report_that_is_made_anew_is_read_anew(api: ApiSite) -> None:
    viewer, path = api.of("reseller_viewer"), f"/runs/{api.run.pk}/legs/{ACME}"
    for rows in (25, 3):
        keep(api, rows=rows)
        assert len(viewer.get(path).json()["rows"]) == rows


def test_kept_legs_are_in_no_list_no_zip_and_no_download(api: ApiSite) -> None:
    for name in ("operator", "reseller_admin", "customer_admin"):
        caller = api.of(name)
        listed = caller.get(f"/runs/{api.run.pk}/files").json()["items"]
        zipped = zipfile.ZipFile(io.BytesIO(content(caller.get(f"/runs/{api.run.pk}/files.zip")))).namelist()
        assert zipped == [each["name"] for each in listed]
        assert not [each for each in zipped if each.startswith(".legs")]
        assert caller.get(f"/runs/{api.run.pk}/files?kind=kept_legs").json()["items"] == []
        assert caller.get(f"/runs/{api.run.pk}/files/.legs/leaf.parquet").status_code == 404


def test_a_report_of_before_and_an_account_without_calls_say_what_to_do(api: ApiSite) -> None:
    from reseller_reporting.control.models import Run

    admin = api.of("reseller_admin")

    def told(account: str) -> str:
        answer = admin.get(f"/runs/{api.run.pk}/legs/{account}")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_made")
        return str(answer.json()["detail"])

    assert f"POST /api/v1/runs/{api.run.pk}/retry" in told(SHOP)
    assert "not about it" in told(ROOT)
    with within(api.site.reseller):
        api.run.files.all().delete()
        Run.objects.update(state="waiting")
    assert "The report is not ready" in told(ACME)
    with within(api.site.reseller):
        Run.objects.update(state="failed")
    assert "The report is not ready" in told(ACME)


def test_what_is_gone_or_broken_is_said(api: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    log, admin = CapturingLogger(), api.of("reseller_admin")
    monkeypatch.setattr(converting, "_log", log)
    for form in ("json", "csv"):
        answer = admin.get(f"/runs/{api.run.pk}/legs/{ACME}?format={form}")
        assert (answer.status_code, answer.json()["code"]) == (503, "cannot_write")
        assert answer.json()["detail"] == "acme.parquet could not be converted. Ask for Parquet."
    assert list((run_folder(api.site.house, api.run.pk) / ".legs-csv").iterdir()) == []
    assert {call.kwargs["file"] for call in log.calls} == {"acme.parquet"}
    assert "ArrowInvalid" in log.calls[0].kwargs["why"], "the operator learns the cause"
    (run_folder(api.site.house, api.run.pk) / ".legs" / "leaf.parquet").unlink()
    for form in ("json", "csv", "parquet"):
        answer = api.of("customer_admin").get(f"/runs/{api.run.pk}/legs/{LEAF}?format={form}")
        assert (answer.status_code, answer.json()["code"]) == (404, "file_gone")


def test_many_who_convert_leave_the_server_to_everyone_else(api: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    monkeypatch.setattr(converting, "_places", threading.BoundedSemaphore(1))
    converting._places.acquire()
    admin = api.of("reseller_admin")
    answer = admin.get(f"/runs/{api.run.pk}/legs/{ACME}")
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "too_many_at_once", "30")
    assert admin.get(f"/runs/{api.run.pk}/legs/{ACME}?format=parquet").status_code == 200
    assert admin.get(f"/runs/{api.run.pk}/summary?format=parquet").status_code == 503
    # Nothing is converted where the run made the very file.
    assert len(admin.get(f"/runs/{api.run.pk}/legs/{BRANCH}").json()["rows"]) == 25
    converting._places.release()
    assert admin.get(f"/runs/{api.run.pk}/summary?format=parquet").status_code == 200
