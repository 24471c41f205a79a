"""Call a sandbox the way a program does, seeing every byte of the answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from http.client import HTTPConnection, HTTPMessage
from typing import Any
from urllib.parse import urlsplit

KEY = "px_test_sandbox"
CHARGE = {
    "unit_id": "unit_001_0028",
    "amount": Decimal("142.50"),
    "effective_date": "2026-04-01",
    "charge_code": "UTIL",
    "description": "March 2026 Utility Charge (RUBS) [MB-7F3K2Q9AXT4CV]",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `body` is parsed with exact decimals."""

    status: int
    headers: HTTPMessage
    raw: bytes
    body: Any

    @property
    def code(self) -> str:
        code: str = self.body["error"]["code"]
        return code

    @property
    def details(self) -> dict[str, Any]:
        details: dict[str, Any] = self.body["error"]["details"]
        return details

    @property
    def ids(self) -> list[str]:
        return [record["id"] for record in self.body["data"]]


@dataclass(frozen=True, slots=True)
class Client:
    """One connection per call, closed at once."""

    base_url: str
    key: str = KEY

    def get(self, path: str) -> Answer:
        return self.call("GET", path)

    def post(self, path: str, body: object) -> Answer:
        return self.call("POST", path, written(body))

    def call(self, method: str, path: str, data: bytes | None = None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key:
            sent.setdefault("Authorization", f"Bearer {self.key}")
        connection = HTTPConnection(urlsplit(self.base_url).netloc, timeout=10)
        try:
            connection.request(method, path, body=data, headers=sent)
            response = connection.getresponse()
            raw = response.read()
        finally:
            connection.close()
        is_json = "json" in response.headers.get("Content-Type", "")
        body = json.loads(raw, parse_float=Decimal) if raw and is_json else None
        return Answer(status=response.status, headers=response.headers, raw=raw, body=body)

    def all_ids(self, path: str, *, per_page: int) -> list[str]:
        """Walk a list by cursor."""
        ids: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            answer = self.get(f"{path}&per_page={per_page}&cursor={cursor}")
            ids += answer.ids
            cursor = answer.body["pagination"]["next_cursor"]
        return ids


def written(body: object) -> bytes:
    """Write JSON; a Decimal is written as the number that it is."""
    if isinstance(body, dict):
        members = (
            json.dumps(name).encode() + b":" + written(value) for name, value in body.items()
        )
        return b"{" + b",".join(members) + b"}"
    return str(body).encode() if isinstance(body, Decimal) else json.dumps(body).encode()
