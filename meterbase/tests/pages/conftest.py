"""The world, made once for all pages, and a server for a browser to open them on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import pytest
from django.test import Client
from playwright.sync_api import Browser, sync_playwright

from meterbase.tests.pages.world import Builder, World


@pytest.fixture
def world(settings, cast, approved, gateway, sandbox, now) -> World:
    """Make the world that all pages are opened on."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return Builder(
        cast=cast, place=approved.bill.property, gateway=gateway, sandbox=sandbox, now=now
    ).build(approved)


Found = TypeVar("Found")
InBrowser = Callable[[Callable[[Browser], Found]], Found]


@pytest.fixture
def in_browser(browser_type_launch_args: dict[str, Any]) -> Iterator[InBrowser[Any]]:
    """Give a function that does something in Chromium, always in the same thread of its own.

    Playwright keeps an event loop in its thread, where Django refuses to touch the database.
    """
    with ThreadPoolExecutor(1) as thread:
        playwright = thread.submit(sync_playwright().start).result()
        launch = partial(playwright.chromium.launch, **browser_type_launch_args)
        browser = thread.submit(launch).result()
        yield lambda steps: thread.submit(steps, browser).result()
        thread.submit(browser.close).result()
        thread.submit(playwright.stop).result()


@pytest.fixture
def sessions(world) -> dict[str, str]:
    """Sign everybody of the cast in, and give the values of their session cookies."""
    found = {}
    for who in ("manager", "accountant", "viewer", "stranger"):
        client = Client()
        client.force_login(getattr(world.cast, who))
        found[who] = client.cookies["sessionid"].value
    return found
