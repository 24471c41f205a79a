"""Components that long tables repeat, made once for each value that they show."""

from __future__ import annotations

from django import template

from meterbase.lib.badges import badge_html

register = template.Library()

register.simple_tag(badge_html, name="badge")
