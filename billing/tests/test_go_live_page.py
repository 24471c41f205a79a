"""The go-live checklist: ticked by named people, and named where charges are posted."""

from __future__ import annotations

import pytest
from django.urls import reverse

from billing.go_live import unticked_items
from billing.models import GoLiveItem, GoLiveTick
from billing.operations.go_live import AlreadyTicked, NotTicked, tick_item, withdraw_tick
from integrations.models import Connection, ConnectionStatus
from portfolios.models import AuditEvent
from portfolios.tests.pages import check_page, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(cast, now) -> Connection:
    return Connection.objects.create(
        portfolio=cast.portfolio,
        propexo_connection_id="conn_9",
        pms="yardi_voyager",
        status=ConnectionStatus.ACTIVE,
        validated_at=now,
        created_by=cast.manager,
        created_at=now,
    )


def url(link: Connection) -> str:
    return reverse("billing:go-live", args=[link.pk])


def tick(client, link, item="results_checked", note="Unit 101 on paper."):
    return client.post(url(link), {"item": item, f"{item}-note": note}, follow=True)


def test_a_manager_ticks_three_items_and_the_accountant_the_last(cast, link, signed_in):
    manager, accountant = signed_in(cast.manager), signed_in(cast.accountant)
    for item in ("sandbox_tried", "codes_verified", "results_checked"):
        check_page(tick(manager, link, item))
    assert unticked_items(link) == [GoLiveItem.ACCOUNTING_APPROVED]

    page = check_page(tick(accountant, link, "accounting_approved", "Agreed with the controller."))

    assert unticked_items(link) == []
    assert "Agreed with the controller." in text_of(page)
    assert "by Accountant" in text_of(page)
    assert "Everything is ticked; charge posting is still off." in text_of(page)
    assert AuditEvent.objects.filter(verb="go_live.ticked").count() == 4


def test_a_manager_cannot_speak_for_accounting(cast, link, signed_in):
    client = signed_in(cast.manager)

    assert tick(client, link, "accounting_approved").status_code == 403
    assert "Only an accountant of this portfolio" in text_of(check_page(client.get(url(link))))
    assert not GoLiveTick.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("stranger", 404)])
def test_nobody_else_ticks(cast, link, signed_in, who, status):
    assert tick(signed_in(getattr(cast, who)), link).status_code == status
    assert not GoLiveTick.objects.exists()


def test_a_viewer_looks(cast, link, signed_in):
    page = check_page(signed_in(cast.viewer).get(url(link)))

    assert page.select("textarea") == []
    assert "Only a property manager or an accountant" in text_of(page)


def test_without_a_word_on_what_was_looked_at_nothing_is_ticked(cast, link, signed_in):
    page = check_page(tick(signed_in(cast.manager), link, note=" "))

    assert "What you looked at must be given" in text_of(page)
    assert not GoLiveTick.objects.exists()


def test_an_item_that_is_none_is_not_found(cast, link, signed_in):
    assert tick(signed_in(cast.manager), link, "nonsense").status_code == 404


def test_a_second_tick_names_the_first_person(cast, link, now):
    item = GoLiveItem.RESULTS_CHECKED
    tick_item(connection=link, item=item, note="Looked.", by=cast.manager, now=now)

    with pytest.raises(AlreadyTicked, match="Manager ticked this before"):
        tick_item(connection=link, item=item, note="Me too.", by=cast.accountant, now=now)

    assert GoLiveTick.objects.count() == 1
    assert AuditEvent.objects.filter(verb="go_live.ticked").count() == 1


def test_a_tick_is_taken_back_with_a_reason_that_stays(cast, link, signed_in):
    client = signed_in(cast.manager)
    tick(client, link)
    withdraw = reverse("billing:go-live-withdraw", args=[GoLiveTick.objects.get().pk])
    check_page(client.get(withdraw))
    refused = check_page(client.post(withdraw, {"because": ""}))
    assert "Reason must be given" in text_of(refused)

    page = check_page(client.post(withdraw, {"because": "The rule was changed."}, follow=True))

    assert "The rule was changed." in text_of(page)
    assert GoLiveItem.RESULTS_CHECKED in unticked_items(link)
    tick(client, link, note="Looked again.")
    assert GoLiveItem.RESULTS_CHECKED not in unticked_items(link)
    verbs = AuditEvent.objects.filter(verb__startswith="go_live").values_list("verb", flat=True)
    assert sorted(verbs) == ["go_live.ticked", "go_live.ticked", "go_live.withdrawn"]


def test_what_was_taken_back_cannot_be_taken_back_again(cast, link, now):
    ticked = tick_item(
        connection=link, item=GoLiveItem.RESULTS_CHECKED, note="So.", by=cast.manager, now=now
    )
    withdraw_tick(tick=ticked, because="No.", by=cast.manager, now=now)

    with pytest.raises(NotTicked):
        withdraw_tick(tick=ticked, because="No!", by=cast.accountant, now=now)


@pytest.mark.parametrize(
    ("who", "item", "status"),
    [
        ("viewer", "results_checked", 403),
        ("stranger", "results_checked", 404),
        ("manager", "accounting_approved", 403),
    ],
)
def test_others_take_nothing_back(cast, link, signed_in, now, who, item, status):
    ticked = tick_item(
        connection=link, item=GoLiveItem(item), note="So.", by=cast.accountant, now=now
    )
    withdraw = reverse("billing:go-live-withdraw", args=[ticked.pk])

    assert signed_in(getattr(cast, who)).post(withdraw, {"because": "x"}).status_code == status
    assert GoLiveTick.objects.get().withdrawn_at is None


def test_the_connection_leads_to_the_checklist(cast, link, signed_in):
    detail = reverse("integrations:connection-detail", args=[link.pk])

    page = check_page(signed_in(cast.manager).get(detail))

    assert page.select(f'a[href="{url(link)}"]')
