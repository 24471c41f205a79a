"""Whether the PMS would book a posting on the resident that it is meant for."""

from __future__ import annotations

from billing.models import Charge, Posting
from portfolios.models import LeaseStatus


def would_hit_another(posting: Posting) -> bool:
    """Tell whether a posting would be booked on whoever lives in the unit now.

    Shape: a charge whose resident has left always counts so, for nobody there is to be charged. Who
        has left still gets money back, where the bytes that are sent name them.
    """
    if posting.charge.lease.status != LeaseStatus.PAST:
        return False
    return posting.reverses_id is None or not names_resident(posting.body, posting.charge)


def names_resident(body: str, charge: Charge) -> bool:
    """Tell whether the bytes of a posting name the lease or the resident, not the unit alone."""
    ids = (charge.propexo_lease_id, charge.propexo_resident_id)
    return any(f'"{remote_id}"' in body for remote_id in ids if remote_id)
