"""What is wrong with an installation, said before it starts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution

from meterbase.lib.day_window import NoWindow, read_window


@register(Tags.security)
def check_secret_key(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse a generated key where several machines have to share one."""
    shared = not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    if settings.SECRET_KEY_IS_GENERATED and shared and not settings.DEBUG:
        return [
            Error(
                "SECRET_KEY is not set, but the database is shared with other machines.",
                hint="Set SECRET_KEY to the same long random text on every machine: with different "
                "keys, machines sign each other out and drop each other's queued work.",
                id="meterbase.E001",
            )
        ]
    return []


@register()
def check_propexo(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Say what posting needs before it can be switched on."""
    found: list[CheckMessage] = []
    if not settings.PROPEXO_BASE_URL.startswith(("https://", "http://")):
        found.append(
            Error(
                "PROPEXO_BASE_URL must start with https:// (or http:// for a sandbox).",
                id="meterbase.E002",
            )
        )
    if settings.PROPEXO_CHARGE_POSTING_ENABLED and not settings.PROPEXO_API_KEY:
        found.append(
            Caution(
                "PROPEXO_CHARGE_POSTING_ENABLED is true, but PROPEXO_API_KEY is not set.",
                hint="Charges will wait until the key is there.",
                id="meterbase.W001",
            )
        )
    if settings.PROPEXO_CONTRACT not in _CONTRACTS:
        found.append(
            Error(
                f"PROPEXO_CONTRACT is {settings.PROPEXO_CONTRACT!r}; it must be auto, unified or "
                "v1.",
                id="meterbase.E003",
            )
        )
    return found


_CONTRACTS = ("auto", "unified", "v1")
_LARGEST_SHARE = 90
_SHORTEST_SECRET = 10


@register()
def check_rate_limit(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse shares and limits that make no sense."""
    found: list[CheckMessage] = []
    if not 0 <= settings.PROPEXO_POSTING_SHARE <= _LARGEST_SHARE:
        found.append(
            Error(
                f"PROPEXO_POSTING_SHARE is {settings.PROPEXO_POSTING_SHARE}; it must be from 0 to "
                f"{_LARGEST_SHARE} percent.",
                id="meterbase.E004",
            )
        )
    if settings.PROPEXO_RATE_LIMIT < 0:
        found.append(
            Error(
                "PROPEXO_RATE_LIMIT is a number of requests a minute, or unset.",
                id="meterbase.E005",
            )
        )
    return found


@register(Tags.security)
def check_webhook_secrets(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Say when a secret is too short to prove anything."""
    secrets = [one.strip() for one in settings.PROPEXO_WEBHOOK_SECRET.split(",") if one.strip()]
    if all(len(secret) >= _SHORTEST_SECRET for secret in secrets):
        return []
    return [
        Caution(
            f"A secret in PROPEXO_WEBHOOK_SECRET has fewer than {_SHORTEST_SECRET} characters.",
            hint="Propexo asks for at least as many; make a longer one and register it again.",
            id="meterbase.W002",
        )
    ]


@register(Tags.security)
def check_webhook_targets(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Say when people could make this machine send to itself."""
    if not settings.WEBHOOKS_TO_THIS_MACHINE or settings.DEBUG:
        return []
    return [
        Caution(
            "WEBHOOKS_TO_THIS_MACHINE is true, but DEBUG is false.",
            hint="Whoever sets up a webhook can make MeterBase send to services of this machine.",
            id="meterbase.W003",
        )
    ]


@register()
def check_mail(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Say what is wrong with how mails are sent and what their links lead to."""
    found: list[CheckMessage] = []
    if not settings.SITE_URL.startswith(("https://", "http://")):
        found.append(Error("SITE_URL must start with https:// (or http://).", id="meterbase.E030"))
    if not 0 <= settings.NOTICE_DIGEST_HOUR <= _LAST_HOUR:
        said = f"NOTICE_DIGEST_HOUR is {settings.NOTICE_DIGEST_HOUR}; it must be from 0 to 23."
        found.append(Error(said, id="meterbase.E031"))
    sends = settings.EMAIL_BACKEND == "portfolios.notices.mail_line.SmtpBackend"
    if sends and not settings.SITE_URL_IS_SET and not settings.DEBUG:
        found.append(
            Caution(
                "EMAIL_URL is set, but SITE_URL is not.",
                hint=f"The links in mails lead to {settings.SITE_URL}, where nobody else finds it.",
                id="meterbase.W030",
            )
        )
    return found


_LAST_HOUR = 23
_SHORTEST_SYNC_INTERVAL = 900


@register()
def check_syncs(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Say what is wrong with when syncs start by themselves."""
    found: list[CheckMessage] = []
    if settings.PROPEXO_SYNC_INTERVAL < 0 or settings.PROPEXO_FULL_SYNC_INTERVAL < 0:
        found.append(
            Error(
                "PROPEXO_SYNC_INTERVAL and PROPEXO_FULL_SYNC_INTERVAL are numbers of seconds.",
                hint="0 turns automatic syncs off.",
                id="meterbase.E010",
            )
        )
    elif 0 < settings.PROPEXO_SYNC_INTERVAL < _SHORTEST_SYNC_INTERVAL:
        found.append(
            Caution(
                f"PROPEXO_SYNC_INTERVAL is {settings.PROPEXO_SYNC_INTERVAL} seconds.",
                hint="Propexo itself reads most PMSs every 12 or 24 hours. Below "
                f"{_SHORTEST_SYNC_INTERVAL} seconds, syncs find little and use up the rate limit.",
                id="meterbase.W010",
            )
        )
    try:
        read_window(settings.PROPEXO_SYNC_WINDOW)
    except NoWindow as error:
        found.append(Error(f"PROPEXO_SYNC_WINDOW: {error}", id="meterbase.E011"))
    return found


@register()
def check_ledger_window(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Say what is wrong with the hours in which ledgers are compared."""
    if settings.LEDGER_CHECK_WINDOW.strip().lower() == "off":
        return []
    try:
        read_window(settings.LEDGER_CHECK_WINDOW)
    except NoWindow as error:
        hint = "Or off, so that ledgers are compared only when somebody asks."
        return [Error(f"LEDGER_CHECK_WINDOW: {error}", hint=hint, id="meterbase.E012")]
    return []


@register()
def check_clusters(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse a cluster on whose queue nothing is ever put, and one without workers."""
    posting = settings.Q_CLUSTER["ALT_CLUSTERS"]
    found: list[CheckMessage] = []
    name = os.environ.get("Q_CLUSTER_NAME", "")
    if name and name not in {settings.Q_CLUSTER["name"], *posting}:
        found.append(
            Error(
                f"Q_CLUSTER_NAME is {name!r}; it must be posting, or unset.",
                hint="Unset, qcluster works on syncs and webhooks; as posting, on charges.",
                id="meterbase.E020",
            )
        )
    if settings.Q_CLUSTER["workers"] < 1 or posting["posting"]["workers"] < 1:
        found.append(
            Error("WORKERS and POSTING_WORKERS must be at least 1 each.", id="meterbase.E021")
        )
    return found
