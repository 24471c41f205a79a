"""Run the sandbox without Django: python -m integrations.sandbox --port 8900."""

from __future__ import annotations

import argparse
import sys

from integrations.sandbox.options import add_arguments, options_from
from integrations.sandbox.server import serve


def main() -> int:
    """Serve until a signal stops it; return the exit status."""
    parser = argparse.ArgumentParser(prog="sandbox", description="A stand-in for Propexo.")
    add_arguments(parser)
    return serve(options=options_from(vars(parser.parse_args())))


if __name__ == "__main__":
    sys.exit(main())
