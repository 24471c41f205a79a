"""The months of an account in a row; a page has hundreds of them, and a template takes its time."""

from __future__ import annotations

from django import template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from billing.views.bill_calendar import CalendarRow, MonthCell

register = template.Library()


@register.simple_tag
def month_cells(row: CalendarRow) -> SafeString:
    """Write a cell for each month: its sign, and where it leads to."""
    # Escaped once, and not again in each cell.
    named = escape(f"{row.utility} of {row.months.account.property_name}")
    cells = ((_sign(cell, named),) for cell in row.cells)
    return format_html_join("\n", '<td class="month-cell">{}</td>', cells)


def _sign(cell: MonthCell, named: SafeString) -> str:
    if cell.url:
        return format_html(
            '<a class="month tone-{}" href="{}" title="{words}" aria-label="{words}, {}">{}</a>',
            cell.tone,
            cell.url,
            named,
            cell.sign,
            words=cell.words,
        )
    if not cell.sign:
        return ""
    return format_html(
        '<span class="month tone-{}" title="{words}"><span aria-hidden="true">{}</span>'
        '<span class="visually-hidden">{words}</span></span>',
        cell.tone,
        cell.sign,
        words=cell.words,
    )
