"""What a sandbox can be told when it starts."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integrations.sandbox.closed_periods import is_month
from integrations.sandbox.pms_behaviour import BY_SLUG

CONTRACTS = ("both", "unified", "v1")
DEFAULT_DATA_DIR = Path(__file__).resolve().parents[2] / "var" / "sandbox"
_LONGEST_RETRY = 24 * 3600


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """Where a sandbox listens, what its world is made from and how it behaves.

    Shape: `pms` are slugs of PMSs that have a connection of their own beside the default ones.
    Units: `rate_limit` in requests per minute and API key; `units` per property; `webhook_retry`
        in seconds until an event that was not taken is sent again, None for the contracts' times;
        `job_seconds` is how long a write job of contract v1 is pending at least;
        `closed_through` a month like 2026-03, None for none.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8900
    seed: int = 1
    properties: int = 3
    units: int = 48
    rate_limit: int = 1000
    refuse_duplicates: bool = False
    contract: str = "both"
    pms: tuple[str, ...] = ()
    refuse_freshness: bool = False
    job_seconds: float = 0
    webhook_retry: float | None = None
    closed_through: str | None = None
    slow_down: bool = False
    fresh: bool = False
    verbose: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line options."""
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=_number(0, 65535), default=8900, help="0 picks a free port")
    add("--data", type=Path, default=DEFAULT_DATA_DIR, help="directory for data and ledger")
    add("--fresh", action="store_true", help="forget data and ledger of earlier runs")
    add("--rate-limit", type=_number(1, 10**9), default=1000, help="requests per minute and key")
    add(
        "--slow-down",
        action="store_true",
        help="answer two seconds late from 80%% of the rate limit on, as production does",
    )
    add("--verbose", action="store_true", help="print one line per request")
    _add_world_arguments(parser)
    _add_contract_arguments(parser)


def _add_world_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--seed", type=_number(0, 2**31), default=1, help="same seed and sizes, same data")
    add("--properties", type=_number(1, 2000), default=3, help="how many properties")
    add("--units", type=_number(1, 2000), default=48, help="units per property")
    add(
        "--pms",
        type=_pms_words,
        default=(),
        metavar="WORD,…",
        help=(
            "add a connection for each PMS named, conn_WORD, with two small properties: prop_WORD"
            " and prop_WORD_off, which is not enabled. Words: all, " + ", ".join(BY_SLUG)
        ),
    )


def _add_contract_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--contract",
        choices=CONTRACTS,
        default="both",
        help=(
            "which API is spoken. With both, a collection that ends in a slash is v1, and a single"
            " record is v1 when the key begins with px_test_v1_ or the query has limit, offset or"
            " order-by (default: %(default)s)"
        ),
    )
    add(
        "--duplicates",
        choices=("take", "refuse"),
        default="take",
        help=(
            "a second charge with the same unit, code and date: take it, as most PMSs do, or"
            " refuse it. Some PMSs refuse a repeated reference in any case"
        ),
    )
    add(
        "--job-seconds",
        type=_seconds,
        default=0.0,
        metavar="SECONDS",
        help="how long a write job of v1 is pending at least (default: as often as its PMS says)",
    )
    add(
        "--refuse-freshness",
        action="store_true",
        help="let v1 refuse updated_at_gte, last_seen_gte and their like with 400",
    )
    add(
        "--closed-through",
        type=_month,
        metavar="YYYY-MM",
        help="let every property refuse charges into this accounting month and those before it",
    )
    add(
        "--webhook-retry",
        type=_seconds,
        metavar="SECONDS",
        help="send again after so long (default: 5 and doubling for unified, 15 minutes for v1)",
    )


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
        contract=parsed["contract"],
        pms=parsed["pms"],
        refuse_freshness=parsed["refuse_freshness"],
        job_seconds=parsed["job_seconds"],
        webhook_retry=parsed["webhook_retry"],
        closed_through=parsed["closed_through"],
        slow_down=parsed["slow_down"],
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


def _pms_words(text: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if words == ("all",):
        return tuple(BY_SLUG)
    unknown = [word for word in words if word not in BY_SLUG]
    if unknown:
        raise argparse.ArgumentTypeError(f"does not know {', '.join(unknown)}")
    return words


def _month(text: str) -> str:
    if not is_month(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a month like 2026-03")
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    # Not the other way round, so that NaN is refused too.
    if not 0 <= seconds <= _LONGEST_RETRY:
        raise argparse.ArgumentTypeError(f"must be between 0 and {_LONGEST_RETRY}")
    return seconds
