"""No route without an entry: a new page is proven with all the others, or nothing passes."""

from __future__ import annotations

import pytest

from meterbase.lib.sheets.tests.reading import content_of
from meterbase.tests.pages.registry import ELSEWHERE, FILES, PAGES, QUESTIONS
from meterbase.tests.pages.routes import Route, named_routes

_REGISTERED = PAGES.keys() | FILES.keys() | QUESTIONS.keys() | ELSEWHERE.keys()


def test_every_entry_belongs_to_a_route():
    assert {route.name for route in named_routes()} >= _REGISTERED


@pytest.mark.parametrize(
    "route", [route for route in named_routes() if route.name not in _REGISTERED], ids=str
)
def test_a_route_without_an_entry_takes_no_get(route: Route, client):
    answer = client.get(route.sample_url())
    assert answer.status_code == 405, f"{route.name} needs an entry in registry.py"


def test_files_are_given_and_questions_about_nothing_lead_back(world, sessions, client):
    for name, opening in {**FILES, **QUESTIONS}.items():
        client.cookies["sessionid"] = sessions[opening.who]
        answer = client.get(opening.url(name, world))
        assert answer.status_code == (200 if name in FILES else 302), name
        assert answer.status_code == 302 or "html" not in answer.headers["Content-Type"], name
        content_of(answer)
