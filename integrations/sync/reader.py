"""Reading a property page by page, in chunks that are stored with the mark of the next page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from django.db import transaction

from integrations.models import SyncPhase, SyncRun
from integrations.pms import errors
from integrations.pms.gateway import FollowingList, OnPage, PmsGateway
from integrations.pms.records import MalformedRecord
from integrations.sync.claim import Claim, advance
from integrations.sync.flags import close_page_items, store_flags
from integrations.sync.pages import Chunk, Planner

# So many records are stored at once, or what was read in so long a time, whichever comes first: a
# worker that is lost then has to read few pages again, and the progress page has something to show.
CHUNK_ROWS = 500
CHUNK_TIME = timedelta(seconds=2)

_FOLLOWING: dict[SyncPhase, FollowingList] = {
    SyncPhase.LEASES: "leases",
    SyncPhase.RESIDENTS: "residents",
}

RecordT = TypeVar("RecordT")
RecordT_co = TypeVar("RecordT_co", covariant=True)


class OutOfTime(Exception):
    """The worker's time is up; the rest is for the next one."""


class _List(Protocol[RecordT_co]):
    """One of the gateway's lists."""

    def __call__(
        self,
        *,
        property_id: str,
        updated_since: datetime | None = None,
        resume_at: str | None = None,
        on_page: OnPage | None = None,
    ) -> Iterable[RecordT_co | MalformedRecord]: ...


class Reader:
    """One worker's pass over a run, from the page where the run stands."""

    def __init__(
        self,
        claim: Claim,
        run: SyncRun,
        *,
        gateway: PmsGateway,
        planner: Planner,
        has_items: bool,
        clock: Callable[[], datetime],
        out_of_time: Callable[[], bool],
        before_last: Callable[[], None],
    ) -> None:
        self._claim = claim
        self._run = run
        self._gateway = gateway
        self._clock = clock
        self._out_of_time = out_of_time
        self._before_last = before_last
        # A run of an earlier version may stand at a phase that is not known any more.
        is_known = run.phase in SyncPhase.values
        self._phase = SyncPhase(run.phase) if is_known else SyncPhase.UNITS
        self._mark = run.mark if is_known else ""
        self._names_missing = run.names_missing
        self._planner = planner
        self._has_items = has_items

    def read_all(self) -> None:
        """Read what is left of the units, leases and residents.

        Errors: those of `integrations.pms.errors`; TakenOver; OutOfTime.
        Effects: rows, chunk by chunk.
        """
        plan = self._planner
        if self._phase is SyncPhase.UNITS:
            self._read(self._gateway.list_units, plan.units, then=SyncPhase.LEASES)
        if self._phase is SyncPhase.LEASES:
            self._read(self._gateway.list_leases, plan.leases, then=SyncPhase.RESIDENTS)
        if self._phase is SyncPhase.RESIDENTS:
            self._read(self._gateway.list_residents, plan.residents, then=SyncPhase.CHECKING)

    def _read(
        self,
        list_records: _List[RecordT],
        plan: Callable[[Sequence[RecordT | MalformedRecord]], Chunk],
        *,
        then: SyncPhase,
    ) -> None:
        try:
            self._read_from_mark(list_records, plan, then)
        except errors.InvalidRequest:
            if not self._run.mark or self._mark != self._run.mark:
                raise
            # Propexo does not know the mark any more. Reading pages again changes nothing.
            self._mark = ""
            self._read_from_mark(list_records, plan, then)
        if self._phase is not then:
            raise errors.UnreadableAnswer("A list from Propexo broke off without an end.")

    def _read_from_mark(
        self,
        list_records: _List[RecordT],
        plan: Callable[[Sequence[RecordT | MalformedRecord]], Chunk],
        then: SyncPhase,
    ) -> None:
        rows: list[RecordT | MalformedRecord] = []
        pages = 0
        stored_at = self._clock()

        def turn(mark: str | None) -> None:
            nonlocal pages, stored_at
            pages += 1
            late = self._out_of_time()
            is_small = len(rows) < CHUNK_ROWS and self._clock() < stored_at + CHUNK_TIME
            if mark is not None and is_small and not late:
                return
            if mark is None and not late:
                self._expect(then)
            self._store(plan(rows), rows=len(rows), pages=pages, mark=mark, then=then)
            rows.clear()
            pages, stored_at = 0, self._clock()
            if late:
                raise OutOfTime

        listed = list_records(
            property_id=self._run.property.propexo_property_id,
            updated_since=self._updated_since(self._phase),
            resume_at=self._mark or None,
            on_page=turn,
        )
        for row in listed:
            rows.append(row)  # noqa: PERF402 - the turn of a page may empty the list

    def _updated_since(self, phase: SyncPhase) -> datetime | None:
        # A lease may name a resident who did not change and was never asked for.
        everything = phase is SyncPhase.RESIDENTS and self._names_missing
        return None if everything else self._run.updated_since

    def _expect(self, phase: SyncPhase) -> None:
        """Let Propexo get the next list ready while this one's end is planned and stored."""
        following = _FOLLOWING.get(phase)
        if following is None:
            self._before_last()
        else:
            self._gateway.expect(
                following,
                property_id=self._run.property.propexo_property_id,
                updated_since=self._updated_since(phase),
            )

    def _store(
        self, chunk: Chunk, *, rows: int, pages: int, mark: str | None, then: SyncPhase
    ) -> None:
        """Store a chunk and where the next page starts, both or neither."""
        phase = then if mark is None else self._phase
        names_missing = self._names_missing or chunk.names_missing
        now = self._clock()
        values = {"phase": phase.value, "mark": mark or "", "names_missing": names_missing}
        added = {
            "pages_read": pages,
            f"{self._phase.value}_read": rows,
            "created": chunk.created,
            "changed": chunk.changed,
            "unchanged": chunk.unchanged,
        }
        with transaction.atomic():
            added["flagged"] = self._store_flags(chunk, now)
            chunk.store(now)
            advance(self._claim, now=now, values=values, added=added)
        self._phase, self._mark, self._names_missing = phase, mark or "", names_missing
        for name, count in added.items():
            setattr(self._run, name, getattr(self._run, name) + count)

    def _store_flags(self, chunk: Chunk, now: datetime) -> int:
        place = self._run.property
        if self._has_items:
            close_page_items(
                place=place,
                record_kind=chunk.record_kind,
                looked_at=chunk.looked_at,
                flags=chunk.flags,
                now=now,
            )
        return store_flags(place=place, flags=chunk.flags, now=now, has_items=self._has_items)
