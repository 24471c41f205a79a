"""Badges for tables that repeat them."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe


def badge_html(*, tone: str, label: str) -> SafeString:
    """Show a status as `components/badge.html` does.

    Shape: there are few statuses and many rows, so what was rendered once is kept, except while
        templates are being written.
    """
    # A text that is marked as safe equals one that is not: what is kept for both is escaped.
    plain = tone + "", label + ""
    return (_render if settings.DEBUG else _render_once)(*plain)


def _render(tone: str, label: str) -> SafeString:
    context = {"tone": tone, "label": label}
    # A template's own output, without the line breaks around it.
    return mark_safe(render_to_string("components/badge.html", context).strip())  # noqa: S308


_render_once = lru_cache(maxsize=1_000)(_render)
