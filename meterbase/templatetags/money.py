"""Money on pages."""

from __future__ import annotations

from django import template

from meterbase.lib.money import format_dollars

register = template.Library()


@register.filter
def dollars(cents: int | None) -> str:
    """Write cents as dollars; nothing for nothing.

    Units: cents in.
    """
    return "" if cents is None else format_dollars(cents)
