"""What several subjects share: texts that every database takes, and pages of a list."""

from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import QuerySet
from ninja import Schema
from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")

# PostgreSQL keeps no zero byte in a text.
_NO_ZERO_BYTE = r"^[^\x00]*$"


Text = Annotated[str, Field(max_length=500, pattern=_NO_ZERO_BYTE)]
Name = Annotated[
    str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")
]
AccountId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00/]+$")]
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class Given(BaseModel):
    """The body of a request. A name that is none of ours is told: a slip in `accounts` would order all of them."""

    model_config = ConfigDict(extra="forbid")


class Page(Schema, Generic[Item]):
    """`next` is the number of the page that follows; null at the end."""

    items: list[Item]
    count: int
    page: int
    next: int | None


class Paging(Schema):
    page: int = Field(1, ge=1, le=1_000_000)
    page_size: int = Field(100, ge=1, le=1000)


def page_of(rows: QuerySet[Any], paging: Paging, told: Callable[[Any], Item]) -> Page[Item]:
    """Of an ordered query."""
    count = rows.count()
    start = (paging.page - 1) * paging.page_size
    items = [told(row) for row in rows[start : start + paging.page_size]]
    following = paging.page + 1 if start + paging.page_size < count else None
    return Page(items=items, count=count, page=paging.page, next=following)
