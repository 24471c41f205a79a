"""What a select offers."""

from __future__ import annotations

from django.utils.safestring import SafeString

from meterbase.templatetags.components import options_of


def test_the_chosen_one_is_marked():
    offered = [("", "Anybody"), (7, "Oak Court"), (8, "Elm Court")]
    assert options_of(offered, 7).splitlines() == [
        '<option value="">Anybody</option>',
        '<option value="7" selected>Oak Court</option>',
        '<option value="8">Elm Court</option>',
    ]
    assert "selected" not in options_of(offered, None)


def test_names_are_escaped_also_when_the_same_text_was_marked_as_safe_before():
    bold = "<b>Oak</b>"
    assert bold in options_of([("a", SafeString(bold))], None)
    assert options_of([("a", bold)], None) == '<option value="a">&lt;b&gt;Oak&lt;/b&gt;</option>'
