"""Files of a run: listed, downloaded one by one or in a zip; its summaries and rated legs as JSON, CSV or Parquet.

Invariants
- A file is asked for by the number or the name of its row; no part of a path on the disk comes from a request.
- A table as CSV or Parquet is the file that the run made, or would have made had it been ordered; as JSON it is the
  same rows, each value its exact text.
- Legs have the columns of the call sheet beside them: whoever may see that one may see them.
"""

import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router, Schema
from pydantic import Field

from reseller_reporting.api.permission import needs
from reseller_reporting.api.schemas import AccountId, Page, Paging, Text, page_of
from reseller_reporting.app.legs_csv import open_as_csv
from reseller_reporting.app.run_files import note_download, open_file, path_of, zipped
from reseller_reporting.app.summary_parquet import as_parquet
from reseller_reporting.app.table_pages import read_page
from reseller_reporting.app.tenancy import this_house
from reseller_reporting.control.api_keys import Scope
from reseller_reporting.control.asking import Asking, asking, doer_of
from reseller_reporting.control.models import Run, RunFile, User
from reseller_reporting.control.visibility import visible_accounts, visible_files, visible_legs, visible_runs
from reseller_reporting.model.errors import NotMade
from reseller_reporting.model.media_types import media_type

router = Router(tags=["files"])

_PARQUET = media_type(".parquet")
_CSV = "text/csv; charset=utf-8"
# No file is called by a number alone.
_ROW = re.compile(r"[0-9]{1,18}")
FileKey = Annotated[
    str,
    Field(
        min_length=1,
        max_length=500,
        pattern=r"^[^\x00]+$",
        description="`id`, or `name` such as summary.csv or accounts/blue-cafe--<its id>.xlsx, of a row of `files`",
    ),
]
_BINARY = {"type": "string", "format": "binary"}


class FileTold(Schema):
    id: int
    name: str
    kind: str  # workbook, summary, countries, manifest, legs, …
    edition: str
    account_id: str
    account_name: str
    size_bytes: int
    sha256: str


class FileQuery(Paging):
    kind: Text = ""
    account_id: Text = ""


class TableTold(Schema):
    """`next` is the cursor of the rows that follow; null at the end. Values are exact texts; unknown is null."""

    columns: list[str]
    rows: list[dict[str, str | None]]
    next: int | None


class TableQuery(Schema):
    format: Literal["json", "csv", "parquet"] = "json"
    cursor: int | None = Field(None, ge=1, le=2**62)  # Of JSON alone.
    limit: int = Field(1000, ge=1, le=10_000)


def _answers(*types: str) -> dict[int, Any]:
    return {200: {"description": "The file", "content": {each: {"schema": _BINARY} for each in types}}}


_TABLE = _answers("text/csv", _PARQUET)


@router.get("/{run_id}/files", response=Page[FileTold], summary="Files of a run", **needs(Scope.FILES_READ))
def list_files(request: HttpRequest, run_id: UUID, query: Query[FileQuery]) -> Page[FileTold]:
    user = asking(request).user
    files = visible_files(user).filter(run=_run(user, run_id))
    if query.kind:
        files = files.filter(kind=query.kind)
    if query.account_id:
        files = files.filter(account_id=query.account_id)
    return page_of(files.order_by("name"), query, _told)


