"""Every call, asked by everybody: nobody gets further than they may.

Shape of a case: no key, wrong key, a key without the scope, a key of a stranger, a key that is
confined to another portfolio, and the three roles.
"""

from __future__ import annotations

import pytest

from meterbase.tests.api.matrix import MATRIX, Rows
from meterbase.tests.api.programs import Program, program_of
from meterbase.tests.api.routes import Route, all_routes
from portfolios.access import ALLOWED
from portfolios.models import Role, Scope

_ROUTES = [route for route in all_routes() if route.name in MATRIX]
_NAMES = [route.name for route in _ROUTES]


def test_every_call_has_a_row_of_its_own():
    names = [route.name for route in all_routes()]
    assert sorted(names) == sorted(MATRIX)


@pytest.mark.parametrize("route", all_routes(), ids=lambda route: route.name)
def test_every_call_names_its_scope(route):
    assert route.scope in Scope


def _call(program: Program, route: Route, rows: Rows):
    row = MATRIX[route.name]
    url = route.url(row.values(rows)) + row.query(rows)
    return program.call(route.method, url, row.filled(rows))


@pytest.mark.parametrize("route", _ROUTES, ids=_NAMES)
def test_nobody_gets_further_than_they_may(
    request, route, rows, cast, programs, confined_elsewhere, now
):
    row = MATRIX[route.name]
    if row.asks_propexo:
        request.getfixturevalue("sandbox")
    scopes = tuple(scope for scope in Scope if scope is not route.scope)
    without = program_of(cast.manager, now=now, scopes=scopes)

    assert _call(Program(), route, rows).status_code == 401
    assert _call(Program("mb_live_wrong"), route, rows).status_code == 401
    assert _call(without, route, rows).status_code == 403
    for outsider in (programs["stranger"], *map(confined_elsewhere, _members(cast))):
        answer = _call(outsider, route, rows)
        assert answer.status_code == row.hidden
        assert row.hidden != 200 or answer.json()[row.listing] == []
    # Whoever is refused changes nothing, so that the last one still finds what there was.
    for role in sorted(Role.values, key=lambda role: row.action in ALLOWED[role]):
        expected = row.answer if row.action in ALLOWED[role] else 403
        answer = _call(programs[role], route, rows)
        assert answer.status_code == expected, (role, answer.content)
        assert not row.listing or expected != 200 or answer.json()[row.listing] != []


def _members(cast):
    return (cast.viewer, cast.manager, cast.accountant)
