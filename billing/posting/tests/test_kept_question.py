"""A question that was put into SQL once finds what its query set would have found."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from billing.models import Posting, PostingState
from billing.posting.kept_question import KeptQuestion, blank


def question():
    asked = (
        Posting.objects.filter(state=PostingState.PENDING, not_before__lte=blank("now"))
        .select_related("connection", "charge__lease")
        .only("reference", "amount_cents", "not_before", "connection__status", "charge__lease__id")
        .order_by("-id")
    )
    return KeptQuestion(asked[:1])


def at(moment):
    return connection.ops.adapt_datetimefield_value(moment)


def test_it_finds_the_row_and_its_related_rows_in_one_query(
    short_job, now, django_assert_num_queries
):
    last = short_job.postings.order_by("id").last()
    kept = question()
    with django_assert_num_queries(1):
        found = kept.first(now=at(now))
        assert found == last
        assert (found.reference, found.amount_cents) == (last.reference, last.amount_cents)
        assert found.not_before == last.not_before
        assert found.connection.status == "active"
        assert found.charge.lease is None or found.charge.lease.pk == found.charge.lease_id


def test_it_leaves_out_what_was_not_asked_for(short_job, now):
    found = question().first(now=at(now))
    assert "body" in found.get_deferred_fields()
    assert found.body == short_job.postings.get(pk=found.pk).body


def test_it_is_asked_again_with_other_values(short_job, now):
    kept = question()
    assert kept.first(now=at(now - timedelta(days=400))) is None
    assert kept.first(now=at(now)) is not None
    short_job.postings.update(not_before=now + timedelta(days=1))
    assert kept.first(now=at(now)) is None
    assert kept.first(now=at(now + timedelta(days=1))) is not None