@router.get(
    "/{run_id}/files.zip",
    response={200: None},
    summary="All files of a run that are yours to see, in a zip",
    **needs(Scope.FILES_READ, responses=_answers("application/zip")),
)
def archive(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    asked = asking(request)
    run = _run(asked.user, run_id)
    files = list(visible_files(asked.user).filter(run=run).order_by("name"))
    if not files:
        raise Http404
    parts = zipped(this_house(), files)
    note_download(this_house(), run, doer_of(asked), f"{len(files)} files")
    name = f"{run.period_name or 'report'}.zip"
    return StreamingHttpResponse(parts, content_type=media_type(name), headers=_attachment(name))


@router.get(
    "/{run_id}/files/{path:file}",
    response={200: None},
    summary="One file, by its id or its name",
    **needs(Scope.FILES_READ, responses=_answers("application/octet-stream")),
)
def download(request: HttpRequest, run_id: UUID, file: Annotated[FileKey, Path()]) -> HttpResponseBase:
    asked = asking(request)
    run = _run(asked.user, run_id)
    wanted = {"pk": int(file)} if _ROW.fullmatch(file) else {"name": file}
    row = get_object_or_404(visible_files(asked.user), run=run, **wanted)
    answer = _sent(row)
    note_download(this_house(), run, doer_of(asked), row.name)
    return answer


@router.get(
    "/{run_id}/summary",
    response=TableTold,
    summary="summary.csv: a row an account",
    **needs(Scope.FILES_READ, responses=_TABLE),
)
def summary(request: HttpRequest, run_id: UUID, query: Query[TableQuery]) -> Any:
    return _summary(request, run_id, "summary", query)


@router.get(
    "/{run_id}/countries",
    response=TableTold,
    summary="summary-by-country.csv: a row an account, country and direction",
    **needs(Scope.FILES_READ, responses=_TABLE),
)
def countries(request: HttpRequest, run_id: UUID, query: Query[TableQuery]) -> Any:
    return _summary(request, run_id, "countries", query)


@router.get(
    "/{run_id}/legs/{account_id}",
    response=TableTold,
    summary="The rated legs of an account, as its call sheet lists them",
    **needs(Scope.FILES_READ, responses=_TABLE),
)
def legs(request: HttpRequest, run_id: UUID, account_id: Annotated[AccountId, Path()], query: Query[TableQuery]) -> Any:
    """Of every report that is made, whatever files were ordered with it."""
    asked = asking(request)
    user = asked.user
    run = _run(user, run_id)
    files = visible_files(user).filter(run=run, account_id=account_id)
    if not files.exists() and not visible_accounts(user).filter(account_id=account_id).exists():
        raise Http404
    made = {PurePosixPath(file.name).suffix: file for file in visible_legs(user).filter(run=run, account_id=account_id)}
    file = made.get(".parquet") if query.format == "parquet" else made.get(".csv") or made.get(".parquet")
    if file is None:
        raise _no_legs(run, is_reported_on=files.exists())
    form = "parquet" if query.format == "parquet" else "csv"
    return _as_asked(asked, run, file, query, noted_as=f"legs/{PurePosixPath(file.name).stem}.{form}")


def _no_legs(run: Run, *, is_reported_on: bool) -> NotMade:
    _check_ready(run)
    if not is_reported_on:
        return NotMade("The report has no calls of this account: it is not about it, or could not read them.")
    return NotMade(
        "This report was made before rated legs were kept, and without a file of them. Make it again "
        f"(POST /api/v1/runs/{run.pk}/retry) or order another one: then they are there."
    )


def _run(user: User, run_id: UUID) -> Run:
    run: Run = get_object_or_404(visible_runs(user), pk=run_id)
    return run


def _summary(request: HttpRequest, run_id: UUID, kind: str, query: TableQuery) -> Any:
    asked = asking(request)
    run = _run(asked.user, run_id)
    file = visible_files(asked.user).filter(run=run, kind=kind).first()
    if file is None:
        _check_ready(run)
        raise Http404
    if query.format == "parquet":
        name = f"{PurePosixPath(file.name).stem}.parquet"
        open_file(this_house(), file).close()
        content = as_parquet(path_of(this_house(), file))
        note_download(this_house(), run, doer_of(asked), name)
        return HttpResponse(content, content_type=_PARQUET, headers=_attachment(name))
    return _as_asked(asked, run, file, query, noted_as=file.name)


def _check_ready(run: Run) -> None:
    if run.state != "made" and not run.files.exists():
        raise NotMade("The report is not ready. Ask for its progress, and for this when it is made.")


def _as_asked(asked: Asking, run: Run, file: RunFile, query: TableQuery, *, noted_as: str) -> Any:
    """Its download stands in the audit trail; of one that is read page by page, the first page."""
    answer: FileResponse | TableTold
    if query.format == "json":
        with open_as_csv(this_house(), file) as opened:
            page = read_page(opened, cursor=query.cursor, rows_max=query.limit)
        answer = TableTold(columns=page.columns, rows=page.rows, next=page.next)
    else:
        answer = _sent(file) if file.name.endswith(f".{query.format}") else _sent_as_csv(file)
    if query.format != "json" or query.cursor is None:
        note_download(this_house(), run, doer_of(asked), noted_as)
    return answer


def _sent_as_csv(file: RunFile) -> FileResponse:
    name = f"{PurePosixPath(file.name).stem}.csv"
    answer = FileResponse(open_as_csv(this_house(), file), as_attachment=True, filename=name, content_type=_CSV)
    answer.headers["ETag"] = f'"{file.sha256}-csv"'
    return answer


def _sent(file: RunFile) -> FileResponse:
    name = PurePosixPath(file.name).name
    kind = media_type(name)
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    answer = FileResponse(open_file(this_house(), file), as_attachment=True, filename=name, content_type=kind)
    answer.headers["ETag"] = f'"{file.sha256}"'
    return answer


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _told(file: RunFile) -> FileTold:
    return FileTold(
        id=file.pk,
        name=file.name,
        kind=file.kind,
        edition=file.edition,
        account_id=file.account_id,
        account_name=file.account_name,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
    )
