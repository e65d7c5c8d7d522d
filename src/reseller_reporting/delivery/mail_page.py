"""The report mail as people see it: what it is made of, as text and as HTML, in the reseller's language and colours.

Owns: the words and the look. Does not own: headers, attachments, sizes.

Invariant
- What comes from outside is text: no line break of a name begins a row, no mark of it becomes HTML.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import css_inline

from reseller_reporting.delivery.mail_texts import PRODUCT_TEXTS, MailTexts
from reseller_reporting.model.brand import PLAIN, Brand
from reseller_reporting.words.language import ENGLISH, Words
from reseller_reporting.words.message import filled, mark

_CUSTOMERS_SHOWN_MAX = 50  # A mail with more rows is not read but searched.
_FIRST_COLUMNS = (mark("Customer"), mark("Calls"), mark("Minutes"), mark("Reseller cost"), mark("Customer cost"))
_PRICE, _TOTAL_DUE, _COMPLETE = mark("Price of calls"), mark("Total due"), mark("Complete")
_ACCENT, _SECOND = "#185A91", "#1B2A41"  # Those of the workbooks.
_LOGO_HEIGHT_MAX, _LOGO_WIDTH_MAX = 56, 280


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerLine:
    """One row of the summary, as texts; empty where nothing is known."""

    name: str
    calls: str
    minutes: str
    reseller_cost: str
    customer_cost: str
    complete: str
    price: str = ""
    total_due: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportMail:
    """Everything a message is made of. `files` are names relative to the folder, in any order."""

    sender: str | None  # None: the log-in of the mail server, where that is an address.
    recipients: Sequence[str]
    reseller: str
    period: str
    timezone: str
    currency: str
    customers: Sequence[CustomerLine]
    totals: CustomerLine
    warnings: Sequence[str]
    folder: Path
    files: Sequence[str]
    limit_bytes: int
    sent_at: datetime
    period_spoken: str = ""  # `October 2026`; empty: the period's own name.
    days_spoken: str = ""
    words: Words = ENGLISH
    brand: Brand = PLAIN
    texts: MailTexts = PRODUCT_TEXTS


def placeholders(message: ReportMail) -> dict[str, str]:
    """What the reseller's own texts may name."""
    return {
        "company": message.reseller,
        "period": spoken(message),
        "period_name": message.period,
        "days": message.days_spoken or message.period,
        "timezone": message.timezone,
        "currency": message.currency,
        "customers": message.words.number(len(message.customers)),
    }


def spoken(message: ReportMail) -> str:
    return message.period_spoken or message.period


def _own_text(message: ReportMail) -> list[str]:
    """Greeting and text as paragraphs; none where nothing was set."""
    own = (message.texts.greeting, message.texts.text)
    return [filled(text, placeholders(message)) for text in own if text]


def _rows(message: ReportMail) -> list[tuple[str, ...]]:
    """The table: the customers as far as they are shown, the totals of all of them last; prices where there are any."""
    lines = [*message.customers[:_CUSTOMERS_SHOWN_MAX], replace(message.totals, name=message.words.say("Total"))]
    is_priced, is_due = _is_priced(message), _is_due(message)
    return [
        (
            *(line.name, line.calls, line.minutes, line.reseller_cost, line.customer_cost),
            *([line.price] if is_priced else []),
            *([line.total_due] if is_due else []),
            line.complete,
        )
        for line in lines
    ]


def _is_priced(message: ReportMail) -> bool:
    return any(line.price for line in (*message.customers, message.totals))


def _is_due(message: ReportMail) -> bool:
    return any(line.total_due for line in (*message.customers, message.totals))


def _titles(message: ReportMail) -> tuple[str, ...]:
    prices = [title for title, has in ((_PRICE, _is_priced), (_TOTAL_DUE, _is_due)) if has(message)]
    titles = (*_FIRST_COLUMNS, *prices, _COMPLETE)
    return tuple(map(message.words.say, titles))


def _more_customers(message: ReportMail) -> list[str]:
    more = len(message.customers) - _CUSTOMERS_SHOWN_MAX
    if more <= 0:
        return []
    said = message.words.say_count(
        "{count} more customer is in summary.csv; the total counts it.",
        "{count} more customers are in summary.csv; the total counts them.",
        more,
    )
    return [said]


def _heading(message: ReportMail) -> str:
    return message.words.say(
        "{company}: calls and costs, {period} ({timezone}), amounts in {currency}",
        company=message.reseller,
        period=spoken(message),
        timezone=message.timezone,
        currency=message.currency,
    )


def _left_out_sentence(message: ReportMail) -> str:
    return message.words.say(
        "Not attached, since a message may have {limit} MB at most; in {folder} you find:",
        limit=f"{message.limit_bytes / 1_000_000:g}",
        folder=message.folder,
    )


def _foot(message: ReportMail) -> list[str]:
    """Who sends it, where one of these was set."""
    brand = message.brand
    address = " · ".join(part for part in (brand.company, brand.address) if part) if brand.address else brand.company
    return [line for line in (address, brand.footer) if line]


