"""A read that is asked for before anybody waits for its answer.

While MeterBase works on one page, Propexo can get the next one ready: the request has left, and the
answer waits in the socket. No thread is needed for that. It only ever goes out on a connection that
is open already, in one attempt; whatever goes wrong with it, the read is made in the usual way.
"""

from __future__ import annotations

import http.client
import weakref
from collections.abc import Mapping

from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

from integrations.pms.deadline import OpenConnections

# All that can go wrong on the way; none of it is worth more than asking again.
_FAILURES = (HTTPError, http.client.HTTPException, OSError)


class AskedAhead:
    """One request that has left, and whose answer was not looked at yet."""

    def __init__(self, pool: OpenConnections, connection: HTTPConnection, target: str) -> None:
        self._pool = pool
        self._connection = connection
        self._target = target
        # Nobody else knows of the connection until the answer is read.
        self._forget = weakref.finalize(self, connection.close)

    def is_for(self, target: str) -> bool:
        """Tell whether it asks for this path with these parameters."""
        return self._target == target

    def fetch(self, *, largest: int) -> tuple[BaseHTTPResponse, bytes] | None:
        """Read the answer with its body; None when there is none, or none of a sensible size.

        Units: bytes.
        Effects: the connection is free again, or closed.
        """
        try:
            response = self._connection.getresponse()
            body = response.read(largest + 1, decode_content=True)
        except _FAILURES:
            self.drop()
            return None
        if len(body) > largest or response.length_remaining:
            self.drop()
            return None
        self._forget.detach()
        self._pool.give_back(self._connection)
        return response, body

    def drop(self) -> None:
        """Want no answer any more.

        Effects: the connection is closed.
        """
        self._forget()


def ask(
    pool: OpenConnections, target: str, *, headers: Mapping[str, str], timeout: float
) -> AskedAhead | None:
    """Send a GET if a connection is open for it; None when it did not leave.

    Shape: `target` is the path with the parameters.
    Units: seconds.
    """
    connection = pool.take_open()
    if connection is None:
        return None
    connection.timeout = timeout
    try:
        connection.request("GET", target, headers=headers, preload_content=False)
    except _FAILURES:
        connection.close()
        return None
    return AskedAhead(pool, connection, target)
