"""Fill an empty database with three approved charges, or count what became of them, as a process.

What it finds is printed as JSON.
"""

from __future__ import annotations

import json
import sys

import django


def fill() -> dict[str, object]:
    """Make the charges and a key of whoever may post them."""
    from django.utils import timezone

    from billing.bench.stage import make_tables
    from billing.tests.small_place import small_calculation
    from conftest import Cast
    from meterbase.tests.api.programs import program_of
    from portfolios.models import ApiKey, ApiPlan, Membership, Portfolio, Role, User

    make_tables()
    now = timezone.now()
    portfolio = Portfolio.objects.create(name="Lakeside", created_at=now)
    people = {role.value: User.objects.create_user(role.value) for role in Role}
    for role, user in people.items():
        Membership.objects.create(user=user, portfolio=portfolio, role=role)
    cast = Cast(portfolio=portfolio, stranger=User.objects.create_user("stranger"), **people)
    calculation = small_calculation(cast, now)
    secret = program_of(cast.accountant, now=now).secret
    ApiKey.objects.update(plan=ApiPlan.ENTERPRISE)
    bill = calculation.bill
    return {"secret": secret, "property_id": bill.property_id, "bill_id": bill.pk}


def count() -> dict[str, object]:
    """Count what was made of the charges."""
    from billing.models import Posting, PostingJob
    from portfolios.models import KeptAnswer

    return {
        "jobs": list(PostingJob.objects.values_list("public_id", flat=True)),
        "postings": Posting.objects.count(),
        "kept": KeptAnswer.objects.filter(status=202).count(),
        "at_work": KeptAnswer.objects.filter(status=None).count(),
    }


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps({"fill": fill, "count": count}[sys.argv[1]]()))
