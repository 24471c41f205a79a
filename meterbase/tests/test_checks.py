"""An installation whose settings make no sense says so before it starts."""

from __future__ import annotations

import pytest

from meterbase import checks


@pytest.mark.parametrize(
    ("check", "name", "value", "identity"),
    [
        (checks.check_propexo, "PROPEXO_BASE_URL", "ftp://nowhere", "meterbase.E002"),
        (checks.check_propexo, "PROPEXO_CONTRACT", "v2", "meterbase.E003"),
        (checks.check_rate_limit, "PROPEXO_POSTING_SHARE", 91, "meterbase.E004"),
        (checks.check_rate_limit, "PROPEXO_RATE_LIMIT", -1, "meterbase.E005"),
        (
            checks.check_webhook_secrets,
            "PROPEXO_WEBHOOK_SECRET",
            "long-enough-1,short",
            "meterbase.W002",
        ),
        (checks.check_mail, "SITE_URL", "meterbase.example.com", "meterbase.E030"),
        (checks.check_mail, "NOTICE_DIGEST_HOUR", 24, "meterbase.E031"),
        (checks.check_syncs, "PROPEXO_SYNC_INTERVAL", 60, "meterbase.W010"),
        (checks.check_syncs, "PROPEXO_SYNC_INTERVAL", -1, "meterbase.E010"),
        (checks.check_syncs, "PROPEXO_SYNC_WINDOW", "at night", "meterbase.E011"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(settings, check, name, value, identity):
    setattr(settings, name, value)

    (found,) = check()

    assert found.id == identity
    assert name in found.msg


def test_the_settings_of_a_fresh_installation_make_sense(settings):
    settings.PROPEXO_CONTRACT = "auto"
    for check in (
        checks.check_propexo,
        checks.check_rate_limit,
        checks.check_webhook_secrets,
        checks.check_syncs,
        checks.check_mail,
    ):
        assert list(check()) == []


def test_mails_whose_links_lead_nowhere_are_warned_of(settings):
    settings.EMAIL_BACKEND = "portfolios.notices.mail_line.SmtpBackend"
    settings.SITE_URL_IS_SET, settings.DEBUG = False, False
    (found,) = checks.check_mail()
    assert (found.id, "SITE_URL" in found.msg) == ("meterbase.W030", True)

    settings.SITE_URL_IS_SET = True
    assert checks.check_mail() == []


def test_a_queue_that_nobody_fills_is_refused(monkeypatch):
    monkeypatch.setenv("Q_CLUSTER_NAME", "postin")
    (found,) = checks.check_clusters()
    assert (found.id, "postin" in found.msg) == ("meterbase.E020", True)

    for name in ("posting", "meterbase", ""):
        monkeypatch.setenv("Q_CLUSTER_NAME", name)
        assert checks.check_clusters() == []


@pytest.mark.parametrize(("workers", "posting_workers"), [(0, 2), (2, 0)])
def test_a_cluster_without_workers_is_refused(settings, workers, posting_workers):
    clusters = {"posting": {"workers": posting_workers}}
    settings.Q_CLUSTER = settings.Q_CLUSTER | {"workers": workers, "ALT_CLUSTERS": clusters}

    (found,) = checks.check_clusters()

    assert found.id == "meterbase.E021"
