"""How old the PMS's data on a page is."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.freshness import in_words, read_freshness, stale_after
from portfolios.models import Property

register = template.Library()


@register.inclusion_tag("components/freshness.html")
def freshness(place: Property, *, warn: bool = False) -> dict[str, object]:
    """Say how old a property's data is; with `warn`, also what that means for a calculation."""
    found = read_freshness(place)
    now = timezone.now()
    return {
        "place": place,
        "found": found,
        "is_old": found is not None and found.is_old(now=now),
        "warn": warn,
        "limit": in_words(stale_after()),
        "now": now,
    }


def ago_html(moment: datetime) -> SafeString:
    """Say how long ago something was, as `components/ago.html` does, for tables that repeat it."""
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        f"{local:%-d %b %Y, %H:%M %Z}",
        ago(moment),
    )


@register.filter
def ago(moment: datetime | None) -> str:
    """Say how long ago something was; nothing for nothing."""
    return "" if moment is None else f"{in_words(timezone.now() - moment)} ago"
