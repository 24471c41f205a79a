"""What a sandbox can be told when it starts."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_DATA_DIR = Path(__file__).resolve().parents[2] / "var" / "sandbox"


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """Where a sandbox listens, what its world is made from and how it behaves.

    Units: `rate_limit` in requests per minute and API key; `units` per property.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8900
    seed: int = 1
    properties: int = 3
    units: int = 48
    rate_limit: int = 1000
    refuse_duplicates: bool = False
    fresh: bool = False
    verbose: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line options."""
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=_number(0, 65535), default=8900, help="0 picks a free port")
    add("--data", type=Path, default=DEFAULT_DATA_DIR, help="directory for data and ledger")
    add("--seed", type=_number(0, 2**31), default=1, help="same seed and sizes, same data")
    add("--properties", type=_number(1, 500), default=3, help="how many properties")
    add("--units", type=_number(1, 2000), default=48, help="units per property")
    add("--rate-limit", type=_number(1, 10**9), default=1000, help="requests per minute and key")
    add(
        "--duplicates",
        choices=("take", "refuse"),
        default="take",
        help="what happens to a second charge with the same unit, code and date",
    )
    add("--fresh", action="store_true", help="forget data and ledger of earlier runs")
    add("--verbose", action="store_true", help="print one line per request")


def options_from(parsed: Mapping[str, Any]) -> SandboxOptions:
    """Turn parsed command line options into typed ones."""
    return SandboxOptions(
        data_dir=parsed["data"],
        host=parsed["host"],
        port=parsed["port"],
        seed=parsed["seed"],
        properties=parsed["properties"],
        units=parsed["units"],
        rate_limit=parsed["rate_limit"],
        refuse_duplicates=parsed["duplicates"] == "refuse",
        fresh=parsed["fresh"],
        verbose=parsed["verbose"],
    )


def _number(smallest: int, largest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if not smallest <= number <= largest:
            raise argparse.ArgumentTypeError(f"must be between {smallest} and {largest}")
        return number

    return parse
