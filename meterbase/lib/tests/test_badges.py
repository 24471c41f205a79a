from __future__ import annotations

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from meterbase.lib.badges import badge_html


@pytest.mark.parametrize("debug", [True, False])
def test_a_badge_is_the_component_as_it_stands_in_a_template(settings, debug):
    settings.DEBUG = debug
    whole = render_to_string("components/badge.html", {"tone": "info", "label": "In review"})

    assert badge_html(tone="info", label="In review") == whole.strip()
    tag = Template("{% load components %}{% badge tone='info' label='In review' %}")
    assert tag.render(Context()) == whole.strip()


def test_what_is_kept_is_escaped_whoever_asked_first():
    written = badge_html(tone="info", label=SafeString("<b>"))
    again = badge_html(tone="info", label="<b>")

    assert "<b>" not in again
    assert "<b>" not in written
