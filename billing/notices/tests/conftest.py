from __future__ import annotations

import pytest

from conftest import Cast
from portfolios.models import User


@pytest.fixture
def mailable(cast: Cast) -> Cast:
    """Give everybody an address."""
    for user in User.objects.all():
        user.email = f"{user.username}@example.com"
        user.save()
    for name in ("manager", "accountant", "viewer", "stranger"):
        getattr(cast, name).refresh_from_db()
    return cast