def as_text(message: ReportMail, left_out: Sequence[str]) -> str:
    rows = [_titles(message), *_rows(message)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    table = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    blocks = [*_own_text(message), _heading(message), "\n".join([*table, *_more_customers(message)])]
    if message.warnings:
        blocks.append("\n".join([f"{message.words.say('Please note')}:", *(f"- {one}" for one in message.warnings)]))
    if left_out:
        blocks.append("\n".join([_left_out_sentence(message), *(f"- {name}" for name in left_out)]))
    if foot := _foot(message):
        blocks.append("\n".join(["-- ", *foot]))  # As mail programs mark a signature.
    return "\n\n".join(blocks) + "\n"


_STYLE = """
body {{ font-family: Arial, Helvetica, sans-serif; font-size: 14px; line-height: 1.45; color: #1F2937 }}
.head {{ border-bottom: 3px solid {accent}; padding-bottom: 10px; margin-bottom: 16px; font-size: 18px;
  font-weight: bold; color: {accent} }}
h1 {{ font-size: 17px; color: {second} }}
h2 {{ font-size: 14px; margin-bottom: 4px; color: {second} }}
table {{ border-collapse: collapse; font-size: 14px }}
th, td {{ padding: 4px 8px; border-bottom: 1px solid #d1d5db; text-align: right; vertical-align: top }}
th {{ border-bottom: 2px solid {accent}; color: {accent}; vertical-align: bottom }}
td {{ white-space: nowrap }}
.wide {{ overflow-x: auto }}
td.name {{ white-space: normal }}
.name {{ text-align: left; padding-left: 0 }}
.total {{ font-weight: bold; background-color: #EEF2F7 }}
.lacking {{ font-weight: bold; color: #7A4A00; background-color: #FFE9B8 }}
.foot {{ border-top: 1px solid #d1d5db; margin-top: 20px; padding-top: 8px; font-size: 12px; color: #5b6472 }}
"""


def as_html(message: ReportMail, left_out: Sequence[str], *, logo_id: str) -> str:
    """The same as the text. Styles stand at each element, since mail programs drop style sheets."""
    yes = message.words.say("yes")
    *customers, total = [_html_row("td", row, is_lacking=row[-1] != yes) for row in _rows(message)]
    table = [_html_row("th", _titles(message)), *customers, total.replace("<tr>", '<tr class="total">')]
    parts = [
        f'<div class="head">{_head(message, logo_id)}</div>',
        *(_paragraph(text) for text in _own_text(message)),
        f"<h1>{html.escape(_heading(message))}</h1>",
        f'<div class="wide"><table>{"".join(table)}</table></div>',
        *(f"<p>{html.escape(sentence)}</p>" for sentence in _more_customers(message)),
    ]
    if message.warnings:
        parts.append(f"<h2>{html.escape(message.words.say('Please note'))}</h2>{_html_list(message.warnings)}")
    if left_out:
        parts.append(f"<p>{html.escape(_left_out_sentence(message))}</p>{_html_list(left_out)}")
    if foot := _foot(message):
        parts.append(f'<div class="foot">{"<br>".join(map(html.escape, foot))}</div>')
    style = _STYLE.format(second=message.brand.second or _SECOND, accent=message.brand.accent or _ACCENT)
    head = f'<head><meta charset="utf-8"><title>{html.escape(_heading(message))}</title><style>{style}</style></head>'
    page = f'<html lang="{message.words.language}">{head}<body>{"".join(parts)}</body></html>'
    return css_inline.CSSInliner(load_remote_stylesheets=False).inline(page)


def _head(message: ReportMail, logo_id: str) -> str:
    name, logo = html.escape(message.reseller), message.brand.logo
    if logo is None:
        return name
    # Some mail programs know no other size than the one that stands here.
    scale = min(_LOGO_HEIGHT_MAX / logo.height, _LOGO_WIDTH_MAX / logo.width, 1)
    width, height = max(1, round(logo.width * scale)), max(1, round(logo.height * scale))
    return f'<img src="cid:{logo_id}" alt="{name}" width="{width}" height="{height}">'


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text).replace(chr(10), '<br>')}</p>"


def _html_row(tag: str, cells: Sequence[str], *, is_lacking: bool = False) -> str:
    """Of a customer that lacks something, the last cell says so in words and in amber."""
    name, *figures, last = (html.escape(cell) for cell in cells)
    middle = "".join(f"<{tag}>{figure}</{tag}>" for figure in figures)
    mark_of_last = ' class="lacking"' if is_lacking else ""
    return f'<tr><{tag} class="name">{name}</{tag}>{middle}<{tag}{mark_of_last}>{last}</{tag}></tr>'


def _html_list(items: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{html.escape(item)}</li>' for item in items)}</ul>"


def cleaned(message: ReportMail) -> ReportMail:
    """Names and warnings come from outside: a line break in one must not begin a row or a header."""
    return replace(
        message,
        reseller=one_line(message.reseller),
        customers=[replace(line, name=one_line(line.name)) for line in message.customers],
        warnings=[one_line(warning) for warning in message.warnings],
    )


def one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
