from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from billing.exports.general_ledger import (
    LedgerScope,
    LineKind,
    MonthOf,
    ledger_lines,
    ledger_sums,
    total_of,
)
from billing.models import Posting, PostingJob, PostingState, ResolvedAs
from billing.queries import count_jobs
from billing.tests.reversing import ORDER, Story, posted_story
from meterbase.lib.sheets.tests.reading import (
    content_of,
    csv_records,
    formulas_in,
    xlsx_rows,
)
from portfolios.models import Property
from portfolios.tests.pages import check_page, text_of, the

pytestmark = pytest.mark.django_db

LEDGER = reverse("billing:general-ledger")
BY_HAND = replace(ORDER, pms_reference="Credit memo 4711", charge_date=date(2026, 5, 2))
EVERYTHING = LedgerScope()


@pytest.fixture
def story(settings, cast, clock) -> Story:
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return posted_story(cast, clock)


@pytest.fixture
def half_reversed(story: Story) -> Story:
    """Take one charge back in the PMS through MeterBase, one by hand, and leave one."""
    sent, by_hand, _kept = story.charges()
    story.reverse([sent])
    story.work()
    story.approve(story.ask([by_hand], BY_HAND))
    return story


@pytest.fixture
def client(cast, signed_in):
    return signed_in(cast.viewer)


def lines(scope: LedgerScope = EVERYTHING):
    return list(ledger_lines(Posting.objects.all(), scope))


def records(client, **query: str) -> list[dict[str, str]]:
    return csv_records(content_of(client.get(LEDGER, {"format": "csv", **query})))


def test_the_lines_of_every_job_add_up_to_what_residents_owe_of_it(half_reversed):
    sums: defaultdict[str, int] = defaultdict(int)
    for line in lines():
        sums[line.job] += line.cents
    charging = list(PostingJob.objects.filter(reverses=None))
    counts = count_jobs(charging)
    assert sums == {job.public_id: counts[job.pk].net_cents for job in charging}
    one = counts[half_reversed.job.pk]
    assert one.net_cents == one.posted_cents - one.reversed_cents
    assert one.reversed_cents > 0


def test_reversals_are_negative_and_say_how_they_were_made(half_reversed):
    sent, by_hand, _kept = half_reversed.charges()
    found = [line for line in lines() if line.kind is not LineKind.CHARGE]
    assert [(line.kind, line.cents, line.day, line.month) for line in found] == [
        (LineKind.REVERSAL, -sent.amount_cents, date(2026, 4, 3), date(2026, 4, 1)),
        (LineKind.BY_HAND, -by_hand.amount_cents, date(2026, 5, 2), date(2026, 5, 1)),
    ]
    assert {line.job for line in found} == {half_reversed.job.public_id}
    assert found[0].reversing_job == PostingJob.objects.exclude(reverses=None).get().public_id
    assert found[1].reversing_job == ""


def test_a_charge_taken_back_before_its_day_was_asked_for_has_the_day_of_the_word(story):
    one = story.charges()[0]
    Posting.objects.filter(pk=one.pk).update(reversed_at=story.clock())
    (line,) = (line for line in lines() if line.kind is LineKind.BY_HAND)
    assert (line.day, line.cents) == (story.clock().date(), -one.amount_cents)


def test_sums_and_lines_say_the_same(half_reversed):
    by_month: defaultdict[date, int] = defaultdict(int)
    for line in lines():
        by_month[line.month] += line.cents
    sums = ledger_sums(Posting.objects.all(), EVERYTHING)
    assert {row.key.month: row.net_cents for row in sums} == by_month
    total = total_of(sums)
    assert (total.charges, total.reversals) == (3, 2)
    assert total.net_cents == sum(by_month.values()) == sum(line.cents for line in lines())


@pytest.mark.parametrize(
    "state", [state for state in PostingState if state is not PostingState.POSTED]
)
def test_only_what_the_pms_has_is_in_it(story, state):
    one = story.charges()[0]
    more = {"token": "t", "lease_until": story.clock(), "settle_at": story.clock()}
    Posting.objects.filter(pk=one.pk).update(state=state, remote_job_id="job", **more)
    assert one.pk not in {line.posting.pk for line in lines()}
    assert total_of(ledger_sums(Posting.objects.all(), EVERYTHING)).charges == 2


def test_what_somebody_posted_by_hand_is_not_meterbases(story):
    one = story.charges()[0]
    Posting.objects.filter(pk=one.pk).update(
        state=PostingState.REJECTED,
        resolved_as=ResolvedAs.BY_HAND,
        resolved_by=story.second,
        resolved_at=story.clock(),
        resolution="Typed it.",
        pms_reference="4711",
    )
    assert len(lines()) == 2


