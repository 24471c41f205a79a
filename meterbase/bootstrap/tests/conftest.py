from __future__ import annotations

from pathlib import Path

import pytest

from meterbase.bootstrap.system import CHROMIUM_VARIABLE


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv(CHROMIUM_VARIABLE, raising=False)
    return folder
