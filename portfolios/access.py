"""The one door to rows: what a person may see, and what they may do with it.

Whatever is not in one of the person's portfolios does not exist for them (404); what they may see
but not do is refused (403). Where a program acts for the person, the portfolios to which its key is
confined are all that there is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404

from meterbase.lib.kept_question import KeptQuestion, KeptValues, blank
from portfolios.models import Membership, Portfolio, Role, User
from portfolios.models.scope import PortfolioRow


class Action(StrEnum):
    """What somebody wants to do with a row."""

    READ = "see"
    PREPARE = "prepare"
    APPROVE = "approve and post"


ALLOWED: dict[str, frozenset[Action]] = {
    Role.VIEWER: frozenset({Action.READ}),
    Role.MANAGER: frozenset({Action.READ, Action.PREPARE}),
    Role.ACCOUNTANT: frozenset({Action.READ, Action.APPROVE}),
}


RowT = TypeVar("RowT", bound=PortfolioRow)
TextT = TypeVar("TextT", bound=str)


def rows(
    model: type[RowT], *, user: User | AnonymousUser, action: Action = Action.READ
) -> QuerySet[RowT]:
    """Select the rows of a model that a person may see, or with which they may do something."""
    found = model._default_manager.all()
    return _of_member(found, user.pk, _confined_to(user), memberships__role__in=_roles(action))


def rows_to_keep(model: type[RowT]) -> QuerySet[RowT]:
    """Select the rows that a person may see, for figures that are kept: a blank is the person."""
    found = model._default_manager.all()
    return _of_member(found, blank("member"), None, memberships__role__in=_roles(Action.READ))


def _roles(action: Action) -> list[str]:
    return [role for role, actions in ALLOWED.items() if action in actions]


def _confined_to(user: User | AnonymousUser) -> Collection[int] | None:
    return user.confined_to if isinstance(user, User) else None


# Any: a value, or a blank in its place.
def _of_member(
    candidates: QuerySet[RowT], member: Any, confined_to: Collection[Any] | None, **more: Any
) -> QuerySet[RowT]:
    """Keep the rows whose portfolio has the person as a member.

    All conditions go into one filter call, so that they speak of one and the same membership.
    """
    path = candidates.model.portfolio_path
    prefix = f"{path}__" if path else ""
    conditions = {"memberships__user": member, **more}
    if confined_to is not None:
        conditions["memberships__portfolio__id__in"] = confined_to
    return candidates.filter(**{prefix + lookup: value for lookup, value in conditions.items()})


def fetch(candidates: QuerySet[RowT], action: Action, *, user: User, **lookup: Any) -> RowT:
    """Get one row for an action.

    Errors: Http404 when it is not there or not theirs, PermissionDenied when their role may not.
    """
    row = _of_member(candidates, user.pk, user.confined_to).filter(**lookup).first()
    if row is None:
        raise _no_such(candidates.model)
    # What every member may do needs no look at the role.
    if not all(action in can for can in ALLOWED.values()):
        require(portfolio_of(row), action, user=user)
    return row


QuestionT = TypeVar("QuestionT")


class _KeptForMembers(Generic[RowT, QuestionT]):
    """A question about rows that a person may see, by SQL that is made once."""

    def __init__(
        self, candidates: QuerySet[RowT], ask: Callable[[QuerySet[RowT]], QuestionT]
    ) -> None:
        self._candidates = candidates
        self._ask = ask
        # By the number of portfolios to which the person is confined.
        self._questions: dict[int | None, QuestionT] = {}

    def asked_by(
        self, user: User, values: Mapping[str, Any]
    ) -> tuple[QuestionT, Mapping[str, Any]]:
        """Fill in who asks; give the question and what goes into its blanks."""
        # No portfolio has the number 0: whoever is confined to none sees nothing.
        confined = None if user.confined_to is None else sorted(user.confined_to) or [0]
        count = None if confined is None else len(confined)
        question = self._questions.get(count)
        if question is None:
            question = self._questions[count] = self._question(count)
        numbered = {_place(number): pk for number, pk in enumerate(confined or ())}
        return question, {**values, **numbered, "member": user.pk}

    def _question(self, count: int | None) -> QuestionT:
        confined = None if count is None else [blank(_place(number)) for number in range(count)]
        roles = _roles(Action.READ)
        return self._ask(
            _of_member(self._candidates, blank("member"), confined, memberships__role__in=roles)
        )


class KeptRows(Generic[RowT]):
    """The rows of a selection that a person may see, by SQL that is made once.

    Shape: for selections that programs ask for again and again; `blank`s in them are filled by name
        at each asking.
    """

    def __init__(self, candidates: QuerySet[RowT]) -> None:
        self._model = candidates.model
        self._kept = _KeptForMembers(candidates, KeptQuestion)

    def seen_by(self, user: User, **values: Any) -> SeenRows[RowT]:
        """Fill in who asks, and the blanks."""
        return SeenRows(*self._kept.asked_by(user, values))

    def fetch(self, *, user: User, **values: Any) -> RowT:
        """Get the one row that these values name.

        Errors: Http404 when it is not there or not theirs.
        """
        found = self.seen_by(user, **values)[0:1] if _is_askable(values) else ()
        if not found:
            raise _no_such(self._model)
        return found[0]


class KeptSums(Generic[RowT]):
    """What is summed up of the rows that a person may see, by SQL that is made once.

    Shape: `sum_up` turns a selection into lists of values; blanks are filled as in kept rows.
    """

    def __init__(
        self, candidates: QuerySet[RowT], sum_up: Callable[[QuerySet[RowT]], QuerySet[RowT, Any]]
    ) -> None:
        self._kept = _KeptForMembers(candidates, lambda seen: KeptValues(sum_up(seen)))

    def all(self, *, user: User, **values: Any) -> list[Sequence[Any]]:
        """Ask for all lists of values."""
        if not _is_askable(values):
            return []
        question, filled = self._kept.asked_by(user, values)
        return question.all(**filled)


def _is_askable(values: Mapping[str, Any]) -> bool:
    # No text that is stored has a NUL in it, and PostgreSQL refuses to be asked for one.
    return not any(isinstance(each, str) and "\0" in each for each in values.values())


def _place(number: int) -> str:
    return f"portfolio_{number}"


@dataclass(frozen=True, slots=True)
class SeenRows(Generic[RowT]):
    """Rows that a person may see; asked for when they are counted or part of them is taken."""

    question: KeptQuestion[RowT]
    values: Mapping[str, Any]

    def count(self) -> int:
        """Count all of them."""
        return self.question.count(**self.values)

    def __getitem__(self, part: slice) -> Sequence[RowT]:
        return self.question.part(part.start, part.stop, **self.values)

    def written_by(self, write: Callable[[RowT], TextT]) -> WrittenRows[RowT, TextT]:
        """Have the rows written, anew only where one has changed.

        Shape: what is written of a row may follow from nothing but its columns.
        """
        return WrittenRows(self, write)


@dataclass(frozen=True, slots=True)
class WrittenRows(Generic[RowT, TextT]):
    """Rows that a person may see, as they are written."""

    rows: SeenRows[RowT]
    write: Callable[[RowT], TextT]

    def page(self, start: int, stop: int) -> tuple[Sequence[TextT], int]:
        """Give some of them, and how many there are in all."""
        seen = self.rows
        return seen.question.written_page(start, stop, self.write, **seen.values)


def _no_such(model: type[RowT]) -> Http404:
    return Http404(f"There is no such {model._meta.verbose_name}.")


def portfolio_of(row: PortfolioRow) -> Portfolio:
    """Follow a row to its portfolio."""
    found: Any = row
    for step in filter(None, row.portfolio_path.split("__")):
        found = getattr(found, step)
    assert isinstance(found, Portfolio)  # noqa: S101 - a wrong portfolio_path is our own mistake
    return found


def role_in(portfolio: Portfolio, *, user: User) -> str | None:
    """Tell a person's role in a portfolio."""
    if user.confined_to is not None and portfolio.pk not in user.confined_to:
        return None
    found = Membership.objects.filter(portfolio=portfolio, user=user).values_list("role", flat=True)
    return found.first()


def may(portfolio: Portfolio, action: Action, *, user: User) -> bool:
    """Tell whether a person may do something in a portfolio."""
    role = role_in(portfolio, user=user)
    return role is not None and action in ALLOWED[role]


def require(portfolio: Portfolio, action: Action, *, user: User) -> None:
    """Refuse what a person's role does not allow.

    Errors: Http404 for a stranger, PermissionDenied for a wrong role.
    """
    role = role_in(portfolio, user=user)
    if role is None:
        raise Http404("There is no such portfolio.")
    if action not in ALLOWED[role]:
        needed = " or ".join(Role(r).label.lower() for r, can in ALLOWED.items() if action in can)
        raise PermissionDenied(
            f"To {action} in {portfolio} you need the role of {needed}; "
            f"yours is {Role(role).label.lower()}."
        )


def may_open_portfolios(user: User) -> bool:
    """Tell whether a person may make portfolios: support staff, and whoever manages one already."""
    if user.confined_to is not None:
        return False
    manages = Membership.objects.filter(user=user, role=Role.MANAGER)
    return user.is_staff or manages.exists()
