"""The rows of the review table, the longest of all tables.

A large building has thousands of cells here. Each is made by a function instead of by a template's
tags, which takes a fifth of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from billing.views.breakdown import Breakdown, Row
from billing.views.charge_states import ChargeState
from billing.views.review_table import Chip, ReviewRow, ReviewTable
from meterbase.lib.badges import badge_html
from meterbase.lib.links import links_to
from meterbase.lib.money import format_dollars

register = template.Library()

_EMPTY = SafeString("")


@register.simple_tag
def review_rows(
    review: ReviewTable, table: Breakdown, *, may_choose: object, ticked: Set[str]
) -> SafeString:
    """Write a row for each unit's tenants that the table shows.

    Shape: with `may_choose` a unit can be ticked for the form "choose"; `ticked` are the keys of
        those that are.
    """
    rows = _Rows(review, table, may_choose=bool(may_choose), ticked=ticked)
    return _joined(map(rows.row, review.rows))


class _Rows:
    """What all rows have in common: their cells, and where these lead to."""

    def __init__(
        self, review: ReviewTable, table: Breakdown, *, may_choose: bool, ticked: Set[str]
    ) -> None:
        self._review = review
        self._table = table
        self._may_choose = may_choose
        self._ticked = ticked
        self._charge = links_to("billing:charge-detail")
        self._posting = links_to("billing:posting-detail")
        cells = "".join(f"<td{css}>{{}}</td>\n" for css in self._columns())
        self._row = f'<tr>\n<th scope="row">{{}}{{}}</th>\n{cells}</tr>\n'

    def row(self, shown: ReviewRow) -> SafeString:
        """Write the row of a unit's tenants, or of what the owner bears of it."""
        return format_html(self._row, self._tick(shown), *self._cells(shown))

    def _columns(self) -> Iterator[str]:
        """List the columns after the unit."""
        table, money, number = self._table, ' class="money"', ' class="num"'
        yield from (money, money, money) if table.has_fees else (money, money)
        yield from ("", "") if self._review.has_states else ("",)
        yield from (number for _ in ("days", *table.input_columns))
        yield from (number,) if table.is_mixed else (number, number)
        yield from (money for _ in table.fixed_columns)
        if self._review.last is not None:
            yield from (money, money, number, "")

    def _cells(self, shown: ReviewRow) -> Iterator[str]:
        """Fill the cells of a row, the unit and then the columns."""
        row = shown.row
        yield row.unit_label
        yield self._why(row)
        if self._table.has_fees:
            yield self._fee(row)
        yield _dollars(row.owner_cents)
        if self._review.has_states:
            yield _joined(self._state(state) for state in shown.states)
        yield _resident(shown)
        yield "" if row.days is None else str(row.days)
        yield from row.inputs
        if not self._table.is_mixed:
            yield row.weight
        yield row.share
        yield from row.fixed
        if self._review.last is not None:
            yield from _beside_last_run(shown)

    def _tick(self, shown: ReviewRow) -> SafeString:
        if not (self._may_choose and shown.is_choosable):
            return _EMPTY
        key, label = shown.row.unit_key, shown.row.unit_label
        return format_html(
            '<input class="form-check-input" type="checkbox" name="unit" value="{}" form="choose" '
            'aria-label="Choose unit {}"{}>\n',
            key,
            label,
            mark_safe(" checked") if key in self._ticked else "",
        )

    def _why(self, row: Row) -> SafeString:
        if row.charge_id is None:
            return _EMPTY
        url, amount = self._charge(row.charge_id), _dollars(row.charge_cents)
        return format_html(
            '<a href="{url}" hx-get="{url}" hx-target="#drawer" '
            'aria-label="{amount}: why unit {unit} pays this">{amount}</a>',
            url=url,
            amount=amount,
            unit=row.unit_label,
        )

    def _fee(self, row: Row) -> SafeString:
        if row.fee_id is None:
            return _EMPTY
        return format_html(
            '<a href="{url}" aria-label="{amount}: the fee of unit {unit}">{amount}</a>',
            url=self._charge(row.fee_id),
            amount=_dollars(row.fee_cents),
            unit=row.unit_label,
        )

    def _state(self, state: ChargeState) -> SafeString:
        shown = badge_html(tone=state.badge.tone, label=state.badge.label)
        if state.posting_id is None:
            return format_html("{}\n", shown)
        return format_html('<a href="{}">{}</a>\n', self._posting(state.posting_id), shown)


def _resident(shown: ReviewRow) -> SafeString:
    row = shown.row
    who = (
        format_html('<span class="text-muted">{}</span>', row.remark)
        if row.remark
        else conditional_escape(row.resident or "—")
    )
    if not (shown.own or shown.missing):
        return who
    own = format_html_join("", '\n<span class="chip">{}</span>', ((own,) for own in shown.own))
    missing = format_html_join(
        "",
        '\n<span class="chip tone-warning">No {}</span>',
        ((name,) for name in shown.missing),
    )
    return _joined((who, own, missing))


def _beside_last_run(shown: ReviewRow) -> Iterator[str]:
    difference = shown.difference_cents
    sign = "+" if difference is not None and difference > 0 else ""
    part = shown.difference_percent
    yield _dollars(shown.last_cents)
    yield f"{sign}{_dollars(difference)}"
    yield badge_html(tone="warning", label=part) if shown.is_large else part
    yield _joined(map(_chip, shown.chips))


def _chip(chip: Chip) -> SafeString:
    return format_html(
        '<span class="chip{}">{}{}</span>\n',
        " tone-warning" if chip.is_odd else "",
        chip.label,
        format_html(' <span class="num">{}</span>', chip.dollars) if chip.dollars else "",
    )


def _dollars(cents: int | None) -> str:
    return "" if cents is None else format_dollars(cents)


def _joined(pieces: Iterable[SafeString]) -> SafeString:
    # Each of them is safe, and so is what they make together.
    return mark_safe("".join(pieces))  # noqa: S308
