"""Posted jobs that somebody takes back, and the second accountant that it needs."""

from __future__ import annotations

import typing
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from billing.models import Posting, PostingJob, PostingState, Reversal
from billing.operations.reversals import ReversalOrder, approve_reversal, request_reversal
from billing.posting.drain import drain
from billing.posting.tests.fake_pms import FakePms
from billing.reversals import preview_reversal
from billing.tests.small_place import gateway_to_nowhere, small_job
from conftest import Cast, Clock
from integrations.pms.gateway import PmsGateway
from portfolios.models import Membership, Role, User

REASON = "The meter was read wrongly."
ORDER = ReversalOrder(reason=REASON, charge_date=date(2026, 4, 3))


def second_accountant(cast: Cast) -> User:
    """Add somebody who may approve what the accountant asked for."""
    person = User.objects.create_user("second", password="correct horse", first_name="Second")
    Membership.objects.create(user=person, portfolio=cast.portfolio, role=Role.ACCOUNTANT)
    return person


@dataclass(frozen=True)
class Story:
    """A job whose three charges are in a PMS in memory."""

    job: PostingJob
    pms: FakePms
    cast: Cast
    second: User
    clock: Clock

    def charges(self) -> list[Posting]:
        """Read the postings of the charges."""
        return list(self.job.postings.order_by("pk"))

    def ask(
        self, postings: Collection[Posting] | None = None, order: ReversalOrder = ORDER
    ) -> Reversal:
        """Ask for some charges to be taken back, or for all of them."""
        chosen = self.charges() if postings is None else postings
        return request_reversal(
            job=self.job,
            postings={posting.pk for posting in chosen},
            order=order,
            gateway=gateway_to_nowhere(),
            by=self.cast.accountant,
            now=self.clock(),
        )

    def approve(self, reversal: Reversal) -> Reversal:
        """Have the second accountant approve it."""
        return approve_reversal(
            reversal=reversal, gateway=gateway_to_nowhere(), by=self.second, now=self.clock()
        )

    def reverse(self, postings: Collection[Posting] | None = None) -> PostingJob:
        """Ask and approve; nothing is sent yet."""
        job = self.approve(self.ask(postings)).reversing_job
        assert job is not None
        return job

    def ledger(self) -> dict[int, int]:
        """Sum up what the PMS has for each charge, its reversals included."""
        amounts = self.pms.amounts()
        found: dict[int, int] = {}
        for posting in Posting.objects.all():
            cents = sum(int(amount * 100) for amount in amounts.get(posting.reference, ()))
            found[posting.charge_id] = found.get(posting.charge_id, 0) + cents
        return found

    def obstacle(self, posting: Posting) -> str:
        """Tell what stands in the way of taking a charge back."""
        found = preview_reversal(
            job=posting.job, gateway=gateway_to_nowhere(), charge_date=ORDER.charge_date
        )
        return next(each.obstacle for each in found.candidates if each.posting == posting)

    def work(self) -> None:
        """Send whatever is due."""
        # It has what an engine asks of a PMS, and no more.
        gateway = typing.cast("PmsGateway", self.pms)
        drain(connection_id=self.job.connection_id, gateway=gateway, clock=self.clock)


def posted_story(cast: Cast, clock: Clock) -> Story:
    """Post three charges; posting has to be switched on."""
    story = Story(small_job(cast, clock()), FakePms(clock), cast, second_accountant(cast), clock)
    story.work()
    assert {posting.state for posting in story.charges()} == {PostingState.POSTED}
    return story
