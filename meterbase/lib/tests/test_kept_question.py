"""A question that was put into SQL once finds what its query set would have found."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from meterbase.lib.kept_question import KeptChange, KeptQuestion, blank
from portfolios.models import AuditEvent

pytestmark = pytest.mark.django_db


def question():
    asked = (
        AuditEvent.objects.filter(verb="looked", at__lte=blank("now"))
        .select_related("actor", "portfolio")
        .only("at", "verb", "after", "actor__username", "portfolio__name")
        .order_by("-id")
    )
    return KeptQuestion(asked[:1])


def at(moment):
    return connection.ops.adapt_datetimefield_value(moment)


@pytest.fixture
def looked(cast, now):
    def look(**more):
        return AuditEvent.objects.create(
            verb="looked", at=now, actor_name="Manager", after={"rooms": [3]}, note="Nice.", **more
        )

    look(actor=cast.accountant)
    return look(actor=cast.manager, portfolio=cast.portfolio)


def test_it_finds_the_row_and_its_related_rows_in_one_query(
    looked, cast, now, django_assert_num_queries
):
    kept = question()
    with django_assert_num_queries(1):
        found = kept.first(now=at(now))
        assert found == looked
        assert (found.at, found.after) == (now, {"rooms": [3]})
        assert found.actor.username == "manager"
        assert found.portfolio.name == cast.portfolio.name


def test_it_gives_none_for_a_related_row_that_is_not_there(looked, now):
    looked.portfolio = None
    looked.save(update_fields=["portfolio"])
    found = question().first(now=at(now))
    assert found == looked
    assert found.portfolio is None


def test_it_leaves_out_what_was_not_asked_for(looked, now):
    found = question().first(now=at(now))
    assert "note" in found.get_deferred_fields()
    assert found.note == "Nice."


def test_it_is_asked_again_with_other_values(looked, now):
    kept = question()
    assert kept.first(now=at(now - timedelta(days=1))) is None
    assert kept.first(now=at(now)) == looked
    AuditEvent.objects.update(at=now + timedelta(days=1))
    assert kept.first(now=at(now)) is None
    assert kept.first(now=at(now + timedelta(days=1))) == looked


def test_only_rows_that_have_changed_are_written_again(looked, django_assert_num_queries):
    kept = KeptQuestion(AuditEvent.objects.filter(verb="looked").order_by("id"))
    written = []

    def write(row: AuditEvent) -> str:
        written.append(row.pk)
        return row.note

    with django_assert_num_queries(1):
        assert kept.written_page(0, 1, write) == (["Nice."], 2)
    assert kept.written_page(1, 2, write) == (["Nice."], 2)
    looked.note = "Better."
    looked.save(update_fields=["note"])
    assert kept.written_page(0, 9, write) == (["Nice.", "Better."], 2)
    assert len(written) == 3
    assert kept.written_page(9, 18, write) == ([], 2)


def test_a_kept_change_is_made_with_other_values_each_time(looked):
    change = KeptChange(AuditEvent.objects.filter(pk=blank("pk")), note=blank("note"))
    assert change.make(pk=looked.pk, note="Seen.") == 1
    assert change.make(pk=0, note="Lost.") == 0
    looked.refresh_from_db()
    assert looked.note == "Seen."
