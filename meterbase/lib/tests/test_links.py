from __future__ import annotations

from django.urls import reverse

from meterbase.lib.links import links_to


def test_a_link_is_what_reversing_gives():
    link = links_to("billing:charge-detail")

    assert [link(key) for key in (1, 0, 987_654_321)] == [
        reverse("billing:charge-detail", args=[key]) for key in (1, 0, 987_654_321)
    ]
