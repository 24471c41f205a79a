from __future__ import annotations

from datetime import timedelta

from portfolios.models import ApiKey, AuditEvent
from portfolios.operations.api_keys import create_api_key, find_user_by_secret, revoke_api_key


def test_a_secret_finds_whose_it_is(cast, now):
    made = create_api_key(user=cast.manager, name="Nightly", by=cast.manager, now=now)
    create_api_key(user=cast.viewer, name="Other", by=cast.viewer, now=now)
    assert find_user_by_secret(secret=made.secret, now=now) == cast.manager


def test_the_secret_itself_is_nowhere_in_the_tables(cast, now):
    made = create_api_key(user=cast.manager, name="Nightly", by=cast.manager, now=now)
    stored = ApiKey.objects.values().get()
    assert made.secret not in {str(value) for value in stored.values()}
    assert stored["prefix"] == made.secret[:8]
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
        assert find_user_by_secret(secret=wrong, now=now) is None


def test_a_revoked_key_finds_nobody(cast, now):
    made = create_api_key(user=cast.manager, name="Nightly", by=cast.manager, now=now)
    revoke_api_key(key=made.key, by=cast.manager, now=now)
    assert find_user_by_secret(secret=made.secret, now=now) is None


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
    assert find_user_by_secret(secret=made.secret, now=now) is None


def test_the_time_of_use_is_kept_to_the_minute(cast, now):
    made = create_api_key(user=cast.manager, name="Nightly", by=cast.manager, now=now)
    find_user_by_secret(secret=made.secret, now=now)
    find_user_by_secret(secret=made.secret, now=now + timedelta(seconds=20))
    assert ApiKey.objects.get().last_used_at == now
    later = now + timedelta(minutes=2)
    find_user_by_secret(secret=made.secret, now=later)
    assert ApiKey.objects.get().last_used_at == later
