"""Tiny programs that stand for the real ones on the PATH."""

from __future__ import annotations

from pathlib import Path


def write_program(path: Path, script: str) -> Path:
    """Write a script that can be run and return its path."""
    path.write_text(script)
    path.chmod(0o755)
    return path
