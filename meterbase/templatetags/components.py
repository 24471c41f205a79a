"""What many pages repeat: badges of long tables, and where a page belongs in the navigation."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from meterbase.lib.badges import badge_html

register = template.Library()

register.simple_tag(badge_html, name="badge")


@register.simple_tag
def options_of(options: Iterable[tuple[object, str]], chosen: object) -> SafeString:
    """Write what a select offers; there may be hundreds, and a template takes its time."""
    written = (_option(str(value), str(text), mark=value == chosen) for value, text in options)
    return SafeString("\n".join(written))


# Most are the same at each visit; what is marked as safe is another text than what is not.
@lru_cache(maxsize=4_096, typed=True)
def _option(value: str, text: str, *, mark: bool) -> SafeString:
    chosen = SafeString(" selected" if mark else "")
    return format_html('<option value="{}"{}>{}</option>', value, chosen, text)


# Which entry of the navigation the pages belong to, by how the names of their addresses begin; the
# first that fits counts. The tabs of a property belong to the properties, whatever app has them.
_ENTRIES = (
    ("home", "home"),
    ("property-list", "properties"),
    ("portfolios:property", "properties"),
    ("portfolios:unit", "properties"),
    ("portfolios:utility", "properties"),
    ("portfolios:api-key", "api"),
    ("portfolios:notice", "account"),
    ("portfolios:", "portfolios"),
    ("billing:portfolio", "portfolios"),
    ("billing:usual-codes", "portfolios"),
    ("billing:charge-code-edit", "portfolios"),
    ("billing:charge-code-list", "portfolios"),
    ("billing:bill", "bills"),
    ("billing:calculation", "bills"),
    ("billing:charge-detail", "bills"),
    ("billing:approval", "approvals"),
    ("billing:job", "jobs"),
    ("billing:posting", "jobs"),
    ("billing:reversal", "jobs"),
    ("billing:failure", "failures"),
    ("billing:report", "reports"),
    ("billing:connection", "connections"),
    ("billing:go-live", "connections"),
    ("billing:", "properties"),
    ("integrations:property", "properties"),
    ("integrations:sync", "properties"),
    ("integrations:propexo", "connections"),
    ("integrations:connection", "connections"),
    ("integrations:pms-data", "pms-data"),
    ("integrations:platform", "platforms"),
    ("integrations:review-item", "review-items"),
    ("integrations:webhook", "webhooks"),
    ("integrations:", "api"),
)


@register.filter
def nav_entry(view_name: str) -> str:
    """Name the entry of the navigation that a page belongs to; empty where there is none."""
    fits = (entry for begins, entry in _ENTRIES if view_name.startswith(begins))
    return next(fits, "")


@register.filter
def counted(noun: str, count: int) -> str:
    """Write what is counted as its number wants it: 1 property, 2 properties."""
    if count != 1:
        return noun
    return noun.removesuffix("ies") + "y" if noun.endswith("ies") else noun.removesuffix("s")
