"""A portfolio in which every page has something to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from billing.models import (
    Calculation,
    ChargeCode,
    FileKind,
    GoLiveItem,
    GoLiveTick,
    LedgerCheck,
    Method,
    Posting,
    PostingJob,
    PostingState,
    PreparedFile,
    Reversal,
    Statement,
    Utility,
    UtilityBill,
    VacancyPolicy,
)
from billing.operations.approvals import approve_calculation
from billing.operations.bills import BillEntry, clear_flag, enter_bill
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.operations.documents import attach_document
from billing.operations.go_live import tick_item
from billing.operations.ledger_checks import check_ledger
from billing.operations.prepared_files import Subject, request_file
from billing.operations.reversals import ReversalOrder, request_reversal
from billing.operations.share_rules import ShareRuleEntry, set_share_rule
from billing.records.work import work_on_files
from billing.rubs.rules import Severity, load_places
from billing.statements.contacts import Contact, set_contact
from billing.statements.issue import issue_statement
from billing.tests.acts import end_lease_of, post, run_workers
from conftest import Cast
from integrations.models import Connection
from integrations.pms.gateway import PmsGateway
from integrations.sandbox.server import RunningSandbox
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from meterbase.tests.pages.surroundings import Surroundings, make_surroundings
from portfolios.models import Commodity, Property, UtilityChoice
from portfolios.operations.utilities import ChosenUtility, choose_utility

_CONTACT = Contact(
    agent_name="Lakeside Homes LLC",
    agent_address="1 Lake Street, Austin, TX 78701",
    agent_phone="512-555-0100",
    disputes="In writing to the office, within 30 days",
    records_place="At the office, Monday to Friday from 9 to 5",
    due_days=20,
)
_FEBRUARY = Period(date(2026, 2, 1), date(2026, 3, 1))
_MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
_PDF = b"%PDF-1.7\n%%EOF\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the pages are about.

    Shape: `approved` waits to be posted, `in_review` to be approved; of `job` a charge failed, one
        is in doubt and one is asked to be taken back; nobody has taken up `waiting_job`.
    """

    cast: Cast
    place: Property
    bill: UtilityBill
    draft: Calculation
    in_review: Calculation
    approved: Calculation
    job: PostingJob
    waiting_job: PostingJob
    failed: Posting
    in_doubt: Posting
    posted: Posting
    reversal: Reversal
    ledger_check: LedgerCheck
    charge_code: ChargeCode
    tick: GoLiveTick
    statement: Statement
    prepared_file: PreparedFile
    around: Surroundings
    gateway: PmsGateway
    now: datetime
    utility: str = "water"
    month: str = "2026-03"
    commodity: str = "water"
    recovered_step: str = "recovered"
    owner_step: str = "common-area"
    open_step: str = "not-approved"

    @property
    def connection(self) -> Connection:
        """Give the connection of the property."""
        return self.place.link.connection

    @property
    def blocking_rule(self) -> str:
        """Name a rule of the place that can stand in the way."""
        rules = load_places().for_place(self.place.state, self.place.city, self.utility)
        return next(rule.id for rule in rules if rule.severity is Severity.BLOCK)


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes the world step by step, each by whoever does it as a rule."""

    cast: Cast
    place: Property
    gateway: PmsGateway
    sandbox: RunningSandbox
    now: datetime

    def build(self, posted: Calculation) -> World:
        """Add all that a property with one approved calculation lacks."""
        in_review = self.submitted(Utility.GAS)
        approved = self.approve(self.submitted(Utility.SEWER))
        job = self.worked_job(posted)
        failed = job.postings.get(state=PostingState.REJECTED)
        in_doubt, back, kept = job.postings.filter(state=PostingState.POSTED)[:3]
        check = check_ledger(
            place=self.place, gateway=self.gateway, by=None, clock=lambda: self.now
        )
        reversal = self.ask_to_reverse(job, back)
        self.doubt(in_doubt)
        around = make_surroundings(
            self.cast, self.place, connection=self.place.link.connection, now=self.now
        )
        return World(
            cast=self.cast,
            place=self.place,
            bill=self.documented(posted.bill),
            draft=self.calculated(Utility.ELECTRIC),
            in_review=in_review,
            approved=approved,
            job=job,
            waiting_job=self.order(self.approve(self.submitted(Utility.TRASH))),
            failed=failed,
            in_doubt=in_doubt,
            posted=kept,
            reversal=reversal,
            ledger_check=check,
            charge_code=ChargeCode.objects.get(portfolio=self.cast.portfolio, code="WATER"),
            tick=tick_item(
                connection=self.place.link.connection,
                item=GoLiveItem.SANDBOX_TRIED,
                note="Job 7 of the sandbox.",
                by=self.cast.manager,
                now=self.now,
            ),
            statement=self.issued(kept),
            prepared_file=self.prepared_file(posted),
            around=around,
            gateway=self.gateway,
            now=self.now,
        )

    def calculated(self, utility: Utility) -> Calculation:
        """Bill February and March of a utility, so that March has something to compare with."""
        manager, now = self.cast.manager, self.now
        rule = ShareRuleEntry(method=Method.SQUARE_FEET, vacancy=VacancyPolicy.OWNER_PAYS)
        set_share_rule(place=self.place, utility=utility, entry=rule, by=manager, now=now)
        before = self.enter(utility, _FEBRUARY, 402_311)
        first = calculate_bill(bill=before, by=manager, now=now)
        submit_calculation(calculation=first, by=manager, now=now)
        self.approve(first)
        return calculate_bill(bill=self.enter(utility, _MARCH, 431_874), by=manager, now=now)

    def enter(self, utility: Utility, period: Period, cents: int) -> UtilityBill:
        """Enter a bill whose flags are no trouble."""
        entry = BillEntry(utility=utility, period=period, amount=Cents(cents))
        bill = enter_bill(place=self.place, entry=entry, by=self.cast.manager, now=self.now)
        for flag in bill.flags.all():
            clear_flag(flag=flag, note="Looked at.", by=self.cast.manager, now=self.now)
        return bill

    def submitted(self, utility: Utility) -> Calculation:
        """Calculate and submit March."""
        calculation = self.calculated(utility)
        submit_calculation(calculation=calculation, by=self.cast.manager, now=self.now)
        return calculation

    def approve(self, calculation: Calculation) -> Calculation:
        """Approve a calculation."""
        approve_calculation(calculation=calculation, by=self.cast.accountant, now=self.now)
        calculation.refresh_from_db()
        return calculation

    def order(self, calculation: Calculation) -> PostingJob:
        """Confirm the posting."""
        return post(
            calculation,
            by=self.cast.accountant,
            gateway=self.gateway,
            now=self.now,
            charge_code="UTIL",
        )

    def worked_job(self, calculation: Calculation) -> PostingJob:
        """Post, with one resident gone behind MeterBase's back."""
        job = self.order(calculation)
        end_lease_of("304", self.sandbox)
        run_workers(job, gateway=self.gateway, now=self.now)
        return job

    def ask_to_reverse(self, job: PostingJob, posting: Posting) -> Reversal:
        """Ask for one charge to be taken back."""
        return request_reversal(
            job=job,
            postings={posting.pk},
            order=ReversalOrder(reason="Read wrongly.", charge_date=date(2026, 4, 3)),
            gateway=self.gateway,
            by=self.cast.accountant,
            now=self.now,
        )

    def doubt(self, posting: Posting) -> None:
        """Leave a charge for a person to judge."""
        Posting.objects.filter(pk=posting.pk).update(
            state=PostingState.REVIEW,
            remote_charge_id="",
            error_code="OUTCOME_UNKNOWN",
            error="The PMS's ledger has this charge 2 times.",
        )

    def issued(self, posting: Posting) -> Statement:
        """Issue a resident's statement, with what its place asks for."""
        manager, now = self.cast.manager, self.now
        set_contact(
            portfolio=self.cast.portfolio, place=None, contact=_CONTACT, by=manager, now=now
        )
        named = ChosenUtility(UtilityChoice.TYPED, typed_name="Springfield Water")
        choose_utility(
            place=self.place, commodity=Commodity.WATER, chosen=named, by=manager, now=now
        )
        lease = posting.charge.lease
        assert lease is not None
        return issue_statement(lease=lease, month=_MARCH.start, by=manager, now=now)

    def prepared_file(self, calculation: Calculation) -> PreparedFile:
        """Have a records pack made."""
        about = Subject(self.place, calculation=calculation)
        file = request_file(
            kind=FileKind.CALCULATION_RECORDS, about=about, by=self.cast.viewer, now=self.now
        )
        work_on_files(clock=lambda: self.now)
        file.refresh_from_db()
        return file

    def documented(self, bill: UtilityBill) -> UtilityBill:
        """Attach the utility's own bill."""
        attach_document(
            bill=bill, name="March.pdf", chunks=[_PDF], by=self.cast.manager, now=self.now
        )
        return bill
