from __future__ import annotations

from datetime import timedelta

from portfolios import access
from portfolios.models import ApiKey, AuditEvent, Membership, Portfolio, Property, Role, Scope
from portfolios.models.api_key import scopes_of_older_keys
from portfolios.operations.api_keys import (
    KeyTerms,
    create_api_key,
    find_key,
    revoke_api_key,
)


def owner_of(secret, now):
    key = find_key(secret=secret, now=now)
    return key.user if key else None


def test_a_secret_finds_whose_it_is(cast, now):
    made = create_api_key(user=cast.manager, name="Nightly", by=cast.manager, now=now)
    create_api_key(user=cast.viewer, name="Other", by=cast.viewer, now=now)
    assert owner_of(made.secret, now) == cast.manager


def test_the_secret_itself_is_nowhere_in_the_tables(cast, now):
    made = create_api_key(user=cast.manager, name="Nightly", by=cast.manager, now=now)
    stored = ApiKey.objects.values().get()
    assert made.secret not in {str(value) for value in stored.values()}
    assert stored["prefix"] == made.secret[:12]
    assert made.secret not in str(AuditEvent.objects.values().get())


def test_two_keys_have_different_secrets(cast, now):
    secrets = {
        create_api_key(user=cast.manager, name="Same", by=cast.manager, now=now).secret
        for _ in range(2)
    }
    assert len(secrets) == 2


def test_a_wrong_secret_finds_nobody(cast, now):
    made = create_api_key(user=cast.manager, name="Nightly", by=cast.manager, now=now)
    for wrong in ("", "mb_", made.key.prefix, made.secret + "x", made.secret.upper()):
        assert find_key(secret=wrong, now=now) is None


def test_a_revoked_key_finds_nobody(cast, now):
    made = create_api_key(user=cast.manager, name="Nightly", by=cast.manager, now=now)
    revoke_api_key(key=made.key, by=cast.manager, now=now)
    assert find_key(secret=made.secret, now=now) is None


def test_revoking_twice_keeps_the_first_time(cast, now):
    made = create_api_key(user=cast.manager, name="Nightly", by=cast.manager, now=now)
    revoke_api_key(key=made.key, by=cast.manager, now=now)
    revoke_api_key(key=made.key, by=cast.manager, now=now + timedelta(hours=1))
    assert ApiKey.objects.get().revoked_at == now
    assert AuditEvent.objects.filter(verb="api_key.revoked").count() == 1


def test_a_key_of_somebody_who_left_finds_nobody(cast, now):
    made = create_api_key(user=cast.manager, name="Nightly", by=cast.manager, now=now)
    cast.manager.is_active = False
    cast.manager.save()
    assert find_key(secret=made.secret, now=now) is None


def test_the_time_of_use_is_kept_to_the_minute(cast, now):
    made = create_api_key(user=cast.manager, name="Nightly", by=cast.manager, now=now)
    find_key(secret=made.secret, now=now)
    find_key(secret=made.secret, now=now + timedelta(seconds=20))
    assert ApiKey.objects.get().last_used_at == now
    later = now + timedelta(minutes=2)
    find_key(secret=made.secret, now=later)
    assert ApiKey.objects.get().last_used_at == later


def test_a_secret_says_which_side_of_propexo_it_was_made_for(cast, now, settings):
    settings.PROPEXO_API_KEY = "px_test_1"
    test = create_api_key(user=cast.manager, name="T", by=cast.manager, now=now)
    settings.PROPEXO_API_KEY = "px_live_1"
    live = create_api_key(user=cast.manager, name="L", by=cast.manager, now=now)

    assert (test.secret[:8], live.secret[:8]) == ("mb_test_", "mb_live_")
    assert (test.key.is_for_tests, live.key.is_for_tests) == (True, False)


def test_a_key_is_confined_to_its_portfolios_and_to_what_its_owner_may(cast, now):
    other = Portfolio.objects.create(name="Other", created_at=now)
    foreign = Portfolio.objects.create(name="Foreign", created_at=now)
    Membership.objects.create(user=cast.viewer, portfolio=other, role=Role.VIEWER)
    terms = KeyTerms(scopes=[Scope.PROPERTIES_READ], portfolios=[other, foreign])
    made = create_api_key(user=cast.viewer, name="T", by=cast.viewer, now=now, terms=terms)
    found = find_key(secret=made.secret, now=now)

    assert found is not None
    assert list(access.rows(Portfolio, user=found.user)) == [other]
    assert list(access.rows(Property, user=found.user)) == []
    assert access.role_in(cast.portfolio, user=found.user) is None
    assert access.role_in(foreign, user=found.user) is None
    assert set(access.rows(Portfolio, user=cast.viewer)) == {cast.portfolio, other}


def test_keys_from_before_scopes_can_do_what_they_could_and_nothing_new():
    assert ApiKey().scopes == scopes_of_older_keys()
    assert Scope.CHARGES_APPROVE not in scopes_of_older_keys()