def test_a_month_is_the_one_that_is_booked_in_or_that_of_the_date(story):
    PostingJob.objects.update(post_month=date(2026, 6, 1))
    by_post, by_date = LedgerScope(), LedgerScope(month_of=MonthOf.DATE)
    assert {line.month for line in lines(by_post)} == {date(2026, 6, 1)}
    assert {line.month for line in lines(by_date)} == {date(2026, 4, 1)}
    june = date(2026, 6, 1)
    assert len(lines(replace(by_post, first=june, last=june))) == 3
    assert lines(replace(by_date, first=june, last=june)) == []


def test_a_scope_narrows_lines_and_sums_alike(half_reversed):
    portfolio = half_reversed.cast.portfolio.pk
    scopes = {
        LedgerScope(last=date(2026, 4, 30)): 4,
        LedgerScope(first=date(2026, 5, 1)): 1,
        LedgerScope(charge_code="UTIL"): 5,
        LedgerScope(charge_code="GAS"): 0,
        LedgerScope(utility="water", portfolio=portfolio): 5,
        LedgerScope(utility="gas"): 0,
        LedgerScope(portfolio=portfolio + 99): 0,
        LedgerScope(words="maplewood"): 5,
        LedgerScope(words="oak"): 0,
    }
    for scope, count in scopes.items():
        total = total_of(ledger_sums(Posting.objects.all(), scope))
        assert len(lines(scope)) == total.charges + total.reversals == count, scope
        assert sum(line.cents for line in lines(scope)) == total.net_cents, scope


# --- Page and files ---------------------------------------------------------------------------


def test_the_page_shows_sums_whose_total_is_that_of_the_job(half_reversed, client):
    page = check_page(client.get(LEDGER))
    net = count_jobs([half_reversed.job])[half_reversed.job.pk].net_cents
    assert f"${Decimal(net) / 100:,.2f}" in text_of(the(page, "tfoot"))
    assert [text_of(cell) for cell in page.select("tbody td:nth-of-type(2)")] == [
        "April 2026",
        "May 2026",
    ]


def test_both_files_hold_the_same_cents_for_every_line(half_reversed, client):
    told = records(client, lines="charges")
    answer = client.get(LEDGER, {"format": "xlsx", "lines": "charges"})
    content = content_of(answer)
    head, *rows = xlsx_rows(content)
    assert formulas_in(content) == 0
    expected = [line.cents for line in lines()]
    assert [int(Decimal(row["amount"]) * 100) for row in told] == expected
    amounts = [row[head.index("amount")] for row in rows]
    assert [int(Decimal(repr(amount)) * 100) for amount in amounts] == expected
    assert {row[head.index("charge date")] for row in rows} == {
        date(2026, 4, 1),
        date(2026, 4, 3),
        date(2026, 5, 2),
    }
    assert [row["kind"] for row in told] == [line.kind.value for line in lines()]


def test_the_sums_are_a_file_too_narrowed_down_as_the_page_is(half_reversed, client):
    assert [row["month"] for row in records(client)] == ["2026-04", "2026-05"]
    (april,) = records(client, to="2026-04")
    net = Decimal(april["charged"]) + Decimal(april["reversed"])
    assert (april["charges"], april["reversals"], Decimal(april["net"])) == ("3", "1", net)
    # Two months in the wrong order are taken in the right one.
    assert records(client, **{"from": "2026-05", "to": "2026-04"}) == records(client)
    # What makes no sense narrows nothing.
    assert records(client, portfolio="x", utility="beer", by="moon", to="13") == records(client)
    about = xlsx_rows(content_of(client.get(LEDGER, {"format": "xlsx", "code": "UTIL"})), "About")
    assert ["Charge code", "UTIL"] in about


def test_no_name_becomes_a_formula(half_reversed, client):
    Property.objects.update(name='=HYPERLINK("http://example.test")')
    for query in ({}, {"lines": "charges"}):
        assert {row["property"][:2] for row in records(client, **query)} == {"'="}
        answer = client.get(LEDGER, {"format": "xlsx", **query})
        assert formulas_in(content_of(answer)) == 0


def test_a_stranger_sees_and_gets_nothing(half_reversed, cast, signed_in):
    stranger = signed_in(cast.stranger)
    assert "Nothing has been posted yet" in text_of(the(check_page(stranger.get(LEDGER)), "main"))
    for query in ({}, {"lines": "charges"}, {"portfolio": str(cast.portfolio.pk)}):
        assert records(stranger, **query) == []


def test_the_list_of_jobs_leads_to_it(client):
    page = check_page(client.get(reverse("billing:job-list")))
    assert page.select(f'a[href="{LEDGER}"]')
