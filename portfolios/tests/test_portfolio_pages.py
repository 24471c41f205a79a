from __future__ import annotations

from django.urls import reverse

from portfolios.models import AuditEvent, Membership, Portfolio, Property, Role, Unit
from portfolios.tests.pages import check_page, text_of, the

LIST = reverse("portfolios:portfolio-list")
NEW = reverse("portfolios:portfolio-create")


def add_property(portfolio: Portfolio, now, *, number: int = 1) -> Property:
    return Property.objects.create(
        portfolio=portfolio,
        propexo_property_id=f"prop_{portfolio.pk}_{number}",
        name=f"House {number}",
        city="Austin",
        state="TX",
        zip_code="78704",
        created_at=now,
    )


def test_the_list_shows_my_portfolios_with_counts_and_my_role(cast, signed_in, now):
    add_property(cast.portfolio, now)
    archived = add_property(cast.portfolio, now, number=2)
    archived.archived_at = now
    archived.save()
    page = check_page(signed_in(cast.viewer).get(LIST))
    (row,) = [text_of(row) for row in page.select("tbody tr")]
    assert row == "Lakeside 1 Viewer"


def test_the_list_hides_other_peoples_portfolios(cast, signed_in):
    page = check_page(signed_in(cast.stranger).get(LIST))
    assert "Lakeside" not in text_of(page)
    assert "Elsewhere" in text_of(page)


def test_the_list_says_what_to_do_without_a_portfolio(cast, signed_in):
    Membership.objects.filter(user=cast.stranger).delete()
    page = check_page(signed_in(cast.stranger).get(LIST))
    assert "You are in no portfolio yet" in text_of(page)
    assert not page.select(f'a[href="{NEW}"]')


def test_only_managers_and_support_make_portfolios(cast, signed_in):
    assert signed_in(cast.viewer).get(NEW).status_code == 403
    assert signed_in(cast.accountant).post(NEW, {"name": "Mine"}).status_code == 403
    assert signed_in(cast.manager).get(NEW).status_code == 200
    cast.stranger.is_staff = True
    cast.stranger.save()
    assert signed_in(cast.stranger).get(NEW).status_code == 200


def test_somebody_who_has_not_signed_in_is_sent_to_the_login(client, db):
    assert client.get(LIST).headers["Location"] == f"{reverse('login')}?next={LIST}"


def test_the_list_takes_the_same_queries_however_long_it_is(
    cast, signed_in, now, django_assert_max_num_queries
):
    for number in range(10):
        more = Portfolio.objects.create(name=f"More {number}", created_at=now)
        Membership.objects.create(user=cast.manager, portfolio=more, role=Role.VIEWER)
        add_property(more, now)
    client = signed_in(cast.manager)
    with django_assert_max_num_queries(8):
        client.get(LIST)


def test_whoever_makes_a_portfolio_manages_it(cast, signed_in):
    client = signed_in(cast.manager)
    check_page(client.get(NEW))
    response = client.post(NEW, {"name": "  North side "})
    made = Portfolio.objects.get(name="North side")
    assert response.headers["Location"] == reverse("portfolios:portfolio-detail", args=[made.pk])
    assert made.memberships.get().user == cast.manager
    assert made.memberships.get().role == Role.MANAGER
    assert AuditEvent.objects.get().verb == "portfolio.created"


def test_a_name_in_use_is_refused_with_a_sentence(cast, signed_in):
    page = check_page(signed_in(cast.manager).post(NEW, {"name": "lakeside"}))
    assert "There is a portfolio of this name already" in text_of(page)
    assert Portfolio.objects.count() == 2


def test_a_name_that_is_missing_or_too_long_is_refused_with_a_sentence(cast, signed_in):
    client = signed_in(cast.manager)
    assert "Give the portfolio a name." in text_of(check_page(client.post(NEW, {"name": " "})))
    page = check_page(client.post(NEW, {"name": "x" * 121}))
    assert "at most 120 characters" in text_of(page)
    assert Portfolio.objects.count() == 2


