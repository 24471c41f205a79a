"""A PMS in memory that shows the ledger of a whole property, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from billing.posting.tests.fake_pms import FakePms
from integrations.pms import errors
from integrations.pms.gateway import OnPage
from integrations.pms.records import MalformedRecord, PmsCharge


class PagedLedger(FakePms):
    """A ledger that can break off before a page."""

    rows_per_page = 2
    breaks: Callable[[int], None] = staticmethod(lambda _start: None)
    pages_read: int = 0

    def list_charges(
        self,
        *,
        unit_id: str | None = None,
        resume_at: str | None = None,
        on_page: OnPage | None = None,
        **_filters: object,
    ) -> Iterator[PmsCharge | MalformedRecord]:
        """Show every row, or those of a unit, from a mark on."""
        self.looks += 1
        if self.ledger_error is not None:
            raise self.ledger_error
        start = int(resume_at or 0)
        rows = [
            row
            for row in self.rows()
            if unit_id is None or isinstance(row, MalformedRecord) or row.unit_id == unit_id
        ]
        while True:
            self.breaks(start)
            self.pages_read += 1
            yield from rows[start : start + self.rows_per_page]
            start += self.rows_per_page
            is_last = start >= len(rows)
            if on_page is not None:
                on_page(None if is_last else str(start))
            if is_last:
                return


def break_once(at: int, error: errors.PmsError | BaseException) -> Callable[[int], None]:
    """Make a break that happens before the page that starts there, the first time only."""
    pending = [error]

    def breaks(start: int) -> None:
        if start == at and pending:
            raise pending.pop()

    return breaks
