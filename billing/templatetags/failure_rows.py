"""The rows of the failures of one cause; each is made by a function, faster than by a template."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from billing.models import Posting, PostingState
from billing.views.failure_rows import FailureRow
from integrations.templatetags.freshness import ago_html
from meterbase.lib.badges import badge_html
from meterbase.lib.links import links_to
from meterbase.lib.money import format_dollars

register = template.Library()


@register.simple_tag
def failure_rows(rows: Iterable[FailureRow], *, has_boxes: bool) -> SafeString:
    """Write a row for each charge; with `has_boxes` the first column is for ticking it."""
    charge = links_to("billing:posting-detail")
    written = ((_row(row, charge(row.posting.pk), has_boxes=has_boxes),) for row in rows)
    return format_html_join("\n", "{}", written)


def _row(row: FailureRow, url: str, *, has_boxes: bool) -> SafeString:
    posting = row.posting
    charge, job, bill = posting.charge, posting.job, posting.job.calculation.bill
    return format_html(
        '<tr>\n{}<th scope="row"><a href="{}">{}</a></th>\n<td>{}</td>\n<td>{}</td>\n'
        '<td>{} {}</td>\n<td class="money">{}</td>\n<td class="text-nowrap">{}</td>\n'
        '<td class="failure-words">{}</td>\n<td class="num">{}</td>\n<td>{}</td>\n'
        '<td><a href="{}">{}</a></td>\n</tr>',
        format_html("<td>{}</td>\n", _box(row)) if has_boxes else "",
        url,
        charge.unit_label,
        bill.property.name,
        charge.resident_name or "—",
        row.month,
        bill.get_utility_display().lower(),
        format_dollars(posting.amount_cents),
        ago_html(posting.state_at),
        _what_is_wrong(row, url),
        row.attempts,
        "—" if row.owner is None else row.owner,
        reverse("billing:job-detail", args=[job.public_id]),
        job.public_id,
    )


def _box(row: FailureRow) -> str:
    if not row.may_follow_up:
        return ""
    posting = row.posting
    return format_html(
        '<input class="form-check-input" type="checkbox" name="posting" value="{}" '
        'aria-label="Unit {}, {}">',
        posting.pk,
        posting.charge.unit_label,
        format_dollars(posting.amount_cents),
    )


def _what_is_wrong(row: FailureRow, url: str) -> SafeString:
    posting = row.posting
    again = (
        format_html('\n<span class="chip tone-warning">{}</span>', row.again) if row.again else ""
    )
    return format_html("{}{}{}", posting.error, again, _standing(row, posting, url))


def _standing(row: FailureRow, posting: Posting, url: str) -> str:
    """Name the state where it is more than a plain refusal of a charge."""
    is_undecided = posting.state == PostingState.REVIEW
    if not (is_undecided or posting.reverses_id):
        return ""
    check = format_html('\n<a href="{}#check">Check in the PMS</a>', url) if is_undecided else ""
    badge = badge_html(tone=row.badge.tone, label=row.badge.label)
    return format_html("\n<div>{}{}</div>", badge, check)
