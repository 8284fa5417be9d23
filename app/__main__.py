"""Entry point: the command line, and the desktop program without a command."""

from __future__ import annotations

import multiprocessing
import sys


def main() -> None:
    """Run `seongmun`."""
    multiprocessing.freeze_support()
    from app.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
