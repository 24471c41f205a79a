"""The health check: 200 while everything works, and in plain words what does not."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django import db
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from billing.models import PostingState
from billing.tests.small_place import small_job
from integrations.beats import SWEEPER, canary_of, monitor_of, worker_of
from integrations.clusters import CLUSTERS, GENERAL, POSTING
from integrations.models import ConnectionStatus, Tick
from meterbase.health import looks

pytestmark = pytest.mark.django_db


def seen(name: str, ago: float = 0) -> None:
    """Let a part of the installation leave a beat some seconds ago."""
    moment = timezone.now() - timedelta(seconds=ago)
    Tick.objects.update_or_create(name=name, defaults={"ticked_at": moment})


def queued(cluster: str, ago: float) -> None:
    """Let a task have waited in a queue for some seconds."""
    OrmQ.objects.create(key=cluster, payload="", lock=timezone.now() - timedelta(seconds=ago))


@pytest.fixture(autouse=True)
def at_work():
    """Let everybody be at work."""
    for cluster in CLUSTERS:
        seen(worker_of(cluster))
        seen(monitor_of(cluster))
    seen(SWEEPER)


@pytest.fixture
def ask(client):
    """Give a function that asks for the health of the installation, and expects a status."""

    def get(status: int = 503, name: str = "") -> Any:
        answer = client.get("/health/")
        assert answer.status_code == status, answer.content
        assert "no-store" in answer["Cache-Control"]
        found = answer.json()
        return found["checks"][name] if name else found

    return get


def test_everything_works(ask):
    found = ask(200)

    assert found["status"] == "ok"
    assert list(found["checks"]) == list(looks.LOOKS)
    assert {check["status"] for check in found["checks"].values()} == {"ok"}


def test_it_is_cheap(client, django_assert_max_num_queries):
    client.get("/health/")

    with django_assert_max_num_queries(14):
        client.get("/health/")


def test_the_web_server_lives_without_asking_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/health/live")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("method", ["post", "put", "delete"])
@pytest.mark.parametrize("path", ["/health/", "/health/live"])
def test_it_is_only_read(client, method: str, path: str):
    assert getattr(client, method)(path).status_code == 405


def test_load_balancers_ask_without_https(client, settings):
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/health/live").status_code == 200
    assert client.get("/").status_code == 301


@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("part", [worker_of, monitor_of])
def test_a_cluster_of_which_a_part_is_silent_has_to_be_restarted(ask, cluster: str, part):
    seen(part(cluster), ago=151)

    name = "posting_workers" if cluster == POSTING else "general_workers"
    found = ask(503, name)
    assert found["status"] == "failing"
    assert "do not work. Restart them." in found["message"]


def test_a_cluster_that_is_gone_has_to_be_started(ask):
    Tick.objects.filter(name__in=[worker_of(POSTING), monitor_of(POSTING)]).delete()

    assert ask(503, "posting_workers")["message"] == "No worker for charges is running. Start one."


def test_a_task_that_nobody_takes_up_is_bad(ask):
    seen(worker_of(GENERAL), ago=100)
    queued(GENERAL, ago=61)

    assert ask(503, "general_queue")["status"] == "failing"


def test_a_task_that_waits_for_busy_workers_is_not(ask):
    seen(worker_of(GENERAL), ago=20)
    queued(GENERAL, ago=61)

    assert "busy" in ask(200, "general_queue")["message"]


def test_too_few_workers_are_a_warning(ask):
    queued(GENERAL, ago=601)

    assert ask(200, "general_queue")["status"] == "warning"


def test_a_task_that_a_worker_has_taken_is_not_waiting(ask):
    seen(worker_of(POSTING), ago=100)
    queued(POSTING, ago=-240)

    assert ask(200, "posting_queue")["status"] == "ok"


def test_without_the_loop_the_workers_look_after_what_waits(ask):
    seen(SWEEPER, ago=200)

    assert ask(200, "sweeper")["status"] == "warning"


@pytest.fixture
def late(settings, cast):
    """Let three charges be due for three minutes."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return small_job(cast, timezone.now() - timedelta(minutes=3))


def test_charges_that_are_due_and_not_sent_are_bad(ask, late):
    assert ask(503, "charges")["status"] == "failing"


def test_charges_of_a_long_job_wait_for_their_turn(ask, late):
    sent = late.postings.first()
    sent.attempts.create(number=1, token="t", host="here", pid=1, started_at=timezone.now())

    assert ask(200, "charges")["status"] == "ok"


@pytest.mark.parametrize("reason", ["login expired", "throttled", "switched off", "over"])
def test_charges_that_wait_for_a_reason_are_none_of_its_business(ask, settings, late, reason: str):
    connection = late.connection
    match reason:
        case "login expired":
            connection.status = ConnectionStatus.LOGIN_EXPIRED
        case "throttled":
            connection.paused_until = timezone.now() + timedelta(minutes=5)
        case "switched off":
            settings.PROPEXO_CHARGE_POSTING_ENABLED = False
        case "over":
            late.postings.update(state=PostingState.CANCELLED)
    connection.save()

    assert ask(200, "charges")["status"] == "ok"


def test_figures_and_names_are_for_staff(client, ask, late, cast):
    assert all("details" not in check for check in ask(503)["checks"].values())
    client.force_login(cast.accountant)
    assert "details" not in ask(503, "charges")

    cast.accountant.is_staff = True
    cast.accountant.save()

    (stuck,) = ask(503, "charges")["details"]["stuck"]
    assert (stuck["connection"], stuck["charges"]) == (str(late.connection), 3)


def test_a_full_disk_is_bad(ask, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=10**8))
    assert ask(503, "disk")["message"] == "The disk is full."
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=5 * 10**8))
    assert ask(200, "disk")["status"] == "warning"


def test_a_database_older_than_the_program_is_bad(ask, monkeypatch):
    def plan(*_args):
        return [("billing.0099_something", False)]

    looks._require_migrations.cache_clear()
    monkeypatch.setattr(MigrationExecutor, "migration_plan", plan)
    assert "run `manage.py migrate`" in ask(503, "migrations")["message"]
    monkeypatch.undo()
    assert ask(200, "migrations")["status"] == "ok"


def test_a_database_that_is_away_is_said_without_asking_again(client, ask, monkeypatch):
    def away(**_when):
        raise db.OperationalError("could not connect to server: secret details")

    monkeypatch.setitem(looks.LOOKS, "database", away)

    found = ask(503)

    assert list(found["checks"]) == ["database", "disk"]
    assert "secret" not in str(found)


def test_a_stopped_clock_tells_a_deaf_cluster_from_an_absent_one(ask):
    Tick.objects.all().delete()
    Schedule.objects.create(
        name=canary_of(POSTING), func="x", next_run=timezone.now(), task="the last one"
    )

    assert "Restart them" in ask(503, "posting_workers")["message"]
    assert "Start one" in ask(503, "general_workers")["message"]
