"""A secret key for an installation that was given none."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def read_or_create_secret_key(folder: Path) -> str:
    """Read the installation's own secret key, making it the first time.

    Effects: writes `secret_key` in the folder, readable by its owner only.
    """
    path = folder / "secret_key"
    draft = folder / f"secret_key.{os.getpid()}"
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64), encoding="ascii")
        try:
            # A link, unlike a rename, never replaces the key that another process has just made.
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii")