def test_a_portfolio_shows_its_properties_and_people(cast, signed_in, now):
    house = add_property(cast.portfolio, now)
    for number, missing in ((1, None), (2, None), (3, now)):
        Unit.objects.create(
            property=house,
            propexo_unit_id=f"unit_{number}",
            unit_number=str(number),
            first_seen_at=now,
            missing_since=missing,
        )
    url = reverse("portfolios:portfolio-detail", args=[cast.portfolio.pk])
    page = check_page(signed_in(cast.viewer).get(url))
    assert [text_of(row) for row in page.select("tbody tr")] == [
        "House 1 — Austin TX 78704 2 —",
        "Accountant Accountant",
        "Manager Property manager",
        "Viewer Viewer",
    ]
    assert "Import properties" not in text_of(page)


def test_only_a_manager_is_led_to_the_import(cast, signed_in):
    url = reverse("portfolios:portfolio-detail", args=[cast.portfolio.pk])
    page = check_page(signed_in(cast.manager).get(url))
    assert page.select(f'.page-actions a[href="{reverse("integrations:propexo")}"]')


def test_a_portfolio_does_not_exist_for_a_stranger(cast, signed_in):
    url = reverse("portfolios:portfolio-detail", args=[cast.portfolio.pk])
    assert signed_in(cast.stranger).get(url).status_code == 404


def test_a_long_portfolio_is_shown_in_pages_of_fifty(cast, signed_in, now):
    for number in range(51):
        add_property(cast.portfolio, now, number=number)
    url = reverse("portfolios:portfolio-detail", args=[cast.portfolio.pk])
    first = check_page(signed_in(cast.viewer).get(url))
    assert "1–50 of 51 properties" in text_of(first)
    second = check_page(signed_in(cast.viewer).get(url, {"page": "2"}))
    assert "51–51 of 51 properties" in text_of(second)


def names_of(page) -> list[str]:
    return [text_of(name) for name in page.select("tbody th a")]


def test_the_properties_are_searched_and_sorted(cast, signed_in, now):
    for number, city in ((1, "Waco"), (2, "Austin"), (3, "Waco")):
        place = add_property(cast.portfolio, now, number=number)
        place.city, place.unit_count = city, None if number == 1 else number
        place.save()
    client = signed_in(cast.viewer)
    url = reverse("portfolios:portfolio-detail", args=[cast.portfolio.pk])
    assert names_of(check_page(client.get(url))) == [
        "House 1",
        "House 2",
        "House 3",
    ]
    found = check_page(client.get(url, {"q": "waco", "sort": "-name"}))
    assert names_of(found) == ["House 3", "House 1"]
    assert text_of(the(found, "th[aria-sort=descending]")) == "Property"
    assert names_of(check_page(client.get(url, {"sort": "-pms"}))) == [
        "House 3",
        "House 2",
        "House 1",
    ]
    assert "No property has these words" in text_of(check_page(client.get(url, {"q": "x y"})))
    assert names_of(check_page(client.get(url, {"sort": "odd"})))[0] == "House 1"


def test_the_portfolios_are_searched_and_sorted(cast, signed_in, now):
    other = Portfolio.objects.create(name="Annex", created_at=now)
    Membership.objects.create(user=cast.viewer, portfolio=other, role=Role.VIEWER)
    for number in (1, 2):
        add_property(cast.portfolio, now, number=number)
    client = signed_in(cast.viewer)

    def shown(**query: str) -> list[str]:
        page = check_page(client.get(LIST, query))
        return [text_of(cell) for cell in page.select("tbody th")]

    assert shown() == ["Annex", "Lakeside"]
    assert shown(sort="-properties") == ["Lakeside", "Annex"]
    assert shown(q="lake") == ["Lakeside"]
    assert "No portfolio has these words" in text_of(check_page(client.get(LIST, {"q": "zz"})))
