"""Integrations of contract v1, which is its word for connections."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from urllib.parse import quote

from integrations.pms import v1_records
from integrations.pms.errors import NotFound, Refused
from integrations.pms.paging import Turn
from integrations.pms.parsing import Fields, read_row
from integrations.pms.reading import object_in, unreadable
from integrations.pms.records import MalformedRecord, PmsConnection
from integrations.pms.transport import Transport
from integrations.pms.v1_pages import read_rows


def read_integration(transport: Transport, *, connection_id: str) -> PmsConnection:
    """Read an integration and what its last data-access check proved.

    Errors: NotFound when Propexo has no such integration.
    """
    path = _path_of(connection_id)
    answer = transport.get(path)
    row = object_in(answer, key="results")
    if row is None:
        raise NotFound(f"Propexo has no connection with the id {connection_id!r}.")
    record = read_row(row, kind="connection", build=v1_records.connection_from)
    if isinstance(record, MalformedRecord):
        raise unreadable(answer, " ".join(record.problems))
    if record.connection_id != connection_id:
        raise unreadable(answer, "It describes another connection than the one asked for.")
    if record.posts_charges is None:
        proven = _proven_to_post(transport, path)
        record = dataclasses.replace(record, posts_charges=proven)
    return record


def read_enabled(transport: Transport, *, connection_id: str) -> Mapping[str, bool | None]:
    """Read which properties Propexo loads units and leases for; empty where it does not say."""
    path = f"{_path_of(connection_id)}properties"
    try:
        rows = [
            read_row(row, kind="property", build=v1_records.enabled_from)
            for row in read_rows(transport, path, {}, turn=Turn())
        ]
    except Refused:
        return {}
    return dict(row for row in rows if not isinstance(row, MalformedRecord))


def _proven_to_post(transport: Transport, path: str) -> bool | None:
    try:
        answer = transport.get(f"{path}data-access")
    except Refused:
        return None
    result = object_in(answer, key="result")
    if not isinstance(result, dict):
        raise unreadable(answer, "It is no data-access check.")
    return v1_records.proven_to_post(Fields(result))


def _path_of(connection_id: str) -> str:
    return f"/v1/admin/integrations/{path_part(connection_id, kind='connection')}/"


def path_part(remote_id: str, *, kind: str) -> str:
    """Write an id as a part of a path.

    Errors: NotFound for an id that would climb out of the path instead of naming a record.
    """
    if not remote_id.strip("."):
        raise NotFound(f"Propexo has no {kind} with the id {remote_id!r}.")
    return quote(remote_id, safe="")
